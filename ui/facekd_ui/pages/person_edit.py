"""Changing what is written of somebody, also when another desk was quicker."""

from dataclasses import fields
from datetime import date

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from facekd_db.errors import Conflict
from facekd_db.records import Person, PersonFields
from facekd_ui.i18n.formats import date as day_words
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person_form import PersonForm
from facekd_ui.tables.people import as_moment
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet

WORDS: dict[str, Text] = {
    "name": T("Name"),
    "code": T("Code"),
    "department": T("Department"),
    "note": T("Note"),
    "valid_from": T("Valid from"),
    "valid_until": T("Valid until"),
}


class EditSheet(Sheet):
    """Changes name, code, department, note and validity. `changed(person)` comes when it is stored.

    When somebody else changed the person meanwhile, both versions are named: keep theirs, or keep mine over it.
    """

    changed = Signal(object)
    theirs = Signal(int)  # nothing was stored here; somebody else's version counts

    def __init__(self, parent: QWidget, context: PageContext, person: Person) -> None:
        super().__init__(parent, T("Edit {name}", name=person.name), WIDE)
        self._context, self._person = context, person
        self.form = PersonForm()
        self.form.show_person(person)
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.save = Button(T("Save"), "primary", tip=T("Save"), key="Ctrl+S")
        cancel = Button(T("Cancel"))
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(self.save)
        self.body.addWidget(Label(T("Edit {name}", name=person.name), "section"))
        self.body.addWidget(self.banner)
        self.body.addWidget(self.form)
        self.body.addSpacing(8)
        self.body.addLayout(foot)
        cancel.clicked.connect(self.reject)
        self.save.clicked.connect(self._save)
        self.form.name.setFocus()

    @Slot()
    def _save(self) -> None:
        why = self.form.why_not
        if why is not None:
            self._say(why)
            return
        fields_, person = self.form.fields(), self._person
        self.save.setEnabled(False)
        self._context.ask(
            lambda: self._context.services.people.change(person.id, fields_, person.version),
            self._saved,
            self._failed,
            over=self,
        )

    def _saved(self, person: Person) -> None:
        self.changed.emit(person)
        self.accept()

    def _failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        self._say(explain(error))
        if isinstance(error, Conflict):
            people, key = self._context.services.people, self._person.id
            self._context.ask(lambda: people.get(key).person, lambda now: self._offer(error, now), over=self)

    def _offer(self, error: Conflict, theirs: Person) -> None:
        """Another desk was quicker: names what it wrote, and lets one decide. Nothing to decide for a taken code."""
        if theirs.version == self._person.version:
            return

        def keep_theirs() -> None:
            self.theirs.emit(theirs.id)
            self.reject()

        def keep_mine() -> None:
            self._person = theirs
            self._save()

        parts = differences(theirs.fields, self.form.fields())
        rest: Text | str = T("Theirs: {what}.", what=listed(parts)) if parts else ""
        self.banner.show_message(
            "danger", explain(error), rest, ((T("Keep theirs"), keep_theirs), (T("Keep mine"), keep_mine))
        )
        self.fit()

    def _say(self, words: Text | str) -> None:
        self.banner.show_message("danger", words, "", ())
        self.banner.show()
        self.fit()


def differences(theirs: PersonFields, mine: PersonFields) -> list[Text]:
    """ "Name: Ada", for each field that the two do not share."""
    found = []
    for each in fields(PersonFields):
        value = getattr(theirs, each.name)
        if value != getattr(mine, each.name):
            shown = day_words(as_moment(value)) if isinstance(value, date) else value
            found.append(T("{what}: {value}", what=WORDS[each.name], value=shown or T("nothing")))
    return found
