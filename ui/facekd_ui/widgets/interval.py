"""A figure with its interval as dot and whisker on a scale, with the zone that it must stay out of."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.theme.theme import font, px, tokens

CAP, DOT, INSET = 4.0, 4.5, 8.0


@dataclass(frozen=True, slots=True)
class Scale:
    """What the widget's width stands for; intervals of a table share one."""

    low: float
    high: float
    middle: float | None = None  # a line at "the same"
    zone: float | None = None  # everything below is too bad


class Interval(QWidget):
    """Dot and whisker. What lies beyond the scale ends in an arrow at its edge.

    Its accessible name is the sentence given with the figures; nothing is told by colour alone.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: tuple[float, float, float] | None = None
        self._scale, self._token = Scale(-1, 1), "text"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_interval(
        self, figures: tuple[float, float, float] | None, scale: Scale, token: str, words: Text | str
    ) -> None:
        """Another value with its lower and upper end; None: nothing was measured, only the scale is drawn."""
        self._figures, self._scale, self._token = figures, scale, token
        say(self, words, "accessibleName")
        say(self, words, "toolTip")
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as it gets."""
        return QSize(320, px(32))

    def minimumSizeHint(self) -> QSize:
        """Narrow windows."""
        return QSize(120, px(32))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Zone, its edge, the middle, whisker, dot."""
        t, scale = tokens(), self._scale
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = INSET, self.width() - INSET
        middle = self.height() / 2

        def place(value: float) -> float:
            share = (value - scale.low) / (scale.high - scale.low)
            return left + min(1.0, max(0.0, share)) * (right - left)

        if scale.zone is not None:
            edge = place(scale.zone)
            painter.fillRect(QRectF(0, 0, edge, self.height()), t.color("danger.soft"))
            pen = QPen(t.color("danger"), 1.25)
            pen.setDashPattern([2.5, 2.5])
            painter.setPen(pen)
            painter.drawLine(QPointF(edge, 0), QPointF(edge, self.height()))
        if scale.middle is not None:
            painter.setPen(QPen(t.color("border.control"), 1.5))
            x = place(scale.middle)
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        if self._figures is None:
            return
        value, low, high = self._figures
        ink = t.color(self._token)
        painter.setPen(QPen(ink, 2))
        painter.drawLine(QPointF(place(low), middle), QPointF(place(high), middle))
        for end, beyond, way in ((low, low < scale.low, 1), (high, high > scale.high, -1)):
            x = place(end)
            if beyond:
                painter.drawPolyline(
                    [
                        QPointF(x + way * CAP, middle - CAP),
                        QPointF(x, middle),
                        QPointF(x + way * CAP, middle + CAP),
                    ]
                )
            else:
                painter.drawLine(QPointF(x, middle - CAP), QPointF(x, middle + CAP))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(place(value), middle), DOT, DOT)


class ScaleWords(QWidget):
    """Words over a column of intervals: at the left end, in the middle and at the right end."""

    def __init__(self, low: Text, middle: Text, high: Text, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = (low, middle, high)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(320, px(18))

    def retranslate(self) -> None:
        """In the language in use."""
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The first in the ink of what is too bad."""
        t = tokens()
        painter = QPainter(self)
        painter.setFont(font("label"))
        rect = QRectF(self.rect()).adjusted(INSET, 0, -INSET, 0)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for word, side, ink in zip(self._words, sides, ("danger", "text.2", "text.2"), strict=True):
            painter.setPen(t.color(ink))
            painter.drawText(rect, int(side | Qt.AlignmentFlag.AlignVCenter), str(word))
