"""The fields of a person, for adding and for editing, and the consent that belongs to them."""

from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.records import Person, PersonFields
from facekd_ui.i18n.text import T, Text, current_language
from facekd_ui.pages.context import PageContext
from facekd_ui.services.people import GivenConsent
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.dates import DayField
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.labels import Label

AGAINST_TIME = T("The last day lies before the first")


class PersonForm(QWidget):
    """Name, code, department, validity, note."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.code, self.department, self.note = Field(), Field(), Field(), Field()
        self.valid_from = DayField(T("Valid from"), T("now"))
        self.valid_until = DayField(T("Valid until"), T("no end"), date.today() + timedelta(days=365))
        self.name.setMaxLength(200)
        self.department.setMaxLength(200)
        self.code.setMaxLength(100)
        self.note.setMaxLength(2000)
        self.code_row = FormRow(T("Code"), self.code, optional=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(FormRow(T("Name"), self.name))
        column.addLayout(_pair(self.code_row, FormRow(T("Department"), self.department, optional=True)))
        self.until_row = FormRow(T("Valid until"), self.valid_until)
        column.addLayout(_pair(FormRow(T("Valid from"), self.valid_from), self.until_row))
        column.addWidget(FormRow(T("Note"), self.note, optional=True))
        for field in (self.name, self.code, self.department, self.note):
            field.textChanged.connect(self.changed)
        for day in (self.valid_from, self.valid_until):
            day.changed.connect(self._days_changed)

    @Slot()
    def _days_changed(self) -> None:
        self.until_row.set_error(AGAINST_TIME if self._days_are_turned else None)
        self.changed.emit()

    @property
    def _days_are_turned(self) -> bool:
        first, last = self.valid_from.day, self.valid_until.day
        return first is not None and last is not None and last < first

    def show_person(self, person: Person) -> None:
        """Fills the fields."""
        fields = person.fields
        self.name.setText(fields.name)
        self.code.setText(fields.code or "")
        self.department.setText(fields.department)
        self.note.setText(fields.note)
        self.valid_from.set_day(fields.valid_from)
        self.valid_until.set_day(fields.valid_until)
        self._days_changed()

    def clear(self) -> None:
        """All empty."""
        for field in (self.name, self.code, self.department, self.note):
            field.clear()
        self.valid_from.set_day(None)
        self.valid_until.set_day(None)
        self._days_changed()

    @property
    def why_not(self) -> Text | None:
        """What is missing or wrong."""
        if not self.name.text().strip():
            return T("Write a name")
        return AGAINST_TIME if self._days_are_turned else None

    def fields(self) -> PersonFields:
        """What was written; ask `why_not` first."""
        return PersonFields(
            name=self.name.text().strip(),
            code=self.code.text().strip() or None,
            department=self.department.text().strip(),
            note=self.note.text().strip(),
            valid_from=self.valid_from.day,
            valid_until=self.valid_until.day,
        )


def _pair(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(left, 1, Qt.AlignmentFlag.AlignTop)
    row.addWidget(right, 1, Qt.AlignmentFlag.AlignTop)
    return row


class ConsentForm(QWidget):
    """The text that is agreed to, who agrees, and the tick."""

    changed = Signal()

    def __init__(
        self,
        context: PageContext,
        *,
        several: bool = False,
        purpose: str = "recognition",
        parent: QWidget | None = None,
    ) -> None:
        """`several`: it is asked for more than one person at once. `purpose`: or "training"."""
        super().__init__(parent)
        self._context, self._purpose = context, purpose
        self._body, self._language = "", "en"
        self._text = Label("", "small", "text.2", wrap=True)
        self.agreed = check_box(
            T("Each of them has read this and agrees")
            if several
            else T("The person has read this and agrees")
        )
        self.by = Field()
        self._by_row = FormRow(
            T("Agreed by"),
            self.by,
            T("Left empty: each person. Somebody who may agree for all of them otherwise.")
            if several
            else T("Left empty: the person. A guardian otherwise."),
            optional=True,
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

        self._context.ask(lambda: self._context.services.shared.consent_text(language, self._purpose), show)

    def retranslate(self) -> None:
        """Another language has another text."""
        if current_language() != self._language:
            self.load()

    def consent(self, name: str) -> GivenConsent | None:
        """What was agreed to; None without the tick."""
        if not self.agreed.isChecked() or not self._body:
            return None
        given_by = self.by.text().strip() or name
        return GivenConsent(self._language, self._body, given_by, datetime.now(UTC), self._purpose)
