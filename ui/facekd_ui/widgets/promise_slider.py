"""How many strangers one wrong name may take: a slider on a log scale with three zones.

What the people on file carry by counting, what is estimated beyond (hatched), and what the data cannot carry, where
the handle does not go.
"""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import font, px, tokens

LOW, HIGH = 30, 100_000
TICKS = (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
GROOVE, KNOB, INSET = 6.0, 9.0, 12.0
STEPS = tuple(  # where the keys stop: 1, 2, 3, 5 and 7 of each decade
    number * 10**decade
    for decade in range(1, 6)
    for number in (1, 2, 3, 5, 7)
    if LOW <= number * 10**decade <= HIGH
)


class PromiseSlider(QWidget):
    """`moved` carries another number while it is dragged or stepped with the arrow keys; `settled` when it rests.

    Keys: Left and Right to the next round number, Home and End to the ends of what can be promised.
    """

    moved = Signal(int)
    settled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._counted = self._estimated = 0
        self._value = LOW
        self._dragged = False
        self._retell()

    @property
    def value(self) -> int:
        """The number at the handle."""
        return self._value

    def show_zones(self, counted: int, estimated: int) -> None:
        """How far each zone reaches; 0 where there is none."""
        self._counted, self._estimated = counted, max(counted, estimated)
        self._retell()

    def show_value(self, value: int) -> None:
        """Another number, without a signal. A number that cannot be promised stands at the end of what can."""
        self._value = value
        self._retell()

    def retranslate(self) -> None:
        """In the language in use."""
        self._retell()

    def _retell(self) -> None:
        zone = (
            T("counted on your own people")
            if self._value <= self._counted
            else T("estimated")
            if self._value <= self._estimated
            else T("the data cannot carry this")
        )
        say(self, T("1 wrong name in {n} strangers, {zone}", n=self._value, zone=zone), "accessibleName")
        self.update()

    def sizeHint(self) -> QSize:
        """Words, groove, numbers."""
        return QSize(720, px(62))

    def minimumSizeHint(self) -> QSize:
        """Narrow windows."""
        return QSize(360, px(62))

    # -- places

    def _place(self, number: float) -> float:
        share = math.log(min(HIGH, max(LOW, number)) / LOW) / math.log(HIGH / LOW)
        return INSET + share * (self.width() - 2 * INSET)

    def _number_at(self, x: float) -> int:
        share = min(1.0, max(0.0, (x - INSET) / max(1.0, self.width() - 2 * INSET)))
        number = math.exp(math.log(LOW) + share * math.log(HIGH / LOW))
        grain: int = 10 ** max(0, math.floor(math.log10(number)) - 1)  # two figures that count
        return min(self._most, max(LOW, round(number / grain) * grain))

    @property
    def _most(self) -> int:
        return min(HIGH, self._estimated)

    # -- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Names of the zones, the groove in three kinds, ticks with numbers, the handle."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = px(27)
        ends = [
            INSET,
            self._place(self._counted or LOW),
            self._place(self._estimated or LOW),
            self.width() - INSET,
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("sunken"))
        painter.drawRoundedRect(QRectF(INSET, y - GROOVE / 2, ends[3] - INSET, GROOVE), 3, 3)
        if ends[2] > ends[1]:
            hatched = QRectF(ends[1], y - GROOVE / 2, ends[2] - ends[1], GROOVE)
            painter.fillRect(hatched, t.color("surface"))
            painter.fillRect(hatched, QBrush(t.color("text.2"), Qt.BrushStyle.BDiagPattern))
        x = self._place(min(self._value, self._most)) if self._most else INSET
        painter.setBrush(t.color("accent"))
        painter.drawRoundedRect(QRectF(INSET, y - GROOVE / 2, min(x, ends[1]) - INSET, GROOVE), 3, 3)
        if x < ends[1]:
            painter.setBrush(t.color("accent.soft.border"))
            painter.drawRect(QRectF(x, y - GROOVE / 2, ends[1] - x, GROOVE))
        self._paint_words(painter, ends)
        self._paint_ticks(painter, y)
        if self._most:
            painter.setBrush(t.color("surface"))
            painter.setPen(
                QPen(t.color("focus" if self.hasFocus() else "accent"), 3 if self.hasFocus() else 2.5)
            )
            painter.drawEllipse(QPointF(x, y), KNOB, KNOB)

    def _paint_words(self, painter: QPainter, ends: list[float]) -> None:
        painter.setFont(font("tiny"))
        painter.setPen(tokens().color("text.2"))
        metrics = QFontMetricsF(painter.font())
        words: tuple[Text, ...] = (
            T("counted on your own people"),
            T("estimated"),
            T("the data cannot carry this"),
        )
        used = 0.0
        for word, left, right in zip(words, ends, ends[1:], strict=False):
            width = metrics.horizontalAdvance(str(word))
            at = max((left + right - width) / 2, used)
            if right - left < 12 or at + width > self.width():
                continue
            painter.drawText(QRectF(at, 0, width + 2, px(15)), int(Qt.AlignmentFlag.AlignLeft), str(word))
            used = at + width + 10

    def _paint_ticks(self, painter: QPainter, y: float) -> None:
        t = tokens()
        for tick in TICKS:
            x = self._place(tick)
            painter.setPen(QPen(t.color("border.strong"), 1))
            painter.drawLine(QPointF(x, y + KNOB + 2), QPointF(x, y + KNOB + 6))
            chosen = tick == self._value
            painter.setFont(font("label" if chosen else "small"))
            painter.setPen(t.color("text" if chosen else "text.2"))
            width = QFontMetricsF(painter.font()).horizontalAdvance(f"{tick:,}") + 2
            left = min(max(0.0, x - width / 2), self.width() - width)
            painter.drawText(
                QRectF(left, y + KNOB + 8, width, px(16)), int(Qt.AlignmentFlag.AlignCenter), f"{tick:,}"
            )

    # -- choosing

    def _move_to(self, number: int) -> None:
        if number != self._value and self._most:
            self.show_value(number)
            self.moved.emit(number)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to drag."""
        if event.button() == Qt.MouseButton.LeftButton and self._most:
            self._dragged = True
            self._move_to(self._number_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags."""
        if self._dragged:
            self._move_to(self._number_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Rests there."""
        if self._dragged and event.button() == Qt.MouseButton.LeftButton:
            self._dragged = False
            self.settled.emit(self._value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        key, value = event.key(), min(self._value, self._most)
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            wanted = next((step for step in STEPS if step > value), value)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            wanted = next((step for step in reversed(STEPS) if step < value), value)
        elif key == Qt.Key.Key_Home:
            wanted = LOW
        elif key == Qt.Key.Key_End:
            wanted = self._most
        else:
            super().keyPressEvent(event)
            return
        if self._most:
            self._move_to(max(LOW, min(wanted, self._most)))
            self.settled.emit(self._value)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The handle shows it."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The handle shows it."""
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """The arrows are ours while the slider has the focus."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        ):
            event.accept()
            return True
        return super().event(event)
