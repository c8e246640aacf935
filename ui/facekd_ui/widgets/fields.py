"""Fields: search, password, choice, and the form row that gives a field its label, help and error."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme import icons
from facekd_ui.theme.theme import px, set_icon, set_type, set_variant, tokens
from facekd_ui.widgets.labels import IconLabel, KeyCap, Label

VALIDATE_MS = 300  # after the last letter


class Field(QLineEdit):
    """One line of text."""

    def __init__(self, hint: Text | str = "", *, large: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("density", "large" if large else "")
        set_type(self, "body")
        if hint:
            say(self, hint, "placeholderText")


class SearchField(Field):
    """Looks for something while one types; `searched` comes 300 ms after the last letter, Enter at once."""

    searched = Signal(str)

    def __init__(self, hint: Text, key: str = "Ctrl+F", parent: QWidget | None = None) -> None:
        super().__init__(hint, parent=parent)
        say(self, hint, "accessibleName")
        glass = QAction(self)
        set_icon(glass, "search", "text.2")
        self.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
        self._cap = KeyCap(key, self) if key else None
        if key:
            focus = QShortcut(QKeySequence(key), self)
            focus.setContext(Qt.ShortcutContext.WindowShortcut)
            focus.activated.connect(self._take_focus)
        self._wait = QTimer(self, singleShot=True, interval=VALIDATE_MS)
        self._wait.timeout.connect(self._tell)
        self._told = ""
        self.textChanged.connect(self._typed)
        self.returnPressed.connect(self._tell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties the field; an empty one lets Esc through."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._tell()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The key cap keeps to the right end."""
        super().resizeEvent(event)
        if self._cap is not None:
            size = self._cap.sizeHint()
            self._cap.setGeometry(
                self.width() - size.width() - 8,
                (self.height() - size.height()) // 2,
                size.width(),
                size.height(),
            )
            self.setTextMargins(0, 0, size.width() + 4, 0)

    def _take_focus(self) -> None:
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def _typed(self, text: str) -> None:
        if self._cap is not None:
            self._cap.setVisible(not text)
        self._wait.start()

    def _tell(self) -> None:
        self._wait.stop()
        if self.text() != self._told:
            self._told = self.text()
            self.searched.emit(self._told)


