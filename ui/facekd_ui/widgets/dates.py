"""A day, or none: "no end" is a state of its own and never an empty text. Days are chosen in a calendar or typed."""

from datetime import date

from PySide6.QtCore import QDate, QEvent, QLocale, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPaintEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QDateEdit, QHBoxLayout, QSpinBox, QToolButton, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, current_language
from facekd_ui.theme.theme import px, set_icon, set_type, tokens
from facekd_ui.widgets.buttons import Button, IconButton
from facekd_ui.widgets.fields import paint_trailing

FIRST, LAST = QDate(1900, 1, 1), QDate(2199, 12, 31)
ARROWS = (
    ("qt_calendar_prevmonth", "chevron-left", T("The month before")),
    ("qt_calendar_nextmonth", "chevron-right", T("The month after")),
)
FORMATS = {"en": "d MMM yyyy", "zh_CN": "yyyy 年 M 月 d 日"}


class DayEdit(QDateEdit):
    """One day, with a calendar (Alt+Down) and in the order of the language in use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_type(self, "body")
        self.setCalendarPopup(True)
        self.setDateRange(FIRST, LAST)
        calendar = QCalendarWidget()
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        calendar.setGridVisible(False)
        self.setCalendarWidget(calendar)
        self.retranslate()

    def retranslate(self) -> None:
        """The same day in the language in use."""
        locale = QLocale(current_language())
        self.setLocale(locale)
        self.setDisplayFormat(FORMATS[current_language()])
        calendar = self.calendarWidget()
        calendar.setLocale(locale)
        calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other inks."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def sizeHint(self) -> QSize:
        """Room for the calendar's drawing."""
        return super().sizeHint() + QSize(px(14), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Stylesheets take the arrow away; a calendar is drawn in its place."""
        super().paintEvent(event)
        paint_trailing(self, "calendar")

    def _tint(self) -> None:
        """Weekends are days like others: Qt would write them in red, which means danger here."""
        calendar = self.calendarWidget()
        if calendar is None:
            return
        plain = QTextCharFormat()
        plain.setForeground(tokens().color("text"))
        for weekday in Qt.DayOfWeek:
            calendar.setWeekdayTextFormat(weekday, plain)
        for year in calendar.findChildren(QSpinBox):
            for part in (year, year.lineEdit()):
                say(part, T("Year"), "accessibleName")
        for name, icon, words in ARROWS:
            button = calendar.findChild(QToolButton, name)
            if button is not None:  # Qt's own arrows are black in every theme
                set_icon(button, icon, "text", 16)
                say(button, words, "accessibleName")


class DayField(QWidget):
    """A day or none. Without one it is a button that says so; `changed` comes with every other answer.

    Args:
        name: what the day is, for screen readers.
        none: what it means when there is none: T("no end").
        proposal: the day that the calendar opens with; None: today.
    """

    changed = Signal()

    def __init__(
        self, name: Text, none: Text, proposal: date | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._proposal = proposal
        self.choose = Button(none, "field", "calendar", tip=T("Choose a day"))
        self.edit = DayEdit()
        self.clear = IconButton("close", none)
        say(self.choose, T("{what}: {value}", what=name, value=none), "accessibleName")
        for part in (self.edit, self.edit.lineEdit()):
            say(part, name, "accessibleName")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget, stretch in ((self.choose, 1), (self.edit, 1), (self.clear, 0)):
            row.addWidget(widget, stretch)
        self.choose.clicked.connect(self._begin)
        self.clear.clicked.connect(self._end)
        self.edit.dateChanged.connect(self.changed)
        self.set_day(None)

    @property
    def day(self) -> date | None:
        """The day, or None."""
        if self.edit.isHidden():
            return None
        found = self.edit.date()
        return date(found.year(), found.month(), found.day())

    def set_day(self, day: date | None) -> None:
        """Shows a day or none; no signal."""
        self.edit.blockSignals(True)
        if day is not None:
            self.edit.setDate(QDate(day.year, day.month, day.day))
        self.edit.blockSignals(False)
        self.edit.setVisible(day is not None)
        self.clear.setVisible(day is not None)
        self.choose.setVisible(day is None)
        self.setFocusProxy(self.choose if day is None else self.edit)

    @Slot()
    def _begin(self) -> None:
        self.set_day(self._proposal or date.today())
        self.edit.setFocus(Qt.FocusReason.TabFocusReason)
        self.edit.setCurrentSection(QDateEdit.Section.DaySection)
        self.changed.emit()

    @Slot()
    def _end(self) -> None:
        self.set_day(None)
        self.choose.setFocus(Qt.FocusReason.TabFocusReason)
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete with Ctrl takes the day away, wherever in it the cursor is."""
        wanted = Qt.KeyboardModifier.ControlModifier | Qt.Key.Key_Delete
        if event.keyCombination() == wanted and self.day is not None:
            self._end()
        else:
            super().keyPressEvent(event)
