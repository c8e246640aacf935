"""The column of faces beside a picture: heading with counts by state, entries below each other, a note."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd.types import State
from facekd_ui.i18n.text import Text
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label

COUNTED = (State.KNOWN, State.UNCERTAIN, State.UNKNOWN)


class GuestColumn(Panel):
    """Put entries into `entries`; `note` stands below them."""

    def __init__(self, heading: Text, note: Text | str = "", parent: QWidget | None = None) -> None:
        super().__init__("surface", parent)
        self._badges = {state: StateBadge(state, "0") for state in COUNTED}
        head = QHBoxLayout()
        head.setContentsMargins(16, 17, 16, 17)
        head.setSpacing(14)
        head.addWidget(Label(heading, "section"))
        head.addStretch()
        for badge in self._badges.values():
            head.addWidget(badge)
        self.show_counts({})
        self.note = Label(note, "body", "text.2", wrap=True)
        self.entries = QVBoxLayout()
        self.entries.setSpacing(0)
        inner = Panel("surface")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        below = QVBoxLayout()
        below.setContentsMargins(16, 14, 16, 14)
        below.addWidget(self.note)
        column.addLayout(self.entries)
        column.addLayout(below)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self.whole = QVBoxLayout(self)
        self.whole.setContentsMargins(0, 0, 0, 0)
        self.whole.setSpacing(0)
        self.whole.addLayout(head)
        self.whole.addWidget(Line())
        self.whole.addWidget(scroll, 1)

    def show_counts(self, counts: Mapping[State, int]) -> None:
        """How many there are of each state; none is not shown."""
        for state, badge in self._badges.items():
            badge.show_state(state, str(counts.get(state, 0)))
            badge.setVisible(counts.get(state, 0) > 0)

    def drop(self, entry: QWidget) -> None:
        """Takes an entry out."""
        self.entries.removeWidget(entry)
        entry.hide()
        entry.deleteLater()
