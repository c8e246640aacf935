"""Curves over epochs: each named at its right end, no legend, no box; smooth at a hundred thousand points.

Design, section 4 ("Curves"): fixed pairs of colour and line style, a horizontal grid only, epochs that are still to
come in `sunken`, events as dotted verticals with a word, all values under the pointer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.training_chart_names import End, EndNames, round_steps
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.labels import Label

WIDTH = 1.75
SMOOTH = 20  # steps
LOOKS: tuple[tuple[str, Sequence[float] | None], ...] = (
    ("chart.1", None),
    ("chart.2", None),
    ("chart.3", (5, 3)),
    ("chart.4", (1, 2)),
    ("chart.5", (5, 2, 1, 2)),
    ("chart.6", (2, 2)),
)
"""Token and dashes of the n-th line, in widths of the pen; None is solid."""


Values = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve as it is drawn."""

    key: str
    word: Text | str
    x: Values
    y: Values
    look: int = 0  # of `LOOKS`
    strong: bool = False  # in the ink of the text: the total
    dot: bool = False  # at its end


def look_of(number: int, *, strong: bool = False) -> tuple[str, Sequence[float] | None]:
    """Token and dashes."""
    return ("text", None) if strong else LOOKS[number % len(LOOKS)]


def pen_of(number: int, *, strong: bool = False, width: float = WIDTH) -> QPen:
    """The pen of the n-th line in the theme in use."""
    token, dashes = look_of(number, strong=strong)
    pen = QPen(tokens().color(token), width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashes:
        pen.setDashPattern(list(dashes))
    return pen


def smoothed(y: Values, over: int = SMOOTH) -> NDArray[np.float64]:
    """The mean of the last `over` values at each place; fewer at the beginning."""
    values = np.array(y, np.float64)
    if len(values) < 2 or over < 2:
        return values
    total = np.cumsum(np.insert(values, 0, 0.0))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - over)
    return np.asarray((total[ends] - total[begins]) / (ends - begins))


