"""What is done to several people at once: asked first, watched while it runs, taken back with Ctrl+Z."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from facekd_ui.i18n.formats import date as day_words
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import Told
from facekd_ui.pages.people_groups import GroupsSheet
from facekd_ui.pages.person_form import AGAINST_TIME, ConsentForm
from facekd_ui.pages.undoing import Undoing
from facekd_ui.services.crowd import CrowdDeletion, Outcome, Versioned
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.dates import DayField
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.sheets import WIDE, Question

People = Sequence[Versioned]
SHOWN_REFUSALS = 5


class CrowdActs(Undoing):
    """`changed()` comes after each act. `undo` takes the last one back where that is possible."""

    changed = Signal()

    # -- deleting

    def delete(self, people: People) -> None:
        """Asks with what goes and until when it can be undone."""
        crowd = self._context.services.crowd
        self._context.ask(lambda: crowd.deletion(people), lambda found: self._ask_delete(people, found))

    def _ask_delete(self, people: People, found: CrowdDeletion) -> None:
        sheet = Question(
            self._page,
            Tn("Delete {n} person?", "Delete {n} people?", found.people),
            T(
                "{photos} and the templates stop being used now. The records ({events}) stay, and lose the names when "
                "the people are erased. You can undo this until {day}.",
                photos=Tn("{n} photo", "{n} photos", found.photos),
                events=Tn("{n} record", "{n} records", found.events),
                day=day_words(found.undo_until.astimezone()),
            ),
            T("Delete"),
            danger=True,
        )
        sheet.accepted.connect(lambda: self._delete(people))
        self._show(sheet)

    def _delete(self, people: People) -> None:
        crowd = self._context.services.crowd

        def done(outcome: Outcome) -> None:
            words = Tn("{n} person deleted", "{n} people deleted", len(outcome.done))
            self._told(outcome, words, lambda: self.restore(outcome.done))

        self._run(lambda watch: crowd.delete(people, watch), done, T("Deleting people"))

    def restore(self, people: People) -> None:
        """Takes deletions back."""
        crowd = self._context.services.crowd

        def done(outcome: Outcome) -> None:
            self._told(
                outcome, Tn("{n} person is on file again", "{n} people are on file again", len(outcome.done))
            )

        self._run(lambda watch: crowd.restore(people, watch), done, T("Bringing people back"))

    # -- what they share

    def department(self, people: People) -> None:
        """Gives all of them one department."""
        sheet = Question(
            self._page,
            Tn("Department of {n} person", "Department of {n} people", len(people)),
            T("It replaces the one that each has. Empty: none."),
            T("Set the department"),
        )
        field = Field()
        field.setMaxLength(200)
        sheet.extra.addWidget(FormRow(T("Department"), field, optional=True))
        field.setFocus()
        sheet.accepted.connect(lambda: self._change(people, {"department": field.text().strip()}))
        self._show(sheet)

    def validity(self, people: People) -> None:
        """Gives all of them the same days."""
        sheet = Question(
            self._page,
            Tn("Validity of {n} person", "Validity of {n} people", len(people)),
            T("Outside these days nobody of them is recognised."),
            T("Set the validity"),
        )
        first = DayField(T("Valid from"), T("now"))
        last = DayField(T("Valid until"), T("no end"), date.today() + timedelta(days=365))
        row = FormRow(T("Valid until"), last)
        sheet.extra.addWidget(FormRow(T("Valid from"), first))
        sheet.extra.addWidget(row)

        def check() -> None:
            turned = first.day is not None and last.day is not None and last.day < first.day
            row.set_error(AGAINST_TIME if turned else None)
            sheet.act.setEnabled(not turned)

        first.changed.connect(check)
        last.changed.connect(check)
        sheet.accepted.connect(
            lambda: self._change(people, {"valid_from": first.day, "valid_until": last.day})
        )
        self._show(sheet)

    def _change(self, people: People, fields: dict[str, str | date | None]) -> None:
        crowd = self._context.services.crowd

        def back(outcome: Outcome) -> None:
            self._run(
                lambda watch: crowd.change_back(outcome, watch),
                lambda undone: self._told(undone, T("As before")),
                T("Changing people"),
            )

        def done(outcome: Outcome) -> None:
            words = Tn("{n} person changed", "{n} people changed", len(outcome.done))
            self._told(outcome, words, lambda: back(outcome))

        self._run(lambda watch: crowd.change(people, fields, watch), done, T("Changing people"))

    def groups(self, people: People, title: Text) -> None:
        """Opens the list of groups."""
        sheet = GroupsSheet(self._page, self._context, people, title)

        def changed(back: Callable[[], object]) -> None:
            def undo() -> None:
                self._run(
                    lambda _watch: back(), lambda _none: self._said(T("As before")), T("Changing groups")
                )

            self._said(T("Groups changed"), undo)

        sheet.changed.connect(changed)
        self._show(sheet)

    def consent(self, people: People) -> None:
        """Records that all of them agreed to the same text."""
        sheet = Question(
            self._page,
            Tn("Record the consent of {n} person", "Record the consent of {n} people", len(people)),
            T("The text is kept word for word with the date and your name."),
            T("Record"),
            width=WIDE,
        )
        form = ConsentForm(self._context, several=True)
        sheet.extra.addWidget(form)
        sheet.act.setEnabled(False)
        form.agreed.toggled.connect(sheet.act.setEnabled)
        crowd = self._context.services.crowd

        def done(outcome: Outcome) -> None:
            self._told(outcome, Tn("{n} consent recorded", "{n} consents recorded", len(outcome.done)))

        def go() -> None:
            consent = form.consent("")
            if consent is not None:
                self._run(
                    lambda watch: crowd.give_consent(people, consent, watch), done, T("Recording consents")
                )

        sheet.accepted.connect(go)
        self._show(sheet)

    # -- taking along

    def export(self, people: People) -> None:
        """Asks for a file and writes them into it."""
        name, _ = QFileDialog.getSaveFileName(
            self._page, str(T("Save people as a list")), "people.xlsx", "*.xlsx *.csv"
        )
        if name:
            self.export_to(people, Path(name))

    def export_to(self, people: People, path: Path) -> None:
        """Writes a list of people."""
        crowd = self._context.services.crowd

        def done(count: int) -> None:
            if count:
                words = Tn("{n} person saved in {file}", "{n} people saved in {file}", count, file=path.name)
                self._context.toasts.show(words)

        self._context.work.run(
            lambda progress: crowd.export(path, people, Told(progress)),
            done,
            self._context.fail,
            over=self._page,
            title=T("Saving people"),
        )

    # -- how it is told

    def _run(self, work: Callable[[Told], object], done: Callable[..., object], title: Text) -> None:
        self._context.work.run(
            lambda progress: work(Told(progress)), done, self._context.fail, over=self._page, title=title
        )

    def _told(self, outcome: Outcome, words: Text, undo: Callable[[], None] | None = None) -> None:
        if outcome.done:
            self._said(words, undo)
        else:
            self.changed.emit()
        if outcome.refused:
            sheet = Question(
                self._page,
                Tn(
                    "{n} person was left as they are",
                    "{n} people were left as they are",
                    len(outcome.refused),
                ),
                T("Somebody was quicker. Load again and decide anew."),
                T("Understood"),
            )
            sheet.cancel.hide()
            for why in outcome.refused[:SHOWN_REFUSALS]:
                sheet.extra.addWidget(Banner("warning", why))
            self._show(sheet)

    def _said(self, words: Text, undo: Callable[[], None] | None = None) -> None:
        self._undo = undo
        act = None if undo is None else (T("Undo"), self.undo)
        self._context.toasts.show(words, action=act, key="Ctrl+Z" if undo is not None else "")
        self.changed.emit()

    def _show(self, sheet: Question | GroupsSheet) -> None:
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
