"""A day as 24 bars: how much happened in each hour, and in grey how much a week before; dragging chooses hours."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.theme.theme import font, px, tokens

HOURS = 24
BARS = 44  # high
WORDS_EVERY = 3  # hours
GAP = 2.0
Hours = tuple[int, int]
"""First hour, and the hour that is no longer in it."""


class DayStrip(QWidget):
    """Bars of the hours. `chosen` carries the hours that were dragged over or chosen by keys; None for the whole day.

    Keys: Left and Right move the chosen hour, with Shift they widen it, Esc lets go.
    """

    chosen = Signal(object)  # Hours or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._now: Sequence[int] = (0,) * HOURS
        self._before: Sequence[int] = (0,) * HOURS
        self._note: Text | str = ""
        self._hours: Hours | None = None
        self._pressed: int | None = None
        self._retell()

    @property
    def hours(self) -> Hours | None:
        """What is chosen."""
        return self._hours

    def show_day(self, now: Sequence[int], before: Sequence[int], note: Text | str) -> None:
        """Other counts.

        Args:
            now: 24 counts of the day.
            before: 24 counts to compare with.
            note: what the grey bars are.
        """
        self._now, self._before, self._note = tuple(now), tuple(before), note
        self._retell()

    def choose(self, hours: Hours | None) -> None:
        """Shows hours as chosen, without a signal."""
        self._hours = hours
        self._retell()

    def retranslate(self) -> None:
        """In the language in use."""
        self._retell()

    def _retell(self) -> None:
        total = sum(self._now)
        words: Text = Tn("Events by hour: {n} on this day", "Events by hour: {n} on this day", total)
        if self._hours is not None:
            first, last = self._hours
            inside = sum(self._now[first:last])
            words = T("{first}:00 to {last}:00: {n} of {total} events", first=f"{first:02}", last=f"{last:02}",
                      n=inside, total=total)  # fmt: skip
        say(self, words, "accessibleName")
        self.update()

    def sizeHint(self) -> QSize:
        """Bars, and the hours below them."""
        return QSize(720, px(BARS) + px(18))

    def minimumSizeHint(self) -> QSize:
        """Narrow windows."""
        return QSize(300, self.sizeHint().height())

    # -- drawing

    def _slot(self) -> float:
        return self.width() / HOURS

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Grey behind, the day before it, the chosen hours framed, every third hour named."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        floor = px(BARS)
        top = max(1, *self._now, *self._before)
        slot = self._slot()
        painter.setPen(Qt.PenStyle.NoPen)
        for hour in range(HOURS):
            inside = self._hours is None or self._hours[0] <= hour < self._hours[1]
            for count, token in (
                (self._before[hour], "sunken"),
                (self._now[hour], "accent" if inside else "border.strong"),
            ):
                height = (floor - 4) * count / top
                if count:
                    painter.setBrush(t.color(token))
                    painter.drawRect(
                        QRectF(hour * slot + GAP / 2, floor - max(1.0, height), slot - GAP, max(1.0, height))
                    )
        painter.setPen(QPen(t.color("border.strong"), 1))
        painter.drawLine(QPointF(0, floor + 0.5), QPointF(self.width(), floor + 0.5))
        if self._hours is not None:
            first, last = self._hours
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(t.color("accent"), 1.5))
            painter.drawRoundedRect(
                QRectF(first * slot + 0.75, 0.75, (last - first) * slot - 1.5, floor), 3, 3
            )
        painter.setFont(font("tiny"))
        painter.setPen(t.color("text.2"))
        for hour in range(0, HOURS, WORDS_EVERY):
            painter.drawText(
                QRectF(hour * slot, floor + 3, 3 * slot, px(15)),
                int(Qt.AlignmentFlag.AlignLeft),
                f"{hour:02}",
            )
        note = str(self._note)
        if note:
            width = QFontMetricsF(painter.font()).horizontalAdvance(note) + 2
            painter.drawText(
                QRectF(self.width() - width, 0, width, px(15)), int(Qt.AlignmentFlag.AlignRight), note
            )

    # -- choosing

    def _hour_at(self, x: float) -> int:
        return min(HOURS - 1, max(0, int(x / max(1.0, self._slot()))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins to drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._hour_at(event.position().x())
            self.choose((self._pressed, self._pressed + 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags over hours."""
        if self._pressed is not None:
            now = self._hour_at(event.position().x())
            self.choose((min(self._pressed, now), max(self._pressed, now) + 1))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Chooses what was dragged over."""
        if self._pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = None
            self.chosen.emit(self._hours)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape and self._hours is not None:
            self.choose(None)
            self.chosen.emit(None)
        elif step is not None:
            first, last = self._hours or ((-1, 0) if step > 0 else (HOURS, HOURS + 1))
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                last = min(HOURS, max(first + 1, last + step))
            elif first + step >= 0 and last + step <= HOURS:
                first, last = first + step, last + step
            if 0 <= first < last <= HOURS:
                self.choose((first, last))
                self.chosen.emit(self._hours)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """The tooltip of an hour; Left and Right are ours while the strip has the focus."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Escape)
        ):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            hour = self._hour_at(event.pos().x())
            words = T(
                "{first}:00 to {last}:00: {n} events, {before} a week before",
                first=f"{hour:02}",
                last=f"{hour + 1:02}",
                n=self._now[hour],
                before=self._before[hour],
            )
            QToolTip.showText(event.globalPos(), str(words), self)
            return True
        return super().event(event)
