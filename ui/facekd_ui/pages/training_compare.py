"""Several runs as overlaid curves and a table with intervals on one scale, a verdict, and files to take along."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.training_chart import CurveChart, Line, look_of
from facekd_ui.pages.training_states import duration
from facekd_ui.pages.training_terms import Swatch
from facekd_ui.services.training_compare import SEEDS, Compared, Verdict, read, sameness, seeds_of, verdict
from facekd_ui.services.training_ends import name_of, percent
from facekd_ui.services.training_runs import ACTIVE, Run, RunState
from facekd_ui.theme.theme import tokens
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Segments
from facekd_ui.widgets.buttons import Line as Rule
from facekd_ui.widgets.cards import Card, Panel
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.labels import Label

MOST = 6
COLUMNS = 8


class Interval(QWidget):
    """A value as a dot with its 95 % interval as a bar, on the scale of all rows."""

    def __init__(
        self, row: Compared, low: float, high: float, look: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._row, self._low, self._high, self._look = row, low, max(high, low + 1e-6), look
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        say(
            self,
            T("{value} % ± {half}", value=percent(row.value or 0.0), half=percent(row.half or 0.0)),
            "accessibleName",
        )

    def sizeHint(self) -> QSize:
        """As in the mock."""
        return QSize(160, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, bar, dot."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.setPen(QPen(t.color("sunken"), 2))
        painter.drawLine(QPointF(2, middle), QPointF(self.width() - 2, middle))
        if self._row.value is None:
            return
        color = t.color(look_of(self._look)[0])
        soft = QColor(color)
        soft.setAlphaF(0.5)
        half = self._row.half or 0.0
        painter.setPen(QPen(soft, 3))
        painter.drawLine(
            QPointF(self._x(self._row.value - half), middle), QPointF(self._x(self._row.value + half), middle)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(self._x(self._row.value), middle), 4, 4)

    def _x(self, value: float) -> float:
        return 6 + (value - self._low) / (self._high - self._low) * (self.width() - 12)


class CompareView(QWidget):
    """Reads the runs' figures itself, and asks the trainer for the files of an export.

    `send_asked(run)`; `seeds_asked([(run, seed), ...])`.
    """

    send_asked = Signal(object)
    seeds_asked = Signal(object)

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.rows: tuple[Compared, ...] = ()
        self._ticked: set[Path] = set()
        self._verdict: Verdict | None = None
        self.heading, self._note = Label("", "title"), Label("", "body", "text.2", wrap=True)
        self.per = Segments({"epoch": T("Per epoch"), "hour": T("Per hour")}, T("Scale"))
        self.per.changed.connect(lambda _key: self._draw())
        self.chart = CurveChart(T("Right on what it has never seen"), percent=True, height=300)
        self.export = Button(T("Export…"), icon="download")
        self.export.clicked.connect(self._ask_export)
        self.table = Card()
        self.banner = Banner("info", "")
        self.send = Button("", "primary")
        self.send.clicked.connect(lambda: self.send_asked.emit(self.best.run if self.best else None))
        self.seeds = Button(T("Queue the missing seeds"))
        self.seeds.clicked.connect(self._ask_seeds)
        self._holder: QWidget | None = None
        self._lay_out()

    @property
    def shown(self) -> tuple[Compared, ...]:
        """The rows that are ticked."""
        return tuple(row for row in self.rows if row.run.folder in self._ticked)

    @property
    def best(self) -> Compared | None:
        """The best of those that are ticked and finished."""
        done = [row for row in self.shown if row.value is not None and row.run.state is RunState.DONE]
        return max(done, key=lambda row: row.value or 0.0, default=None)

    def show_runs(self, runs: Sequence[Run], first: Run | None) -> None:
        """Runs to choose from; those of the task of `first` that are done are ticked."""
        self._context.work.run(
            lambda _progress: read(runs), partial(self._show, first), self._context.fail, over=self
        )

    def _show(self, first: Run | None, rows: tuple[Compared, ...]) -> None:
        own = next((row for row in rows if first is not None and row.run.folder == first.folder), None)
        task = own.task if own is not None else rows[0].task if rows else "face"
        self.rows = tuple(row for row in rows if row.task == task)
        picked = [own] if own is not None else []
        worth = (RunState.DONE, *ACTIVE)
        picked += [
            row for row in self.rows if row is not own and row.value is not None and row.run.state in worth
        ]
        self._ticked = {row.run.folder for row in picked[:MOST]}
        self._fill()

    def tick(self, row: Compared, *, on: bool) -> None:
        """As if its box were clicked."""
        (self._ticked.add if on else self._ticked.discard)(row.run.folder)
        self._fill()

    # -- showing

    def _fill(self) -> None:
        shown = self.shown
        self.heading.say(Tn("Compare {n} run", "Compare {n} runs", len(shown)))
        self._note.say(sameness(shown) if len(shown) > 1 else T("Tick at least two runs."))
        self._table(shown)
        self._draw()
        self._verdict = found = verdict(shown)
        self.banner.setVisible(found is not None)
        if found is not None:
            self.banner.show_message(found.kind, found.lead, found.rest, ())
        best = self.best
        self.send.setVisible(best is not None)
        if best is not None:
            self.send.say(T("Send {run} to Models", run=name_of(best.run)))
        self.seeds.setVisible(found is not None and bool(found.missing))
        self.export.setEnabled(bool(shown))

    def _look(self, row: Compared) -> int:
        return self.rows.index(row)

    def _draw(self) -> None:
        hours = self.per.value == "hour"
        lines = [
            Line(
                str(row.run.folder),
                T("{run} {method}", run=name_of(row.run), method=row.method),
                row.hours if hours else row.epochs,
                row.values,
                self._look(row),
                dot=True,
            )
            for row in self.shown
        ]
        self.chart.show_lines(lines)
        ends = [float(line.x[-1]) for line in lines if len(line.x)]
        self.chart.set_span(0.0, max(ends, default=1.0))

    def _table(self, shown: Sequence[Compared]) -> None:
        if self._holder is not None:
            self.table.body.removeWidget(self._holder)
            self._holder.hide()
            self._holder.deleteLater()
        self._holder = QWidget()
        grid = QGridLayout(self._holder)
        grid.setContentsMargins(16, 8, 16, 8)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(3, 1)
        heads = (
            T("Run"),
            T("Method"),
            T("Seeds"),
            T("Kept apart, % right"),
            T("Per face here"),
            T("File"),
            T("Took"),
        )
        for column, word in enumerate(heads):
            grid.addWidget(Label(word, "label", "text.2"), 0, column if column < 4 else column + 1)
        with_values = [row for row in shown if row.value is not None]
        low = min(
            (row.value - (row.half or 0.0) for row in with_values if row.value is not None), default=0.0
        )
        high = max(
            (row.value + (row.half or 0.0) for row in with_values if row.value is not None), default=1.0
        )
        for number, row in enumerate(self.rows):
            line = 2 * number + 1
            grid.addWidget(Rule(), line, 0, 1, COLUMNS)
            self._row(grid, line + 1, row, low, high)
        self.table.body.addWidget(self._holder)

    def _row(self, grid: QGridLayout, line: int, row: Compared, low: float, high: float) -> None:
        ticked = row.run.folder in self._ticked
        box = check_box(name_of(row.run))
        box.setChecked(ticked)
        box.toggled.connect(lambda on, row=row: self.tick(row, on=on))
        name = QHBoxLayout()
        name.setSpacing(8)
        name.addWidget(box)
        if ticked:
            name.addWidget(Swatch(self._look(row)))
        name.addStretch()
        grid.addLayout(name, line, 0)
        grid.addWidget(Label(row.method), line, 1)
        grid.addWidget(Label(T("{n} of {all}", n=len(seeds_of(row, self.rows)), all=SEEDS)), line, 2)
        if row.value is not None and ticked:
            grid.addWidget(Interval(row, low, high, self._look(row)), line, 3)
        value = "" if row.value is None else f"{percent(row.value)} ± {percent(row.half or 0.0)}"
        grid.addWidget(Label(value, "strong"), line, 4)
        latency = "" if row.latency_ms is None else T("{n} ms", n=f"{row.latency_ms:.1f}")
        grid.addWidget(Label(latency), line, 5)
        grid.addWidget(Label("" if row.megabytes is None else f"{row.megabytes:.1f} MB"), line, 6)
        done = row.run.state is RunState.DONE
        took: Text | str = duration(row.seconds) if done else T("at epoch {epoch}", epoch=row.run.epoch)
        grid.addWidget(Label(took), line, 7)

    # -- acts

    def _ask_seeds(self) -> None:
        if self._verdict is not None:
            self.seeds_asked.emit(self._verdict.missing)

    def _ask_export(self) -> None:
        name = QFileDialog.getExistingDirectory(self, str(T("A folder for curves and table")))
        if name:
            self.write(Path(name))

    def write(self, folder: Path) -> None:
        """Table and curves as CSV, the charts as PNG and SVG."""
        folders = [row.run.folder for row in self.shown]
        training = self._context.services.training
        self._context.work.run(
            lambda _progress: training.compare(folders, folder),
            lambda found: self._context.toasts.show(
                Tn(
                    "{n} file written to {folder}",
                    "{n} files written to {folder}",
                    len(found["files"]),
                    folder=folder.name,
                )
            ),
            self._context.fail,
            over=self,
            title=T("Writing curves and table"),
        )

    def _lay_out(self) -> None:
        inner = Panel("bg")
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 18, 24, 18)
        column.setSpacing(12)
        head = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.heading)
        words.addWidget(self._note)
        head.addLayout(words, 1)
        head.addWidget(self.export)
        column.addLayout(head)
        card = Card()
        title = QHBoxLayout()
        title.addWidget(Label(T("Right on what it has never seen"), "strong"))
        title.addStretch()
        title.addWidget(self.per)
        card.body.addLayout(title)
        card.body.addWidget(self.chart, 1)
        column.addWidget(card, 1)
        self.table.body.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addWidget(self.banner)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.send)
        foot.addWidget(self.seeds)
        foot.addStretch()
        foot.addWidget(Label(T("Curves as PNG or SVG, the table as CSV"), "small", "text.2"))
        column.addLayout(foot)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
