"""Messages in a page: banners above what they are about, empty places, and pages that failed."""

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import set_type, set_variant
from facekd_ui.widgets.buttons import Button, IconButton
from facekd_ui.widgets.labels import IconLabel, Label

Action = tuple[Text, Callable[[], object]]
_ICONS = {"info": "info", "success": "check", "warning": "warning", "danger": "error"}
_INKS = {"info": "accent", "success": "success", "warning": "warning", "danger": "danger"}


class Banner(QFrame):
    """Icon, a bold half-sentence, the rest, actions at the right.

    Args:
        kind: info, success, warning or danger.
        lead: the half-sentence that is read first.
        rest: the other half; may be empty.
        actions: word and function of small buttons.
        closable: shows an x; what must be seen until it is mended has none.
        stacked: the actions stand below the words, for narrow places.
    """

    closed = Signal()

    def __init__(
        self,
        kind: str,
        lead: Text | str,
        rest: Text | str = "",
        actions: Sequence[Action] = (),
        *,
        closable: bool = False,
        stacked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("part", "banner")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._icon = IconLabel(_ICONS[kind], _INKS[kind], 18)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setWordWrap(True)
        set_type(self._words, "body")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 8, 7)
        row.setSpacing(12)
        row.addWidget(self._icon)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        if stacked:
            self.setSizePolicy(_by_width(self.sizePolicy()))
            below = QHBoxLayout()
            below.addLayout(self._actions)
            below.addStretch()
            column = QVBoxLayout()
            column.addWidget(self._words)
            column.addLayout(below)
            row.addLayout(column, 1)
        else:
            row.addWidget(self._words, 1)
            row.addLayout(self._actions)
        if closable:
            cross = IconButton("close", T("Close the message"))
            cross.clicked.connect(self._close)
            row.addWidget(cross)
        self.setMinimumHeight(36)
        self.show_message(kind, lead, rest, actions)

    def show_message(
        self, kind: str, lead: Text | str, rest: Text | str = "", actions: Sequence[Action] | None = None
    ) -> None:
        """Another message in the same place; `actions` None keeps the buttons."""
        self._icon.show_icon(_ICONS[kind], _INKS[kind], 18)
        set_variant(self, "kind", kind)
        self._lead, self._rest = lead, rest
        if actions is not None:
            while (item := self._actions.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.hide()
                    old.deleteLater()
            for word, act in actions:
                button = Button(word, size="small")
                button.clicked.connect(lambda _checked=False, act=act: act())
                self._actions.addWidget(button)
        self.retranslate()

    def add_widget(self, widget: QWidget) -> None:
        """Something to look at between the words and the actions, such as a photograph."""
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        row.insertWidget(2, widget)

    def retranslate(self) -> None:
        """Bold half and rest in the language in use; names may hold "<"."""
        lead, rest = escape(str(self._lead)), escape(str(self._rest))
        self._words.setText(f"<span style='font-weight:600'>{lead}</span> {rest}".strip())
        self.setAccessibleName(f"{self._lead} {self._rest}".strip())

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


def _by_width(policy: QSizePolicy) -> QSizePolicy:
    """As high as the words need at the width that there is."""
    policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    return policy


def _centred(label: Label) -> QHBoxLayout:
    """In the middle, at most so wide; a row and not an alignment, because only then Qt asks for the height."""
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    label.setMinimumWidth(360)
    label.setMaximumWidth(560)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(label, 0)
    row.addStretch(1)
    return row


class EmptyState(QWidget):
    """An empty list: icon, heading, what this is for, one primary button and at most one more."""

    def __init__(
        self,
        icon: str,
        heading: Text,
        sentence: Text,
        primary: Button | None = None,
        secondary: Button | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(2)
        column.addWidget(IconLabel(icon, "text.2", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(10)
        column.addLayout(_centred(Label(heading, "section", wrap=True)))
        column.addSpacing(4)
        column.addLayout(_centred(Label(sentence, "body", "text.2", wrap=True)))
        column.addSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        for button in (primary, secondary):
            if button is not None:
                buttons.addWidget(button)
        buttons.addStretch()
        column.addSpacing(12)
        column.addLayout(buttons)
        column.addStretch(3)


class ErrorState(QWidget):
    """A page that failed: what failed, what still works, try again, copy the details."""

    retry = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details = ""
        self._lead = Label("", "section", wrap=True)
        self._rest = Label("", "body", "text.2", wrap=True)
        again = Button(T("Try again"), "primary", "refresh")
        again.clicked.connect(self.retry)
        copy = Button(T("Copy details"), icon="copy")
        copy.clicked.connect(self._copy)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(IconLabel("error", "danger", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(_centred(self._lead))
        column.addLayout(_centred(self._rest))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(again)
        row.addWidget(copy)
        row.addStretch()
        column.addSpacing(8)
        column.addLayout(row)
        column.addStretch(3)

    def show_error(self, lead: Text | str, rest: Text | str, details: str) -> None:
        """Shows another failure; `details` is what "Copy details" copies."""
        self._details = details
        self._lead.say(lead)
        self._rest.say(rest)
        say(self, lead, "accessibleName")

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._details)
