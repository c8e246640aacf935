"""The rows of a comparison with the gate's word on each, and the two numbers that an administrator states."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from facekd.evaluation.gate import Answer, Terms, Verdict, Word
from facekd.evaluation.paired import OWN_PEOPLE, Paired
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.models_words import WORD_LOOKS, about, ms, one_decimal, share
from facekd_ui.services.comparing import Figures, Side
from facekd_ui.services.comparison import WORDS
from facekd_ui.services.model_shelf import Stated
from facekd_ui.theme.theme import px
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.fields import Choice, Field
from facekd_ui.widgets.interval import Interval, Scale, ScaleWords
from facekd_ui.widgets.labels import IconLabel, Label

TITLES: dict[str, Text] = {
    "finds": T("Finds the right person"),
    "strangers": T("Leaves strangers unnamed"),
    "same": T("Same person, two pictures"),
}
CONFIDENCES = (80, 90, 95, 99, 99.9)
WIDTHS = (224, 96, 96, 0, 132)
LEAST_MARGINS, MOST_MARGINS = 2.5, 10.0
"""A scale shows at least and at most so many times the margin to each side."""
MARGIN_RANGE = (0.05, 50.0)


@dataclass(slots=True)
class _Row:
    below: Label
    active: Label
    candidate: Label
    interval: Interval
    icon: IconLabel
    word: Label


class GateCard(Card):
    """`stated(margin in points, confidence in percent)` comes when the two numbers are others."""

    stated = Signal(float, float)

    def __init__(self, *, may_state: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(0)
        self._grid.setVerticalSpacing(0)
        for column, width in enumerate(WIDTHS):
            self._grid.setColumnMinimumWidth(column, px(width))
        self._grid.setColumnStretch(3, 1)
        self.body.addLayout(self._grid)
        self._last = 0
        self._head()
        self._rows = {name: self._row(title) for name, title in TITLES.items()}
        self._speed = self._plain_row(T("Speed per face"), T("this computer, alternating"))
        self._size = self._plain_row(T("Size"), T("of the file"))
        self.margin, self.confidence = Field(), Choice({f"{each:g}": f"{each:g} %" for each in CONFIDENCES})
        self.margin.setEnabled(may_state)
        self.confidence.setEnabled(may_state)
        self._by = Label("", "small", "text.2")
        self._may_state = may_state
        self._sentence()
        self.margin.editingFinished.connect(self._tell)
        self.confidence.chosen.connect(lambda _key: self._tell())

    # -- made of

    def _head(self) -> None:
        words = (T("Question"), T("Active"), T("Candidate"), None, T("Gate"))
        for column, word in enumerate(words):
            widget = (
                ScaleWords(T("worse"), T("same"), T("better"))
                if word is None
                else Label(word, "label", "text.2")
            )
            self._grid.addLayout(_cell(widget), 0, column)
        self._grid.setRowMinimumHeight(0, px(32))
        self._add_line()

    def _add_line(self) -> None:
        self._last += 1
        self._grid.addWidget(Line(), self._last, 0, 1, len(WIDTHS))

    def _row(self, title: Text) -> _Row:
        self._last += 1
        below = Label("", "tiny", "text.2")
        row = _Row(
            below, Label("", "body"), Label("", "medium"), Interval(), IconLabel("clock"), Label("", "body")
        )
        for column, cell in enumerate(
            (_two_lines(title, below), _cell(row.active), _cell(row.candidate), _bare(row.interval))
        ):
            self._grid.addLayout(cell, self._last, column)
        word = QHBoxLayout()
        word.setContentsMargins(16, 0, 8, 0)
        word.setSpacing(6)
        word.addWidget(row.icon)
        word.addWidget(row.word)
        word.addStretch()
        self._grid.addLayout(word, self._last, 4)
        self._grid.setRowMinimumHeight(self._last, px(46))
        self._add_line()
        return row

    def _plain_row(self, title: Text, below: Text) -> tuple[Label, Label, Label]:
        self._last += 1
        cells = Label("", "body"), Label("", "medium"), Label("", "small", "text.2")
        self._grid.addLayout(_two_lines(title, Label(below, "tiny", "text.2")), self._last, 0)
        for column, label in enumerate(cells, start=1):
            self._grid.addLayout(_cell(label), self._last, column)
        self._grid.setRowMinimumHeight(self._last, px(46))
        self._add_line()
        return cells

    def _sentence(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(10)
        self.margin.setFixedWidth(px(76))
        self.confidence.setFixedWidth(px(88))
        for field, name in (
            (self.margin, T("Points by which it may be worse")),
            (self.confidence, T("How sure we want to be")),
        ):
            say(field, name, "accessibleName")
        for word, field in (
            (T("May be worse by at most"), self.margin),
            (T("points, and we want to be"), self.confidence),
        ):
            row.addWidget(Label(word))
            row.addWidget(field)
        row.addWidget(Label(T("sure.")))
        row.addStretch()
        row.addWidget(self._by)
        self.body.addLayout(row)

    # -- what it shows

    def show_terms(self, stated: Stated) -> None:
        """The two numbers, and who stated them."""
        self.margin.setText(f"{stated.margin_points:g}")
        options = {f"{each:g}": f"{each:g} %" for each in sorted({*CONFIDENCES, stated.confidence_percent})}
        self.confidence.set_options(options)
        self.confidence.choose(f"{stated.confidence_percent:g}")
        if not self._may_state:
            self._by.say(T("An administrator states these."))
        elif stated.at is None:
            self._by.say(T("as shipped, nobody changed it"))
        else:
            self._by.say(
                T("stated by {name}, {day}", name=stated.by or "-", day=date(stated.at.astimezone()))
            )

    def show_figures(self, figures: Figures, verdict: Verdict) -> None:
        """Rows, by the terms of the verdict."""
        answers = {answer.question: answer for answer in verdict.answers}
        scale = _scale(verdict)
        for question in figures.questions:
            if question.question in self._rows:
                self._show_row(
                    self._rows[question.question], question, answers[question.question], scale, figures
                )
        active, candidate = figures.active, figures.candidate
        speed = candidate.ms.median / active.ms.median
        values = (f"{ms(active.ms.median)} ms", f"{ms(candidate.ms.median)} ms")
        _show_change(self._speed, values, _time_words(speed))
        size = candidate.megabytes / active.megabytes
        _show_change(
            self._size, (f"{active.megabytes:.1f} MB", f"{candidate.megabytes:.1f} MB"), _size_words(size)
        )

    def _show_row(self, row: _Row, question: Paired, answer: Answer, scale: Scale, figures: Figures) -> None:
        row.below.say(_below(question, figures.active))
        asked = question.people > 0
        row.active.say(share(question.active.value) if asked else "-")
        row.candidate.say(share(question.candidate.value) if asked else "-")
        icon, ink = WORD_LOOKS[answer.word]
        words = T(
            "{word}: {difference:+.2f} points, between {lo:+.2f} and {hi:+.2f}",
            word=WORDS[answer.word],
            difference=100 * answer.difference,
            lo=100 * answer.lo,
            hi=100 * answer.hi,
        )
        figure = (answer.difference, answer.lo, answer.hi) if asked else None
        row.interval.show_interval(figure, scale, ink, words if asked else T("not asked"))
        row.icon.show_icon(icon, ink)
        row.word.say(WORDS[answer.word])
        row.word.set_ink(ink)

    def _tell(self) -> None:
        margin = one_decimal(self.margin.text())
        if margin is None or not MARGIN_RANGE[0] <= margin <= MARGIN_RANGE[1]:
            self._by.say(T("Expected {low} to {high} points.", low=MARGIN_RANGE[0], high=MARGIN_RANGE[1]))
            self._by.set_ink("danger")
            return
        self._by.set_ink("text.2")
        self.stated.emit(margin, float(self.confidence.value))


def gate_words(verdict: Verdict) -> tuple[str, Text, Text]:
    """Kind of banner, its bold half, and the rest: whether the gate is open, why, and what would settle it."""
    terms = verdict.terms
    margin, sure = f"{100 * terms.margin:g}", f"{100 * terms.confidence:g}"
    if verdict.open:
        rest = T("No answer is worse by more than {margin} points, {sure} % sure.", margin=margin, sure=sure)
        return "success", T("The gate is open."), rest
    worse = [answer for answer in verdict.closed_by if answer.word is Word.WORSE]
    first = max(worse or verdict.closed_by, key=lambda answer: -answer.lo, default=None)
    if first is None:
        return "warning", T("The gate is not open."), T("Nothing could be asked.")
    if worse:
        lead = Tn(
            "The gate is closed: {n} answer is worse.",
            "The gate is closed: {n} answers are worse.",
            len(worse),
        )
        rest = T(
            "{question}: worse by {least} to {most} points.",
            question=TITLES[first.question],
            least=f"{-100 * first.hi:.1f}",
            most=f"{-100 * first.lo:.1f}",
        )
        return "danger", lead, rest
    count = len(verdict.closed_by)
    lead = Tn(
        "The gate is not open yet: {n} answer is not sure.",
        "The gate is not open yet: {n} answers are not sure.",
        count,
    )
    return "warning", lead, _what_settles(first)


def _what_settles(answer: Answer) -> Text:
    title = TITLES[answer.question]
    if answer.lo <= -1:
        if answer.more_people is None:
            return T("{question}: nobody has photographs that could tell.", question=title)
        return T(
            "{question}: it could not be asked. About {n} people with two photographs or more would tell.",
            question=title,
            n=about(answer.more_people),
        )
    most = f"{-100 * answer.lo:.1f}"
    if answer.more_people is None:
        return T(
            "{question}: it may be up to {most} points worse, and more people would not settle that soon.",
            question=title,
            most=most,
        )
    return T(
        "{question}: it may be up to {most} points worse. About {n} more people on file would tell.",
        question=title,
        most=most,
        n=about(answer.more_people),
    )


def _below(question: Paired, active: Side) -> Text:
    if question.people == 0:
        return T("too few photographs")
    if question.basis != OWN_PEOPLE:
        return T("by the cards, {n} people on file", n=question.people)
    if question.question == "finds":
        return Tn("{n} person, leave one out", "{n} people, leave one out", question.people)
    if question.question == "same":
        return T("{n} pairs, at 1 wrong in {far}", n=question.trials, far=round(1 / float(question.detail)))
    if active.promised:
        return T("{n} people, by the promise", n=question.people)
    return T("{n} people, each as a stranger", n=question.people)


def _scale(verdict: Verdict) -> Scale:
    margin = verdict.terms.margin
    ends = [abs(end) for answer in verdict.answers for end in (answer.lo, answer.hi)]
    half = min(MOST_MARGINS * margin, max([LEAST_MARGINS * margin, *(1.1 * end for end in ends)]))
    return Scale(-half, half, middle=0.0, zone=-margin)


def _show_change(row: tuple[Label, Label, Label], values: tuple[str, str], words: Text) -> None:
    row[0].say(values[0])
    row[1].say(values[1])
    row[2].say(words)


def _time_words(ratio: float) -> Text:
    percent = round(abs(100 * (1 - ratio)))
    if not percent:
        return T("the same time")
    return T("{n} % less time", n=percent) if ratio < 1 else T("{n} % more time", n=percent)


def _size_words(ratio: float) -> Text:
    percent = round(abs(100 * (1 - ratio)))
    if not percent:
        return T("the same size")
    return T("{n} % smaller", n=percent) if ratio < 1 else T("{n} % larger", n=percent)


def _cell(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(16, 0, 8, 0)
    row.addWidget(widget)
    return row


def _bare(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(16, 6, 8, 6)
    column.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
    return column


def _two_lines(title: Text, below: Label) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(16, 6, 8, 6)
    column.setSpacing(0)
    column.addWidget(Label(title, "medium"))
    column.addWidget(below)
    return column


def terms_of(stated: Stated) -> Terms:
    """For the gate."""
    return Terms(stated.margin_points / 100, stated.confidence_percent / 100)
