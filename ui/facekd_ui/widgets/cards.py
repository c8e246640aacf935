"""Surfaces: cards, option cards with a radio, and rows of facts."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QRadioButton, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.theme.theme import set_type, set_variant
from facekd_ui.widgets.labels import IconLabel, Label


class Card(QFrame):
    """A white surface with a hairline. Put things into `body`; a card never lies in a card."""

    def __init__(
        self, heading: Text | str = "", right: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("part", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 14, 16, 14)
        self.body.setSpacing(8)
        if heading:
            row = QHBoxLayout()
            row.addWidget(Label(heading, "strong"))
            row.addStretch()
            if right is not None:
                row.addWidget(right)
            self.body.addLayout(row)


class OptionCard(QFrame):
    """One of a few large choices. The chosen one has a thicker line and the radio; nothing moves by it."""

    chosen = Signal()

    def __init__(
        self,
        title: Text,
        sentence: Text | str,
        icon: str | None = None,
        note: Text | str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("part", "option")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.radio = QRadioButton()
        self.radio.setAutoExclusive(False)
        say(self.radio, title, "accessibleName")
        say(self.radio, sentence, "accessibleDescription")
        row = QHBoxLayout(self)
        row.setContentsMargins(15, 15, 15, 15)
        row.setSpacing(10)
        row.addWidget(self.radio, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        if icon:
            head.addWidget(IconLabel(icon, "text", 20))
        head.addWidget(Label(title, "section"), 1)
        column.addLayout(head)
        column.addWidget(Label(sentence, "body", "text.2", wrap=True))
        if note:
            column.addWidget(Label(note, "small", "text.2", wrap=True))
        column.addStretch()
        row.addLayout(column, 1)
        self.radio.toggled.connect(self._toggled)
        self.radio.clicked.connect(self.choose)

    @property
    def is_chosen(self) -> bool:
        """Whether the radio is on."""
        return self.radio.isChecked()

    def choose(self) -> None:
        """Chooses this card."""
        self.set_chosen(chosen=True)
        self.chosen.emit()

    def set_chosen(self, *, chosen: bool) -> None:
        """Shows it as chosen or not; no signal."""
        self.radio.setChecked(chosen)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click anywhere chooses."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses; Space does so by the radio."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose()
        else:
            super().keyPressEvent(event)

    def _toggled(self, on: bool) -> None:
        set_variant(self, "chosen", on)


class OptionGroup:
    """Keeps exactly one of some option cards chosen."""

    def __init__(self, cards: dict[str, OptionCard], chosen: str) -> None:
        self._cards = cards
        for key, card in cards.items():
            card.chosen.connect(lambda key=key: self.choose(key))
        self.choose(chosen)

    @property
    def value(self) -> str:
        """The key of the chosen card."""
        return next(key for key, card in self._cards.items() if card.is_chosen)

    def choose(self, key: str) -> None:
        """Chooses a card and lets go of the others."""
        for other, card in self._cards.items():
            card.set_chosen(chosen=other == key)


_MARKS = {
    "ok": ("check", "success"),
    "warning": ("warning", "warning"),
    "danger": ("close", "danger"),
    "info": ("info", "accent"),
    "none": ("minus", "text.2"),
}


class FactRow(QWidget):
    """A fact with its outcome: mark, name, detail, and what to do about it at the right."""

    def __init__(
        self,
        mark: str,
        name: Text | str,
        detail: Text | str,
        right: QWidget | None = None,
        *,
        name_width: int = 180,
        parent: QWidget | None = None,
    ) -> None:
        """`mark`: ok, warning, danger, info or none."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._mark = IconLabel(*_MARKS[mark])
        self._name = Label(name, "medium")
        self._name.setMinimumWidth(name_width)
        self._detail = Label(detail, "body", "text.2", wrap=True)
        row.addWidget(self._mark)
        row.addWidget(self._name)
        row.addWidget(self._detail, 1)
        if right is not None:
            row.addWidget(right)

    def show_fact(self, mark: str, detail: Text | str) -> None:
        """Another outcome of the same fact."""
        self._mark.show_icon(*_MARKS[mark])
        self._detail.say(detail)


def key_values(rows: list[tuple[Text, Text | str]], key_width: int = 120) -> QLayout:
    """A column of small label and value pairs, as in the panels at the right."""
    column = QVBoxLayout()
    column.setSpacing(7)
    for key, value in rows:
        row = QHBoxLayout()
        row.setSpacing(0)
        name = Label(key, "small", "text.2")
        name.setFixedWidth(key_width)
        name.setAlignment(Qt.AlignmentFlag.AlignTop)
        row.addWidget(name)
        row.addWidget(Label(value, "small", wrap=True), 1)
        column.addLayout(row)
    return column


class Facts(QWidget):
    """A `key_values` column that is filled again and again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def show_rows(self, rows: list[tuple[Text, Text | str]]) -> None:
        """Other rows in the place of those before."""
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        shown, layout = QWidget(), key_values(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        shown.setLayout(layout)
        self._column.addWidget(shown)


class Panel(QWidget):
    """A plain area with the ground of a token: "surface", "sunken" or "bg"."""

    def __init__(self, ground: str = "surface", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("panel", ground)
        set_type(self, "body")
