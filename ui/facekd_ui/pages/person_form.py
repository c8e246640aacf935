"""The fields of a person, for adding and for editing, and the consent that belongs to them."""

from datetime import UTC, date, datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.records import Person, PersonFields
from facekd_ui.i18n.text import T, Text, current_language
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.first_run_steps import check_box
from facekd_ui.services.people import GivenConsent
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet


def parse_day(words: str) -> date | None:
    """A day as 2026-12-31; None for nothing. Raises ValueError."""
    words = words.strip().replace("/", "-").replace(".", "-")
    return date.fromisoformat(words) if words else None


def _check_day(words: str) -> Text | None:
    try:
        parse_day(words)
    except ValueError:
        return T("A day as 2026-12-31, or nothing")
    return None


class PersonForm(QWidget):
    """Name, code, department, validity, note."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.code, self.department, self.note = Field(), Field(), Field(), Field()
        self.valid_from, self.valid_until = Field("2026-01-31"), Field("2026-12-31")
        self.name.setMaxLength(200)
        self.department.setMaxLength(200)
        self.code.setMaxLength(100)
        self.note.setMaxLength(2000)
        self._days = [
            FormRow(T("Valid from"), self.valid_from, check=_check_day, optional=True),
            FormRow(T("Valid until"), self.valid_until, check=_check_day, optional=True),
        ]
        self.code_row = FormRow(T("Code"), self.code, optional=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(FormRow(T("Name"), self.name))
        column.addLayout(_pair(self.code_row, FormRow(T("Department"), self.department, optional=True)))
        column.addLayout(_pair(*self._days))
        column.addWidget(FormRow(T("Note"), self.note, optional=True))
        for field in (self.name, self.code, self.department, self.note, self.valid_from, self.valid_until):
            field.textChanged.connect(self.changed)

    def show_person(self, person: Person) -> None:
        """Fills the fields."""
        fields = person.fields
        self.name.setText(fields.name)
        self.code.setText(fields.code or "")
        self.department.setText(fields.department)
        self.note.setText(fields.note)
        self.valid_from.setText(fields.valid_from.isoformat() if fields.valid_from else "")
        self.valid_until.setText(fields.valid_until.isoformat() if fields.valid_until else "")

    def clear(self) -> None:
        """All empty."""
        for field in (self.name, self.code, self.department, self.note, self.valid_from, self.valid_until):
            field.clear()

    @property
    def why_not(self) -> Text | None:
        """What is missing or wrong."""
        if not self.name.text().strip():
            return T("Write a name")
        if any(_check_day(row.text) is not None for row in self._days):
            return T("A day is not written as 2026-12-31")
        return None

    def fields(self) -> PersonFields:
        """What was written. Raises ValueError for a day that is none; ask `why_not` first."""
        return PersonFields(
            name=self.name.text().strip(),
            code=self.code.text().strip() or None,
            department=self.department.text().strip(),
            note=self.note.text().strip(),
            valid_from=parse_day(self.valid_from.text()),
            valid_until=parse_day(self.valid_until.text()),
        )


def _pair(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(left, 1)
    row.addWidget(right, 1)
    return row


class ConsentForm(QWidget):
    """The text that is agreed to, who agrees, and the tick."""

    changed = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._body, self._language = "", "en"
        self._text = Label("", "small", "text.2", wrap=True)
        self.agreed = check_box(T("The person has read this and agrees"))
        self.by = Field()
        self._by_row = FormRow(
            T("Agreed by"), self.by, T("Left empty: the person. A guardian otherwise."), optional=True
        )
        self._by_row.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._text)
        column.addWidget(self.agreed)
        column.addWidget(self._by_row)
        self.agreed.toggled.connect(self._by_row.setVisible)
        self.agreed.toggled.connect(self.changed)
        self.load()

    def load(self) -> None:
        """Reads the text in the language in use."""
        language = current_language()

        def show(body: str) -> None:
            self._body, self._language = body, language
            self._text.say(body)

        self._context.ask(lambda: self._context.services.shared.consent_text(language), show)

    def retranslate(self) -> None:
        """Another language has another text."""
        if current_language() != self._language:
            self.load()

    def consent(self, name: str) -> GivenConsent | None:
        """What was agreed to; None without the tick."""
        if not self.agreed.isChecked() or not self._body:
            return None
        return GivenConsent(self._language, self._body, self.by.text().strip() or name, datetime.now(UTC))


class EditSheet(Sheet):
    """Changes name, code, department, note and validity. `changed(person)` comes when it is stored."""

    changed = Signal(object)

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
        fields, person = self.form.fields(), self._person
        self.save.setEnabled(False)
        self._context.ask(
            lambda: self._context.services.people.change(person.id, fields, person.version),
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

    def _say(self, words: Text | str) -> None:
        self.banner.show_message("danger", words)
        self.banner.show()
