"""The Training page: runs at the left; a run's form before its start, its curves after; several compared."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.training_acts import TrainingActs
from facekd_ui.pages.training_compare import CompareView
from facekd_ui.pages.training_form import TrainingForm
from facekd_ui.pages.training_list import RunsList
from facekd_ui.pages.training_missing import TrainingMissing
from facekd_ui.pages.training_run import RunView
from facekd_ui.services.training import Teachers
from facekd_ui.services.training_child import has_torch
from facekd_ui.services.training_crops import OwnPeople
from facekd_ui.services.training_describe import describe, devices
from facekd_ui.services.training_drafts import Described, Draft, from_run, new_draft
from facekd_ui.services.training_hints import Hint
from facekd_ui.services.training_runs import ACTIVE, Run, RunState, write_about
from facekd_ui.shell.actions import action, button_for
from facekd_ui.theme.theme import px
from facekd_ui.widgets.banners import EmptyState, ErrorState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import IconButton, Line
from facekd_ui.workers.task import Progress
from facekd_ui.workers.training_runs import TrainingRuns

log = logging.getLogger(__name__)
LIST, NARROW_LIST, NARROW_BELOW = 272, 232, 1260
SKELETON_MS = 600


class TrainingPage(QWidget):
    """For engineers.

    Args:
        runs: those of the session, which go on when the page is left; None: the page has its own.
        measures: whether the form begins a warm-up by itself.
    """

    def __init__(
        self, context: PageContext, runs: TrainingRuns | None = None, *, measures: bool = True
    ) -> None:
        super().__init__()
        self._context = context
        training = context.services.training
        self._own = runs is None
        self.runs = runs or TrainingRuns(training, context.store, context.work, self)
        self.described: Described | None = None
        self._teachers, self._people = Teachers((), ()), OwnPeople(0, 0)
        self._devices: list[dict[str, Any]] = []
        self._wanted: Path | None = None  # shown as soon as the list has it
        self._editing: Path | None = None  # the folder of the draft in the form
        self.acts = TrainingActs(self, context, self.runs)
        self._make_actions()
        self.list = RunsList(button_for(self.new_action, "primary"), button_for(self.compare_action))
        start, save = button_for(self.start_action, "primary"), button_for(self.save_action)
        self._start_button = start
        more = IconButton("more", T("More about this run"), quiet=False)
        more.clicked.connect(lambda: self.acts.menu(self.list.run, more, self.duplicate_action))
        self.form = TrainingForm(context, start, save, measures=measures)
        self.view = RunView(self.pause_action, self.stop_action, more, context.work)
        self.compared = CompareView(context)
        self.missing = TrainingMissing()
        self.error = ErrorState()
        self._skeleton = Skeleton(6, photos=False)
        self._empty = EmptyState(
            "flask",
            T("No run yet"),
            T("Teach a small recogniser from a large one. A quick check takes about five minutes."),
            button_for(self.new_action, "primary", T("New run")),
        )
        self._patience = QTimer(self, singleShot=True, interval=SKELETON_MS)
        self._patience.timeout.connect(lambda: self._stack.setCurrentWidget(self._skeleton))
        self._lay_out()
        self._connect()
        self._allow()

    # -- for the window

    def opened(self) -> None:
        """The page is shown."""
        if not has_torch():
            self._outer.setCurrentWidget(self.missing)
            return
        self._outer.setCurrentWidget(self._inner)
        self.runs.begin()
        if self.described is None:
            self._ask_trainer()
        if self._stack.currentWidget() is self.view and self.list.run is not None:
            self.view.show_run(self.list.run)

    def left(self) -> None:
        """Another page is shown; a run goes on."""
        self.view.left()

    def shut_down(self) -> None:
        """The session ends; a run goes on by itself."""
        self._patience.stop()
        self.form.shut_down()
        self.view.shut_down()
        self.missing.shut_down()
        if self._own:
            self.runs.shut_down()

    def show_what(self, what: object) -> None:
        """The folder of a run."""
        if isinstance(what, Path):
            self._wanted = what
            self._show_list()

    # -- made of

    def _make_actions(self) -> None:
        self.new_action = action(self, T("New run"), self.new, "Ctrl+N", "plus")
        self.start_action = action(self, T("Start"), self._start, "Ctrl+Return", "play")
        self.save_action = action(self, T("Save draft"), self._save, "Ctrl+S", "file")
        self.duplicate_action = action(self, T("Duplicate"), self._duplicate, "Ctrl+D", "copy")
        self.pause_action = action(self, T("Pause"), self.runs.pause, "Space", "pause")
        self.stop_action = action(self, T("Stop…"), lambda: self.acts.stop(self.list.run), "", "stop")
        self.log_action = action(self, T("Open log"), lambda: self.view.open_log(), "L", "book")
        self.compare_action = action(self, T("Compare runs…"), self._compare, "Ctrl+Shift+C", "compare")
        self.delete_action = action(
            self, T("Delete…"), lambda: self.acts.delete(self.list.run), "Del", "trash"
        )

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        for widget in (self._skeleton, self._empty, self.form, self.view, self.compared, self.error):
            self._stack.addWidget(widget)
        self._inner = QWidget()
        row = QHBoxLayout(self._inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.list.setFixedWidth(px(LIST))
        row.addWidget(self.list)
        row.addWidget(Line(standing=True))
        row.addWidget(self._stack, 1)
        self._outer = QStackedWidget()
        self._outer.addWidget(self._inner)
        self._outer.addWidget(self.missing)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._outer)

    def _connect(self) -> None:
        self.runs.changed.connect(self._show_list)
        self.runs.finished.connect(self._tell_end)
        self.runs.failed.connect(lambda error: self._context.fail(error))
        self.list.chosen.connect(self._chosen)
        self.form.changed.connect(self._allow)
        self.view.acted.connect(self._act)
        self.view.hinted.connect(self._keep_hint)
        self.compared.send_asked.connect(self.acts.send)
        self.compared.seeds_asked.connect(self._queue_seeds)
        self.missing.installed.connect(self.opened)
        self.error.retry.connect(self._ask_trainer)
        self.acts.made.connect(self._made)

    # -- what the trainer says

    def _ask_trainer(self) -> None:
        """Its description takes seconds the first time; the list is there meanwhile."""
        training = self._context.services.training
        home = training.home

        def asked(progress: Progress) -> Described:
            return describe(home, lambda: progress.is_cancelled)

        self._patience.start()
        self._context.work.run(asked, self._described, self._not_described)
        self._context.ask(training.teachers, self._take_teachers)
        self._context.ask(training.own_people, self._take_people)

    def _described(self, found: Described) -> None:
        self._patience.stop()
        self.described = found
        self._allow()
        if self._stack.currentWidget() is self._skeleton:
            self._show_chosen()
        home = self._context.services.training.home
        self._context.work.run(
            lambda progress: devices(home, lambda: progress.is_cancelled),
            self._take_devices,
            lambda error: log.info("%s", error),
        )

    def _not_described(self, error: Exception) -> None:
        self._patience.stop()
        self.error.show_error(
            T("The trainer does not start"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)

    def _take_teachers(self, found: Teachers) -> None:
        self._teachers = found
        self._refresh_form()

    def _take_people(self, found: OwnPeople) -> None:
        self._people = found
        self.form.pictures.show_own(found)

    def _take_devices(self, found: list[dict[str, Any]]) -> None:
        self._devices = found
        self.form.show_devices(found)

    def _refresh_form(self) -> None:
        if self._stack.currentWidget() is self.form and self.described is not None:
            self.form.teachers.show_draft(self.form.draft, self.described, self._teachers)

    # -- the list

    def _show_list(self) -> None:
        self.list.show_runs(self.runs.runs)
        if self._wanted is not None and self.runs.find(self._wanted) is not None:
            wanted, self._wanted = self._wanted, None
            self.list.choose(wanted)
        elif (
            self.list.run is None
            and self.runs.runs
            and self._stack.currentWidget() in (self._skeleton, self._empty)
        ):
            self.list.choose(self.runs.runs[0].folder)
        elif self._stack.currentWidget() is self.view and self.list.run is not None:
            self.view.show_run(self.list.run)
        elif not self.runs.runs and self._stack.currentWidget() is not self.form:
            self._show_chosen()
        elif self._stack.currentWidget() is self.form and self._editing is not None:
            self._left_draft()
        self._allow()

    def _left_draft(self) -> None:
        """The draft in the form has begun: its curves are shown instead."""
        run = self.runs.find(self._editing) if self._editing is not None else None
        if run is not None and run.state is not RunState.DRAFT and self.list.run is run:
            self._show_run(run)

    def _chosen(self, _run: object) -> None:
        self._show_chosen()

    def _show_chosen(self) -> None:
        run = self.list.run
        if run is None:
            if not self.runs.runs:
                self._stack.setCurrentWidget(self._empty)
        elif run.state is RunState.DRAFT:
            self._show_draft(run)
        else:
            self._show_run(run)
        self._allow()

    def _show_run(self, run: Run) -> None:
        self._editing = None
        self.view.show_run(run)
        self._stack.setCurrentWidget(self.view)
        self._allow()

    def _show_draft(self, run: Run) -> None:
        if self.described is None:
            return
        draft = from_run(run.config, self.described)
        about = run.about
        draft.title, draft.purpose, draft.own_people = about.title, about.purpose or "best", about.own_people
        self._open_form(draft, run)

    def _open_form(self, draft: Draft, run: Run | None) -> None:
        assert self.described is not None
        self._editing = run.folder if run is not None else None
        self.form.show_draft(draft, self.described, self._teachers, self._people, run)
        if self._devices:
            self.form.show_devices(self._devices)
        self._stack.setCurrentWidget(self.form)
        self._allow()

    # -- acts

    def new(self) -> None:
        """An empty form."""
        if self.described is not None:
            self.list.choose(None, quietly=True)
            draft = new_draft(self.described)
            if (teacher := next(iter(self._teachers.models), None)) is not None:
                draft.table["teacher"] = {"kind": "onnx", "path": str(teacher.path)}
            draft.own_people = self._people.people > 0
            self._open_form(draft, None)

    def _start(self) -> None:
        if self._stack.currentWidget() is not self.form:
            return
        if self.form.numbers.warnings and not self.acts.warned(self.form.draft):
            self.acts.ask_amber(self.form.draft, self.form.numbers.warnings, self._start)
            return
        self.form.submit(lambda draft: self.acts.save(draft, self._editing, starts=True))

    def _save(self) -> None:
        if self._stack.currentWidget() is self.form:
            self.acts.save(self.form.draft, self._editing, starts=False)

    def _made(self, run: Run) -> None:
        """A run was saved, duplicated or queued: it is shown when the list has it."""
        self._wanted = run.folder
        self.runs.look()

    def _duplicate(self) -> None:
        if (run := self.list.run) is not None and self.described is not None:
            self.acts.duplicate(run, self.described)

    def _queue_seeds(self, missing: tuple[tuple[Run, int], ...]) -> None:
        if self.described is not None:
            self.acts.queue_seeds(missing, self.described)

    def _compare(self) -> None:
        self._editing = None
        self.compared.show_runs(self.runs.runs, self.list.run)
        self._stack.setCurrentWidget(self.compared)
        self._allow()

    def _act(self, way: Any) -> None:
        run = self.list.run
        if run is None:
            return
        if way.act == "send":
            self.acts.send(run)
        elif way.act == "change" and self.described is not None:
            self.acts.duplicate(run, self.described)
        elif way.act == "unqueue":
            self.acts.unqueue(run)
        elif way.act == "resume":
            self.runs.start(run.folder, way.changes)

    def _keep_hint(self, hint: Hint) -> None:
        run = self.list.run
        if run is not None:
            shown = (*run.about.hints, hint.key)
            self._context.work.run(
                partial(_write_hints, run.folder, shown),
                lambda _about: None,
                lambda error: log.info("%s", error),
            )

    def _tell_end(self, run: Run) -> None:
        self.acts.tell_end(run)
        self._context.ask(self._context.services.training.teachers, self._take_teachers)

    def _allow(self) -> None:
        """What can be done now, and what the button of the form says."""
        shown, run = self._stack.currentWidget(), self.list.run
        ready = self.described is not None
        current = self.runs.current
        self.new_action.setEnabled(ready)
        in_form = shown is self.form and ready
        for each in (self.start_action, self.save_action):
            each.setEnabled(in_form)
        on_run = shown is self.view and run is not None
        active = on_run and run is not None and run.state in ACTIVE
        self.pause_action.setEnabled(active)
        self.stop_action.setEnabled(active)
        self.log_action.setEnabled(on_run)
        self.duplicate_action.setEnabled(run is not None and ready and not run.wrong)
        self.delete_action.setEnabled(run is not None and run.state not in ACTIVE)
        self.compare_action.setEnabled(any(one.value is not None for one in self.runs.runs))
        paused = run is not None and run.state is RunState.PAUSED
        self.view.pause_button.say(T("Go on") if paused else T("Pause"))
        self.view.pause_button.set_icon("play" if paused else "pause")
        busy = current is not None or bool(self.runs.waiting)
        word: Text = T("Add to queue") if busy else T("Start")
        self._start_button.say(word)
        self.acts.say_why(self.form, current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lists are narrower in small windows."""
        super().resizeEvent(event)
        self.list.setFixedWidth(px(NARROW_LIST if self.width() < NARROW_BELOW else LIST))
        self.form.fit(self._stack.width())


def _write_hints(folder: Path, shown: tuple[str, ...], _progress: object) -> object:
    return write_about(folder, hints=shown)
