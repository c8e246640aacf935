"""A model's card: where it is from, what it may be used for, what it costs here, how good it was measured."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from facekd.modelcard import Metric, ModelCard
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.models_words import millions, ms, share
from facekd_ui.services.comparing import Timing
from facekd_ui.services.model_shelf import FRAME, Shelved
from facekd_ui.theme.theme import px
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card, key_values
from facekd_ui.widgets.interval import Interval, Scale
from facekd_ui.widgets.labels import Label

KEYS = 128
FACTS_WIDTH = 452
METRICS: dict[str, Text] = {
    "accuracy": T("Same person or not, right answers"),
    "validation accuracy": T("Same person or not, people kept apart"),
    "validation top1": T("Right class, pictures kept apart"),
    "validation top5": T("Right class among five"),
    "validation auc": T("Area under the curve"),
    "validation eer": T("Equal error rate"),
}
"""Names of figures on cards; one that is not listed is said as the card has it."""


class CardTab(QWidget):
    """Facts at the left, figures at the right. `open_run(folder)` goes to the run that made the model."""

    def __init__(self, open_run: Callable[[Shelved], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open_run = open_run
        self._inner: QWidget | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.cost = Label("", "small", wrap=True)

    def show_model(self, model: Shelved, timing: Timing | None) -> None:
        """Another model."""
        if self._inner is not None:
            self._inner.hide()
            self._inner.deleteLater()
        self.cost = Label("", "small", wrap=True)
        self.show_timing(model, timing)
        self._inner = QWidget()
        row = QHBoxLayout(self._inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        facts = self._facts(model)
        facts.setMaximumWidth(FACTS_WIDTH)
        column = QVBoxLayout()
        column.addWidget(facts)
        column.addStretch()
        row.addLayout(column, 1)
        row.addLayout(_figures(model.file.card), 1)
        self._row.addWidget(self._inner)

    def show_timing(self, model: Shelved, timing: Timing | None) -> None:
        """What it takes on this computer."""
        if timing is None:
            self.cost.say(T("being measured"))
            return
        if model.file.card.kind == "detector":
            height, width = FRAME
            words = T(
                "{ms} ms a picture of {width} x {height}, 95 % within {lo} to {hi} ms",
                ms=ms(timing.median), width=width, height=height, lo=ms(timing.lo), hi=ms(timing.hi),
            )  # fmt: skip
        else:
            words = T(
                "{ms} ms a face, the median lies between {lo} and {hi} ms (95 %)",
                ms=ms(timing.median),
                lo=ms(timing.lo),
                hi=ms(timing.hi),
            )
        self.cost.say(words)

    def _facts(self, model: Shelved) -> Card:
        card = model.file.card
        spec = card.input
        size = f"{spec.size[1]} x {spec.size[0]}" if spec.size[0] else str(T("any size"))
        rows: list[tuple[Text, Text | str]] = [
            (T("Origin"), card.origin or "-"),
            (T("Method"), card.method or "-"),
            (T("Learnt from"), card.trained_on or "-"),
            (T("Licence"), card.licence or "-"),
            (T("Limits"), card.limits or "-"),
            (T("Size"), T("{mb:.1f} MB, {n} parameters", mb=model.megabytes, n=millions(model.parameters))),
            (T("Sees"), T("{size}, {colour}", size=size, colour=spec.colour.upper())),
        ]
        if card.dim:
            rows.append((T("Answers with"), Tn("{n} number", "{n} numbers", card.dim)))
        rows.append((T("File"), str(model.file.path)))
        rows.append((T("Digest"), f"{card.id[:24]}…"))
        shown = Card(T("What it is"))
        shown.body.addLayout(key_values(rows, KEYS))
        here = QHBoxLayout()
        here.setSpacing(0)
        name = Label(T("Takes here"), "small", "text.2")
        name.setFixedWidth(KEYS)
        here.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        here.addWidget(self.cost, 1)
        shown.body.addLayout(here)
        if model.run is not None:
            words = T("Open run {n}", n=model.run.number) if model.run.number else T("Open the run")
            button = Button(words, icon="flask", size="small")
            button.clicked.connect(lambda: self._open_run(model))
            foot = QHBoxLayout()
            foot.addWidget(button)
            foot.addStretch()
            shown.body.addSpacing(4)
            shown.body.addLayout(foot)
        return shown


def _figures(card: ModelCard) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(12)
    shares = {name: each for name, each in card.metrics.items() if not name.startswith("genuine")}
    if shares:
        column.addWidget(_metrics(shares))
    if card.threshold:
        column.addWidget(_table(card))
    if not shares and not card.threshold:
        empty = Card(T("Accuracy"))
        empty.body.addWidget(
            Label(
                T("Its card carries no figures. Compare it with the recogniser in use, on your own people.")
                if card.kind == "embedder"
                else T("Its card carries no figures."),
                "body",
                "text.2",
                wrap=True,
            )
        )
        column.addWidget(empty)
    column.addStretch()
    return column


def _metrics(metrics: dict[str, Metric]) -> Card:
    card = Card(T("Accuracy"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    lowest = min(each.lo for each in metrics.values())
    scale = Scale(max(0.0, lowest - 0.03), min(1.0, max(each.hi for each in metrics.values()) + 0.03))
    for row, (name, each) in enumerate(metrics.items()):
        words = Label(METRICS.get(name, name), "small", wrap=True)
        words.setMinimumWidth(px(150))
        interval = Interval()
        interval.show_interval(
            (each.value, each.lo, each.hi),
            scale,
            "chart.1",
            T(
                "{value}, between {lo} and {hi} with 95 %, from {n} trials",
                value=share(each.value),
                lo=share(each.lo),
                hi=share(each.hi),
                n=each.n,
            ),
        )
        grid.addWidget(words, row, 0)
        grid.addWidget(interval, row, 1)
        grid.addWidget(_right(share(each.value), "medium"), row, 2)
        grid.addWidget(_right(T("n = {n}", n=each.n), "tiny", "text.2"), row, 3)
    card.body.addLayout(grid)
    note = T("Dot and whisker: the value with its 95 % interval, each on the data that the card names.")
    card.body.addWidget(Label(note, "small", "text.2", wrap=True))
    return card


def _table(model: ModelCard) -> Card:
    card = Card(T("Its own table of strangers"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(6)
    heads = (T("1 wrong in"), T("Likeness (cosine)"), T("95 % within"), T("Pairs tried"))
    for column, head in enumerate(heads):
        grid.addWidget(Label(head, "label", "text.2"), 0, column)
    grid.addWidget(Line(), 1, 0, 1, len(heads))
    for number, row in enumerate(sorted(model.threshold, key=lambda each: -each.far), start=2):
        cells: tuple[Text | str, ...] = (
            f"{1 / row.far:,.0f}",
            f"{row.value:.3f}",
            f"{row.lo:.3f} – {row.hi:.3f}",  # noqa: RUF001 -- a dash between figures
            f"{row.n:,}",
        )
        for column, cell in enumerate(cells):
            grid.addWidget(Label(cell, "small"), number, column)
    grid.setColumnStretch(len(heads), 1)
    card.body.addLayout(grid)
    note = T("Used until enough people are on file for a line of your own.")
    card.body.addWidget(Label(note, "small", "text.2", wrap=True))
    return card


def _right(words: Text | str, role: str, ink: str | None = None) -> QLabel:
    label = Label(words, role, ink)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
