"""The strip below the live picture: who just left, with a way to the records."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from facekd.types import State
from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.text import T
from facekd_ui.pages.live_here import GuestLine
from facekd_ui.pages.live_presence import Guest
from facekd_ui.theme.theme import px
from facekd_ui.widgets.badges import StateGlyph
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import ElidedLabel, Label

ENTRY = 136  # as wide as one is, with its gap


class JustNow(QFrame):
    """The last ones who left, newest first; as many as there is room for."""

    records_asked = Signal()

    def __init__(self, *, may_read: bool, parent: QWidget | None = None) -> None:
        """`may_read`: whether the role may open the records."""
        super().__init__(parent)
        self.setProperty("part", "card")
        self.setFixedHeight(px(76))
        self._shown: list[str] = []
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addStretch()
        head.addWidget(Label(T("Just now"), "strong"))
        everything = Button(T("All records"), "link")
        everything.clicked.connect(self.records_asked)
        everything.setVisible(may_read)
        head.addWidget(everything, 0, Qt.AlignmentFlag.AlignLeft)
        head.addStretch()
        self._nobody = Label(T("Whoever leaves the picture is shown here."), "small", "text.2")
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 0, 8, 0)
        across.setSpacing(24)
        across.addLayout(head)
        across.addWidget(self._nobody)
        across.addLayout(self._row)
        across.addStretch()

    def show_guests(self, lines: Sequence[tuple[GuestLine, Guest]]) -> None:
        """Drawn again only when somebody was added or the room changed."""
        room = max(1, (self.width() - 130) // ENTRY)
        keys = [f"{line.key} {guest.since.timestamp()} {line.name}" for line, guest in lines[:room]]
        if keys == self._shown:
            return
        self._shown = keys
        while (item := self._row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for line, guest in lines[:room]:
            self._row.addWidget(_entry(line, guest))
        self._nobody.setVisible(not keys)

    @property
    def count(self) -> int:
        """How many are shown."""
        return len(self._shown)


def _entry(line: GuestLine, guest: Guest) -> QWidget:
    entry = QWidget()
    entry.setFixedWidth(ENTRY)
    row = QHBoxLayout(entry)
    row.setContentsMargins(0, 0, 8, 0)
    row.setSpacing(8)
    tile = FaceTile(44, T("Seen"))
    if guest.picture is not None:
        tile.show_photo(QPixmap.fromImage(to_qimage(guest.picture)))
    row.addWidget(tile)
    words = QVBoxLayout()
    words.setSpacing(1)
    words.addStretch()
    name = f"{line.name}?" if line.state is State.UNCERTAIN else line.name
    words.addWidget(ElidedLabel(name or T("Unknown"), "small"))
    when = QHBoxLayout()
    when.setSpacing(5)
    when.addWidget(StateGlyph(line.state, 12))
    when.addWidget(Label(clock(guest.last.astimezone()), "tiny", "text.2"), 1)
    words.addLayout(when)
    words.addStretch()
    row.addLayout(words, 1)
    return entry
