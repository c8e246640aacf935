"""States and counts as shape, word and colour, in that order: print them in grey and nothing is lost."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.labels import Label

STATES: dict[str, tuple[str, Text]] = {
    "known": ("known", T("known")),
    "uncertain": ("uncertain", T("uncertain")),
    "unknown": ("unknown", T("unknown")),
    "watchlist": ("watchlist", T("watchlist")),
    "ignored": ("text.2", T("ignored")),
    "erased": ("text.2", T("erased")),
}
"""State of a face -> token of its colour, and its word. The glyph is the icon "state-NAME"."""


class StateGlyph(QWidget):
    """The shape of a face's state, 14 pixels; its accessible name is the word."""

    def __init__(self, state: str, size: int = 14, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_state(state)

    def show_state(self, state: str) -> None:
        """A key of `STATES`."""
        self._state = state
        say(self, STATES[state][1], "accessibleName")
        self.update()

    def sizeHint(self) -> QSize:
        """Grows with the text."""
        return QSize(px(self._size), px(self._size))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The icon in the state's colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = px(self._size)
        top = (self.height() - side) / 2
        icons.paint(
            painter, tokens(), f"state-{self._state}", QRectF(0, top, side, side), STATES[self._state][0]
        )


class StateBadge(QWidget):
    """Glyph and words: the state's own, or a name or count given."""

    def __init__(
        self, state: str, words: Text | str | None = None, role: str = "body", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(6))
        self._glyph = StateGlyph(state)
        self._label = Label(STATES[state][1] if words is None else words, role)
        row.addWidget(self._glyph)
        row.addWidget(self._label)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_state(self, state: str, words: Text | str | None = None) -> None:
        """Another state, another word."""
        self._glyph.show_state(state)
        self._label.say(STATES[state][1] if words is None else words)


class CountBadge(QWidget):
    """A small round count on dark ground; hidden at 0, "99+" above 99. `danger` for alarms."""

    def __init__(self, *, danger: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._danger = danger
        self._count = 0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_count(0)

    @property
    def count(self) -> int:
        """What it shows."""
        return self._count

    def set_count(self, count: int) -> None:
        """Shows another count."""
        self._count = count
        self.setVisible(count > 0)
        say(self, Tn("{n} waiting", "{n} waiting", count), "accessibleName")
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """16 high, round for one figure."""
        return QSize(max(px(16), px(8) + self._words_width()), px(16))

    def _words(self) -> str:
        return "99+" if self._count > 99 else str(self._count)

    def _words_width(self) -> int:
        return QFontMetrics(font("tiny")).horizontalAdvance(self._words())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Inverted: `bg` on `text`, or the alarm's colours."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("danger.fill" if self._danger else "text"))
        painter.drawRoundedRect(self.rect().toRectF(), self.height() / 2, self.height() / 2)
        letters = font("tiny")
        letters.setWeight(letters.Weight.DemiBold)
        painter.setFont(letters)
        painter.setPen(t.color("danger.fill.on" if self._danger else "bg"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words())


class QualityBlocks(QWidget):
    """How good the photographs of a person are: up to five filled blocks."""

    BLOCKS = 5

    def __init__(self, filled: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filled = filled
        say(self, T("{n} of 5 clear", n=filled), "accessibleName")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Five blocks of 8 x 9."""
        return QSize(self.BLOCKS * 10 - 2, 10)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Filled blocks in green, the others as outlines."""
        paint_blocks(QPainter(self), QRectF(self.rect()), self._filled)


def paint_blocks(painter: QPainter, rect: QRectF, filled: int) -> None:
    """The blocks of `QualityBlocks`, for delegates too; left in `rect`, in the middle of its height."""
    t = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for i in range(QualityBlocks.BLOCKS):
        block = QRectF(rect.x() + i * 10 + 0.5, rect.center().y() - 4.5, 7, 9)
        painter.setPen(t.color("known" if i < filled else "border.control"))
        painter.setBrush(t.color("known" if i < filled else "sunken"))
        painter.drawRoundedRect(block, 1.5, 1.5)