class PasswordField(Field):
    """A password with an eye to show it; `caps_lock` tells when Caps Lock seems to be on."""

    caps_lock = Signal(bool)

    def __init__(self, *, large: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(large=large, parent=parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._eye = QAction(self)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._show)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._show(shown=False)

    def _show(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        set_icon(self._eye, "eye-off" if shown else "eye", "text.2")
        say(self._eye, T("Hide the password") if shown else T("Show the password"), "toolTip")
        say(self._eye, T("Hide the password") if shown else T("Show the password"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """No platform tells of Caps Lock alike, but a capital letter without Shift gives it away."""
        letter = event.text()
        if len(letter) == 1 and letter.isalpha() and letter.lower() != letter.upper():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.caps_lock.emit(letter.isupper() != shift)
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nobody types here any more."""
        super().focusOutEvent(event)
        self.caps_lock.emit(False)


def paint_trailing(field: QWidget, icon: str) -> None:
    """An icon at the right end of a field; called within its `paintEvent`."""
    side = px(16)
    place = QRectF(field.width() - side - 9, (field.height() - side) / 2, side, side)
    painter = QPainter(field)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    icons.paint(painter, tokens(), icon, place, "text.2" if field.isEnabled() else "text.disabled")


class Choice(QComboBox):
    """One of a list. Options are key -> word; `chosen` gives the key."""

    chosen = Signal(str)

    def __init__(
        self, options: Mapping[str, Text | str], *, large: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("density", "large" if large else "")
        set_type(self, "body")
        # Its own delegate knows nothing of the stylesheet's rows: the list came out too low and hid its last ones.
        self.setItemDelegate(QStyledItemDelegate(self))
        self._options: dict[str, Text | str] = {}
        self.set_options(options)
        self.activated.connect(self._activated)

    @property
    def value(self) -> str:
        """The key of what is chosen."""
        return str(self.currentData())

    def choose(self, key: str) -> None:
        """Shows the option; no signal."""
        self.setCurrentIndex(list(self._options).index(key))

    def set_options(self, options: Mapping[str, Text | str]) -> None:
        """Other options; what was chosen stays if it is still there."""
        kept = self.currentData()
        self._options = dict(options)
        self.clear()
        for key, word in self._options.items():
            self.addItem(str(word), key)
        if kept in self._options:
            self.choose(str(kept))

    def retranslate(self) -> None:
        """The same options in the new language."""
        for row, word in enumerate(self._options.values()):
            self.setItemText(row, str(word))

    def sizeHint(self) -> QSize:
        """Room for the chevron."""
        return super().sizeHint() + QSize(10, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Stylesheets take the arrow away; it is drawn here."""
        super().paintEvent(event)
        paint_trailing(self, "chevron-down")

    def _activated(self, _row: int) -> None:
        self.chosen.emit(self.value)


class FormRow(QWidget):
    """A field with its label above and its help below; an error takes the place of the help.

    Args:
        label: a noun.
        field: any widget; lines of text are checked 300 ms after typing and on leaving.
        help_: one sentence where a newcomer would stop.
        check: the text of the field -> what is wrong with it, or None.
        optional: says so behind the label.
    """

    def __init__(
        self,
        label: Text,
        field: QWidget,
        help_: Text | str = "",
        *,
        check: Callable[[str], Text | None] | None = None,
        optional: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._help, self._check = help_, check
        self._error: Text | str | None = None
        title = Label(label, "label")
        title.setBuddy(field)
        say(field, label, "accessibleName")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(title)
        if optional:
            head.addWidget(Label(T("optional"), "small", "text.2"))
        head.addStretch()
        self._mark = IconLabel("error", "danger", 14)
        self._below = Label(help_, "small", "text.2", wrap=True)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self._below, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addSpacing(6)
        column.addWidget(field)
        self._gap = QWidget()
        self._gap.setFixedHeight(5)
        column.addWidget(self._gap)
        column.addLayout(foot)
        self._wait = QTimer(self, singleShot=True, interval=VALIDATE_MS)
        self._wait.timeout.connect(self.validate)
        if check is not None:
            if isinstance(field, QLineEdit | QPlainTextEdit):
                field.textChanged.connect(self._wait_for_more)
            field.installEventFilter(self)
        self._show()

    @property
    def text(self) -> str:
        """What stands in the field."""
        if isinstance(self.field, QPlainTextEdit):
            return self.field.toPlainText()
        return self.field.text() if isinstance(self.field, QLineEdit) else ""

    @property
    def error(self) -> Text | str | None:
        """What is wrong, as shown."""
        return self._error

    def validate(self) -> bool:
        """Runs the check now and shows what it says."""
        self._wait.stop()
        if self._check is not None:
            self.set_error(self._check(self.text))
        return self._error is None

    def set_error(self, error: Text | str | None) -> None:
        """Shows an error found elsewhere (the services), or none."""
        self._error = error
        self._show()

    def set_help(self, help_: Text | str) -> None:
        """Another sentence of help."""
        self._help = help_
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Checks on leaving, unless nothing was typed yet."""
        if event.type() == QEvent.Type.FocusOut and watched is self.field and (self.text or self._error):
            self.validate()
        return super().eventFilter(watched, event)

    def _wait_for_more(self) -> None:
        self._wait.start()

    def _show(self) -> None:
        faulty = self._error is not None
        words = self._error if self._error is not None else self._help
        self._mark.setVisible(faulty)
        self._below.setVisible(bool(words))
        self._gap.setVisible(bool(words))
        self._below.say(words)
        self._below.set_ink("danger" if faulty else "text.2")
        set_variant(self.field, "faulty", faulty)
        say(self.field, words, "accessibleDescription")