class CurveChart(QWidget):
    """Lines over epochs.

    Args:
        name: for screen readers.
        log: whether the values are drawn on a logarithmic scale; what is not above 0 is left out then.
        percent: values are shares and read as "98 %".
        height: logical pixels.
    """

    def __init__(
        self,
        name: Text,
        *,
        log: bool = False,
        percent: bool = False,
        height: int = 300,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._log, self._percent, self._height = log, percent, height
        self._lines: dict[str, Line] = {}
        self._items: dict[str, Any] = {}
        self._dots: dict[str, Any] = {}
        self._marks: dict[str, Any] = {}
        self._mark_words: list[tuple[float, Text | str]] = []
        self._shade: Any = None
        self._span = (0.0, 1.0)
        self._done: float | None = None
        self.plot = pg.PlotWidget()
        # of the plot: what is added to it takes over its modes
        self.plot.setDownsampling(auto=True, mode="peak")
        self.plot.setClipToView(True)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self._names = EndNames(self.ends, self)
        self._values = Label("", "tiny", "text.2")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.plot, 1)
        row.addWidget(self._names)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self._values)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.plot.getPlotItem().layout.setContentsMargins(
            0, 4, 12, 0
        )  # the last number stands half beyond the plot
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.hide()
        self.plot.addItem(self._crosshair, ignoreBounds=True)
        self.plot.scene().sigMouseMoved.connect(self._point_at)
        self.plot.getViewBox().sigTransformChanged.connect(self._names.update)
        self.plot.getViewBox().sigRangeChanged.connect(self._ticks)
        self._axes()
        self.set_log(log=log)
        say(self, name, "accessibleName")

    # -- what it shows

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn."""
        return tuple(self._lines.values())

    def set_log(self, *, log: bool) -> None:
        """Another scale."""
        self._log = log
        self.plot.setLogMode(y=log)
        for key in list(self._lines):
            self._draw(self._lines[key])

    def set_span(self, first: float, last: float, done: float | None = None) -> None:
        """The epochs from `first` to `last`; beyond `done` they are still to come."""
        self._span, self._done = (first, max(last, first + 1e-6)), done
        self.plot.setXRange(*self._span, padding=0.0)
        if self._shade is None:
            self._shade = pg.LinearRegionItem(movable=False)
            self._shade.setZValue(-20)
            self.plot.addItem(self._shade, ignoreBounds=True)
            self._ink()
        begins = self._span[1] if done is None else done
        self._shade.setRegion((begins, self._span[1]))
        self._shade.setVisible(begins < self._span[1])

    def show_lines(self, lines: Sequence[Line]) -> None:
        """These lines and no others."""
        for gone in set(self._lines) - {line.key for line in lines}:
            self.plot.removeItem(self._items.pop(gone))
            if gone in self._dots:
                self.plot.removeItem(self._dots.pop(gone))
        self._lines = {line.key: line for line in lines}
        for line in lines:
            self._draw(line)
        self._names.update()
        say(self, self._summary(), "accessibleDescription")

    def show_marks(self, marks: Sequence[tuple[float, Text | str]]) -> None:
        """Dotted verticals with a word each."""
        self._mark_words = list(marks)
        for item in self._marks.values():
            self.plot.removeItem(item)
        self._marks = {}
        for x, word in marks:
            item = pg.InfiniteLine(
                x,
                angle=90,
                movable=False,
                label=str(word),
                labelOpts={"position": 0.97, "anchors": [(0, 0), (0, 0)]},
            )
            self.plot.addItem(item, ignoreBounds=True)
            self._marks[str(word)] = item
        self._ink()

    def retranslate(self) -> None:
        """The words of marks and names."""
        self.show_marks(self._mark_words)
        self._names.update()

    def sizeHint(self) -> QSize:
        """As high as it was asked to be."""
        return QSize(480, px(self._height))

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other inks."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(
            self, "_crosshair"
        ):
            self._axes()
            for line in self._lines.values():
                self._draw(line)

    # -- inside

    def _axes(self) -> None:
        t = tokens()
        self.plot.setBackground(t.color("surface"))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setTextPen(t.color("text.2"))
            axis.setStyle(
                tickLength=0,
                tickFont=font("tiny"),
                tickTextOffset=6,
                maxTickLevel=0,
                hideOverlappingLabels=False,
            )
        left, bottom = self.plot.getAxis("left"), self.plot.getAxis("bottom")
        left.setPen(t.color("border"))
        bottom.setPen(QPen(Qt.PenStyle.NoPen))
        bottom.setTickPen(QPen(Qt.PenStyle.NoPen))
        self.plot.showGrid(x=False, y=True, alpha=1.0)
        left.setWidth(px(46))
        self._ink()

    def _ticks(self) -> None:
        """Epochs in round steps; values in round steps, on a logarithmic scale at 1 and 3 of every power."""
        (first, last), (low, high) = self.plot.getViewBox().viewRange()
        bottom = [(x, f"{x:g}") for x in round_steps(first, last, 7)]
        if self._log:
            powers = range(math.floor(low) - 1, math.ceil(high) + 1)
            places = [(power + math.log10(k), f"{k * 10.0**power:g}") for power in powers for k in (1, 3)]
            left = [(y, word) for y, word in places if low <= y <= high]
        else:
            left = [(y, f"{100 * y:.4g} %" if self._percent else f"{y:g}") for y in round_steps(low, high, 6)]
        self.plot.getAxis("bottom").setTicks([bottom])
        self.plot.getAxis("left").setTicks([left])

    def _ink(self) -> None:
        t = tokens()
        self._crosshair.setPen(QPen(t.color("border.strong"), 1))
        for item in self._marks.values():
            pen = QPen(t.color("text.2"), 1)
            pen.setCosmetic(True)
            pen.setDashPattern([2, 2])
            item.setPen(pen)
            item.label.setColor(t.color("text.2"))
            item.label.setFont(font("tiny"))
        if self._shade is not None:
            self._shade.setBrush(t.color("sunken", 0.5))
            for edge in self._shade.lines:
                edge.setPen(QPen(Qt.PenStyle.NoPen))
                edge.setHoverPen(QPen(Qt.PenStyle.NoPen))

    def _draw(self, line: Line) -> None:
        x, y = np.array(line.x, np.float64), np.array(line.y, np.float64)  # copies: the run goes on
        if self._log:
            y = np.where(y > 0, y, np.nan)
        item = self._items.get(line.key)
        if item is None:
            item = self._items[line.key] = pg.PlotDataItem(connect="finite")
            # fewer than its usual five a pixel: wide and dashed pens cost by the point
            item.opts["autoDownsampleFactor"] = 1.0
            self.plot.addItem(item)
        item.setPen(pen_of(line.look, strong=line.strong))
        item.setData(x, y, connect="finite")
        if line.dot and len(x):
            dot = self._dots.get(line.key)
            if dot is None:
                dot = self._dots[line.key] = pg.ScatterPlotItem(size=8, pen=None)
                self.plot.addItem(dot)
            dot.setBrush(self.color(line))
            dot.setData(x[-1:], y[-1:])
        self._ink()

    def color(self, line: Line) -> QColor:
        """Of a line and its name."""
        return tokens().color(look_of(line.look, strong=line.strong)[0])

    def ends(self) -> list[End]:
        """Where the lines end, with their names; those without a value are left out."""
        box = self.plot.getViewBox()
        found = []
        for line in self._lines.values():
            value = next((v for v in reversed(line.y) if not self._log or v > 0), None)
            if value is None or not len(line.x):
                continue
            y = float(np.log10(value)) if self._log else float(value)
            place = self.plot.mapFromScene(box.mapViewToScene(QPointF(float(line.x[-1]), y)))
            found.append((float(place.y()), str(line.word), self.color(line)))
        return found

    def _point_at(self, place: QPointF) -> None:
        box = self.plot.getViewBox()
        if not box.sceneBoundingRect().contains(place) or not self._lines:
            self._crosshair.hide()
            self._values.say("")
            return
        x = float(box.mapSceneToView(place).x())
        self._crosshair.setPos(x)
        self._crosshair.show()
        parts = []
        for line in self._lines.values():
            row = int(np.searchsorted(np.array(line.x, np.float64), x))
            if len(line.x) and row < len(line.x):
                value = line.y[row]
                parts.append(
                    f"{line.word} {100 * value:.1f} %" if self._percent else f"{line.word} {value:.4g}"
                )
        self._values.say(T("epoch {x}: {values}", x=f"{x:.1f}", values="   ".join(parts)))

    def _summary(self) -> str:
        parts = []
        for line in self._lines.values():
            if len(line.y):
                value = float(line.y[-1])
                parts.append(
                    f"{line.word} {100 * value:.1f} %" if self._percent else f"{line.word} {value:.4g}"
                )
        return ", ".join(parts)
