"""The curve of strangers and of people on file, with the line for a name: how sure, as a place and not a number."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import font, px, tokens

Place = Callable[[float, float], QPointF]
"""(score, height) -> a point of the widget."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A density over cosines: points (score, height), score ascending; heights in any unit."""

    points: Sequence[tuple[float, float]]

    @property
    def top(self) -> float:
        """Its greatest height."""
        return max((height for _, height in self.points), default=0.0)

    @classmethod
    def bell(cls, mean: float, spread: float, height: float = 1.0) -> "Curve":
        """A normal curve, for the drawing at login and for statements by mean and spread."""
        steps = [mean + spread * (i / 15 - 4) for i in range(121)]
        return cls([(x, height * math.exp(-0.5 * ((x - mean) / spread) ** 2)) for x in steps])


class ThresholdChart(QWidget):
    """Strangers left, people on file right, the line for a name between them, and where one comparison lies.

    The x axis runs from "further" to "closer" and carries no numbers; `tooltip_scores` puts the cosines into the
    tooltip, for engineers.
    """

    def __init__(
        self,
        strangers: Curve,
        same: Curve,
        line: float,
        *,
        mark: tuple[float, Text] | None = None,
        same_word: Text | None = None,
        ground: str = "surface",
        height: int = 150,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._height = height
        self._ground = ground
        self._same_word = same_word or T("people on file")
        self._uncertain: float | None = None
        self._missed: Text | str = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_curves(strangers, same, line, mark)

    def show_curves(
        self, strangers: Curve, same: Curve, line: float, mark: tuple[float, Text] | None = None
    ) -> None:
        """Other curves, another line, another comparison (score and its word)."""
        self._strangers, self._same, self._line, self._mark = strangers, same, line, mark
        closer = mark is not None and mark[0] >= line
        says = (
            T("Strangers on the left, people on file on the right, the line for a name between them")
            if mark is None
            else T("Closer than the line for a name")
            if closer
            else T("Further than the line for a name")
        )
        say(self, says, "accessibleName")
        self.update()

    def show_price(self, uncertain: float, missed: Text | str) -> None:
        """Where a name becomes uncertain, and in words how many people on file stay left of the line (filled)."""
        self._uncertain, self._missed = uncertain, missed
        self.update()

    def tooltip_scores(self) -> None:
        """Shows the cosines in the tooltip."""
        if self._mark is not None:
            say(
                self,
                T("cosine {score:.3f}, line {line:.3f}", score=self._mark[0], line=self._line),
                "toolTip",
            )

    def sizeHint(self) -> QSize:
        """As wide as it gets."""
        return QSize(320, px(self._height))

    def minimumSizeHint(self) -> QSize:
        """Narrow panels hold it."""
        return QSize(200, px(self._height))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fills, curves, base line, the line for a name, the mark, words."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        letters = font("small")
        metrics = QFontMetricsF(letters)
        words = metrics.height()
        plot = QRectF(0.5, words + 10, self.width() - 1, self.height() - 2 * words - 18)
        low, high = self._range()
        top = max(self._strangers.top, self._same.top) or 1.0

        def place(score: float, height: float) -> QPointF:
            x = plot.left() + (score - low) / (high - low) * plot.width()
            return QPointF(x, plot.bottom() - height / top * (plot.height() - 6))

        below = self._mark is not None  # the name of the line; above it stands the name of the mark
        second_row = below and self._words_meet(place(self._line, 0).x(), place, metrics)
        if second_row or str(self._missed):
            plot.setHeight(plot.height() - words)
        for curve, token in ((self._strangers, "unknown"), (self._same, "known")):
            self._curve(painter, [place(x, y) for x, y in curve.points], plot, t.color(token))
        if self._uncertain is not None:
            self._paint_price(painter, place, plot, words)
        painter.setPen(QPen(t.color("border.strong"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(letters)
        base = plot.bottom() + 6
        for curve, word in ((self._strangers, T("strangers")), (self._same, self._same_word)):
            if not curve.points:  # nobody measured it
                continue
            peak = max(curve.points, key=lambda point: point[1])[0]
            self._word(painter, str(word), place(peak, 0).x(), base, words, t.color("text.2"))
        x = place(self._line, 0).x()
        pen = QPen(t.color("accent"), 1.5)
        pen.setDashPattern([3, 2.5])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setFont(font("label"))
        name_y = base + (words if second_row else 0) if below else plot.top() - words - 3
        name = str(T("the line for a name"))
        if self._uncertain is None:
            self._word(painter, name, x, name_y, words, t.color("accent"))
        else:  # its neighbour's name stands at the other side
            half = QFontMetricsF(painter.font()).horizontalAdvance(name) / 2
            self._word(painter, name, x + half + 6, name_y, words, t.color("accent"))
        if self._mark is not None:
            self._paint_mark(painter, place, plot, words)

    def _range(self) -> tuple[float, float]:
        scores = [x for curve in (self._strangers, self._same) for x, _ in curve.points] + [self._line]
        scores += [] if self._uncertain is None else [self._uncertain]
        if self._mark is not None:
            scores.append(self._mark[0])
        low, high = min(scores), max(scores)
        return low, high if high > low else low + 1

    def _words_meet(self, x: float, place: Place, metrics: QFontMetricsF) -> bool:
        """Whether the name of the line would touch the name of a curve below the axis."""
        half = metrics.horizontalAdvance(str(T("the line for a name"))) / 2 + 8
        for curve, word in ((self._strangers, T("strangers")), (self._same, self._same_word)):
            if not curve.points:  # nobody measured it
                continue
            peak = max(curve.points, key=lambda point: point[1])[0]
            centre = place(peak, 0).x()
            if abs(centre - x) < half + metrics.horizontalAdvance(str(word)) / 2:
                return True
        return False

    def _curve(self, painter: QPainter, points: list[QPointF], plot: QRectF, color: QColor) -> None:
        if not points:
            return
        closed = [QPointF(points[0].x(), plot.bottom()), *points, QPointF(points[-1].x(), plot.bottom())]
        fill = QColor(color)
        fill.setAlphaF(0.10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(closed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.5))
        painter.drawPolyline(QPolygonF(points))

    def _paint_price(self, painter: QPainter, place: Place, plot: QRectF, words: float) -> None:
        """People on file left of the line, filled; the dotted line from which a name is uncertain."""
        assert self._uncertain is not None
        t = tokens()
        left = [place(x, y) for x, y in self._same.points if x <= self._line]
        if len(left) > 1:
            ends = [QPointF(left[0].x(), plot.bottom()), *left, QPointF(left[-1].x(), plot.bottom())]
            fill = QColor(t.color("uncertain"))
            fill.setAlphaF(0.45)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF(ends))
        x = place(self._uncertain, 0).x()
        pen = QPen(t.color("uncertain"), 1.5)
        pen.setDashPattern([1.5, 2.5])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        painter.setFont(font("label"))
        name = str(T("uncertain from here"))
        half = QFontMetricsF(painter.font()).horizontalAdvance(name) / 2
        self._word(painter, name, x - half - 6, plot.top() - words - 3, words, t.color("uncertain"))
        if str(self._missed):
            at = place(self._line, 0).x()
            below = plot.bottom() + 6 + words  # the names of the curves stand in the row above
            self._word(painter, str(self._missed), at, below, words, t.color("uncertain"))

    def _paint_mark(self, painter: QPainter, place: Place, plot: QRectF, words: float) -> None:
        assert self._mark is not None
        score, word = self._mark
        t = tokens()
        color = t.color("known" if score >= self._line else "uncertain")
        x = place(score, 0).x()
        top = plot.top()
        painter.setPen(QPen(color, 2))
        painter.drawLine(QPointF(x, top), QPointF(x, plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, top), 4, 4)
        painter.setFont(font("label"))
        self._word(painter, str(word), x, top - words - 6, words, color)

    def _word(self, painter: QPainter, word: str, x: float, y: float, height: float, color: QColor) -> None:
        """Centred at x, pushed into the widget."""
        width = QFontMetricsF(painter.font()).horizontalAdvance(word) + 2
        left = min(max(0.0, x - width / 2), self.width() - width)
        painter.setPen(color)
        painter.drawText(QRectF(left, y, width, height), int(Qt.AlignmentFlag.AlignCenter), word)
