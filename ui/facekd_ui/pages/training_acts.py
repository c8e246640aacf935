"""What is done to runs: saved, started, duplicated, queued, stopped, deleted, sent to Models; each asked and told."""

from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.training_form import TrainingForm
from facekd_ui.services.training_drafts import Described, Draft, digest_of
from facekd_ui.services.training_ends import ending, name_of
from facekd_ui.services.training_fields import Problem
from facekd_ui.services.training_runs import ACTIVE, Run
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.sheets import Question
from facekd_ui.workers.training_runs import TrainingRuns


class TrainingActs(QObject):
    """Acts of the page. `made(run)`: there is a new run, or a changed draft."""

    made = Signal(object)

    def __init__(self, page: QWidget, context: PageContext, runs: TrainingRuns) -> None:
        super().__init__(page)
        self._page, self._context, self._runs = page, context, runs
        self._warned = ""

    # -- drafts

    def save(self, draft: Draft, folder: Path | None, *, starts: bool) -> None:
        """Keeps a draft, and starts it (or queues it behind the one that trains)."""
        training = self._context.services.training

        def done(run: Run) -> None:
            if starts:
                self._runs.start(run.folder)
            else:
                self._context.toasts.show(T("{run} saved as a draft", run=name_of(run)))
            self.made.emit(run)

        self._context.ask(lambda: training.save(draft, folder), done, over=self._page)

    def duplicate(self, run: Run, described: Described) -> None:
        """A new draft with the values of a run."""
        training = self._context.services.training
        self._context.ask(lambda: training.duplicate(run.folder, described), self.made.emit, over=self._page)

    def queue_seeds(self, missing: tuple[tuple[Run, int], ...], described: Described) -> None:
        """The same runs with other seeds, behind those that wait."""
        training = self._context.services.training

        def make() -> list[Run]:
            made = []
            for run, seed in missing:
                copy = training.duplicate(run.folder, described, {"budget": {"seed": seed}})
                made.append(training.queue(copy.folder, waits=True))
            return made

        def done(made: list[Run]) -> None:
            self._context.toasts.show(Tn("{n} run queued", "{n} runs queued", len(made)))
            self._runs.look()

        self._context.ask(make, done, over=self._page)

    def unqueue(self, run: Run) -> None:
        """Takes a run out of the queue."""
        training = self._context.services.training
        self._context.ask(lambda: training.queue(run.folder, waits=False), lambda _run: self._runs.look())

    # -- amber asks once

    def warned(self, draft: Draft) -> bool:
        """Whether the person has agreed to what was measured against these numbers."""
        return self._warned == digest_of(draft)

    def ask_amber(self, draft: Draft, warnings: list[Problem], again: object) -> None:
        """Says what was measured, and starts all the same if the person wants that."""
        sheet = Question(
            self._page,
            T("Start all the same?"),
            T("{why}. It may end at once; nothing else would be disturbed.", why=warnings[0].text),
            T("Start"),
        )

        def go() -> None:
            self._warned = digest_of(draft)
            if callable(again):
                again()

        sheet.accepted.connect(go)
        self._show(sheet)

    # -- runs

    def stop(self, run: Run | None) -> None:
        """Asks, then stops with a checkpoint."""
        if run is None or run.state not in ACTIVE:
            return
        sheet = Question(
            self._page,
            T("Stop {run}?", run=name_of(run)),
            T("It writes a checkpoint first and can go on from there at any time."),
            T("Stop"),
        )
        sheet.accepted.connect(self._runs.stop)
        self._show(sheet)

    def delete(self, run: Run | None) -> None:
        """Asks, then removes everything of a run."""
        if run is None or run.state in ACTIVE:
            return
        sheet = Question(
            self._page,
            T("Delete {run}?", run=name_of(run)),
            T(
                "Its numbers, curves, checkpoints and student are removed. Models that were sent stay. This cannot be "
                "undone."
            ),
            T("Delete"),
            danger=True,
        )
        training = self._context.services.training

        def done(_none: object) -> None:
            self._context.toasts.show(T("{run} deleted", run=name_of(run)))
            self._runs.look()

        sheet.accepted.connect(lambda: self._context.ask(lambda: training.delete(run.folder), done))
        self._show(sheet)

    def send(self, run: Run | None) -> None:
        """Copies the student to the models of this computer, and shows it there."""
        if run is None:
            return
        training = self._context.services.training

        def done(model: object) -> None:
            self._context.toasts.show(T("The student of {run} is among the models", run=name_of(run)))
            self._context.go("models", model)

        self._context.ask(lambda: training.send(run.folder), done, over=self._page)

    def menu(self, run: Run | None, button: Button, duplicate: QAction) -> None:
        """What is done seldom."""
        if run is None:
            return
        menu = Menu(self._page)
        menu.addAction(duplicate)
        entry = menu.add(T("Delete…"), lambda: self.delete(run), "trash", token="danger")
        entry.setEnabled(run.state not in ACTIVE)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    # -- words

    def tell_end(self, run: Run) -> None:
        """A toast for whoever looks at another page."""
        found = ending(run)
        if found is None:
            return
        good = found.kind in ("success", "info")
        self._context.toasts.show(
            T("{run}: {what}", run=name_of(run), what=found.lead) if not good else found.lead,
            icon="check" if good else "warning",
            token="success" if good else "warning",
            action=(T("Show"), lambda: self._context.go("training", run.folder)),
        )

    def say_why(self, form: TrainingForm, current: Run | None) -> None:
        """Above the button of the form: why it waits, or what is missing."""
        banner = form.side.banner
        fault = form.fault()
        if fault is not None:
            banner.show_message("warning", fault, "", ())
        elif current is not None:
            banner.show_message("info", self._busy_words(current), "", ())
        banner.setVisible(fault is not None or current is not None)

    def _busy_words(self, current: Run) -> Text:
        if current.seconds_left is None:
            return T("{run} is running. This one starts when it is done.", run=name_of(current))
        end = datetime.now().astimezone() + timedelta(seconds=current.seconds_left)
        return T(
            "{run} is running. This one starts when it is done, about {clock}.",
            run=name_of(current),
            clock=clock(end),
        )

    def _show(self, sheet: Question) -> None:
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
