"""The names at the right ends of curves, and the round numbers at their axes."""

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from facekd_ui.theme.theme import font, px

APART = 17  # between names
NAMES = 152

End = tuple[float, str, QColor]
"""Height in pixels where a curve ends, its name, its colour."""


class EndNames(QWidget):
    """The names at the right ends, pushed apart, each with a thin leader in its colour."""

    def __init__(self, ends: Callable[[], Sequence[End]], parent: QWidget) -> None:
        super().__init__(parent)
        self._ends = ends
        self.setFixedWidth(px(NAMES))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """From top to bottom, none over another."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        letters = font("label")
        painter.setFont(letters)
        metrics = QFontMetricsF(letters)
        apart, edge = px(APART), 22.0
        ends = sorted(self._ends(), key=lambda end: end[0])
        places = apart_from([y for y, _, _ in ends], apart, apart / 2, self.height() - apart / 2)
        for (y, name, color), place in zip(ends, places, strict=True):
            thin = QColor(color)
            thin.setAlphaF(0.5)
            painter.setPen(QPen(thin, 1))
            painter.drawLine(QPointF(2, y), QPointF(edge - 6, place))
            painter.setPen(color)
            word = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.width() - edge)
            box = QRectF(edge, place - apart / 2, self.width() - edge, apart)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), word)


def round_steps(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two values, at most so many, at steps of 1, 2 or 5 times a power of ten."""
    width = high - low
    if not width > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(k * power for k in (1, 2, 5, 10, 20) if width / (k * power) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def apart_from(places: Sequence[float], apart: float, first: float, last: float) -> list[float]:
    """The same places, in order, at least `apart` from each other and within [first, last] where there is room."""
    found: list[float] = []
    for place in places:
        found.append(max(place, first, found[-1] + apart if found else first))
    limit = last
    for number in range(len(found) - 1, -1, -1):
        found[number] = min(found[number], limit)
        limit = found[number] - apart
    return found
