"""The line for a name as a promise: one number to choose, what it costs, what it rests on, and when it is refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QRegularExpression, QTimer
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from facekd.calibration import Basis, Promise, Refusal
from facekd_db.records import EventFilter, Role
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.models_promise_parts import Choices, Consequence, how_often, refusal_parts
from facekd_ui.pages.models_words import in_thousand
from facekd_ui.services.promises import Overview, promise_words
from facekd_ui.theme.theme import px, set_type
from facekd_ui.widgets.banners import Banner, ErrorState
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.chart import Curve, ThresholdChart
from facekd_ui.widgets.fields import Field
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.promise_slider import PromiseSlider

WAIT_MS = 250
DAYS = 7  # of records, for how many strangers come to this door


@dataclass(frozen=True, slots=True)
class _Read:
    overview: Overview
    line: tuple[float, float]  # cosines in force: of a name, and of an uncertain one
    strangers_a_day: float | None  # None: nobody may or can tell


class ThresholdTab(QWidget):
    """Of the recogniser in use: the promise belongs to it and to the people on file."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._read: _Read | None = None
        self._answer: Promise | Refusal | None = None
        self._before: int | None = None
        self.field = Field()
        self.field.setValidator(QRegularExpressionValidator(QRegularExpression(r"[\d, ]{1,9}"), self))
        self.field.setFixedWidth(px(128))
        set_type(self.field, "title")
        say(self.field, T("Strangers for one wrong name"), "accessibleName")
        self.field.textEdited.connect(self._typed)
        self.slider = PromiseSlider()
        self.slider.moved.connect(self._slid)
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._ask_answer)
        self.consequences = [Consequence(head) for head in (
            T("People on file who get no name"), T("Wrong names at your door"), T("What the promise rests on"),
        )]  # fmt: skip
        self.chart = ThresholdChart(
            Curve(()), Curve(()), 0.5, height=212, same_word=T("the same, as themselves")
        )
        self.table = Choices()
        self.table.chosen.connect(self._take)
        self.banner = Banner("info", "")
        self.apply = Button(T("Use this promise"), "primary")
        self.apply.clicked.connect(self._apply)
        self.undo = Button(T("Undo change"), icon="undo")
        self.undo.clicked.connect(self._undo)
        self.undo.hide()
        self._foot = Label("", "small", "text.2", wrap=True)
        self._whose = Banner("info", "")
        self._whose.hide()
        self.error = ErrorState()
        self.error.retry.connect(self.refresh)
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self._filled = self._lay_out()
        self._stack.addWidget(self._filled)
        self._stack.addWidget(self.error)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    # -- made of

    def _lay_out(self) -> QWidget:
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        sentence = QHBoxLayout()
        sentence.setSpacing(10)
        sentence.addWidget(Label(T("At most 1 wrong name in"), "title"))
        sentence.addWidget(self.field)
        sentence.addWidget(Label(T("strangers."), "title"))
        sentence.addStretch()
        top = Card()
        top.body.addLayout(sentence)
        top.body.addSpacing(6)
        top.body.addWidget(self.slider)
        column.addWidget(self._whose)
        column.addWidget(top)
        three = Card()
        three.body.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(0)
        for place, each in enumerate(self.consequences):
            if place:
                row.addWidget(Line(standing=True))
            row.addWidget(each, 1)
        three.body.addLayout(row)
        column.addWidget(three)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        drawn = self._drawn = Card(T("How close strangers come, and people on file"))
        ends = QHBoxLayout()
        ends.addWidget(Label(T("further"), "tiny", "text.2"))
        ends.addStretch()
        ends.addWidget(Label(T("closer"), "tiny", "text.2"))
        drawn.body.addLayout(ends)
        drawn.body.addWidget(self.chart)
        drawn.body.addStretch()
        middle.addWidget(drawn, 2)
        middle.addWidget(self.table, 1)
        column.addLayout(middle)
        column.addWidget(self.banner)
        column.addStretch()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._foot, 1)
        foot.addWidget(self.undo)
        foot.addWidget(self.apply)
        column.addLayout(foot)
        return filled

    # -- what the page calls

    def show_owner(self, active: str | None) -> None:
        """Whose line it is, where another model is chosen; None: it is that one's."""
        self._whose.setVisible(active is not None)
        if active is not None:
            lead = T("This is the line of the recogniser in use, {name}.", name=active)
            self._whose.show_message("info", lead, T("Another one gets its own, by the same promise."), ())

    def refresh(self) -> None:
        """Reads what is in force. The first time this takes a second for thousands of people."""
        services, session = self._context.services, self._context.session

        def read() -> _Read:
            overview, line = services.promises.overview(), services.models.line()
            if not session.may("records.tally"):
                return _Read(overview, line, None)
            since = datetime.now().astimezone() - timedelta(days=DAYS)
            unknown = services.records.tally(EventFilter(since=since)).get("unknown", 0)
            return _Read(overview, line, unknown / DAYS)

        self._context.work.run(
            lambda _progress: read(), self._show, self._failed, over=self, title=T("Trying everyone as a stranger"),
            replaces="promise",
        )  # fmt: skip

    # -- inside

    def _failed(self, error: Exception) -> None:
        self.error.show_error(
            T("The promise cannot be read"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)

    def _show(self, read: _Read) -> None:
        self._read = read
        overview = read.overview
        self.slider.show_zones(overview.zones.counted, overview.zones.estimated)
        self.slider.setEnabled(overview.zones.estimated > 0)
        self.table.show_choices(overview.choices, overview.strangers)
        self._take(overview.strangers)
        self._stack.setCurrentWidget(self._filled)

    @property
    def number(self) -> int:
        """What stands in the sentence; 0 while it is no number."""
        digits = self.field.text().replace(",", "").replace(" ", "")
        return int(digits) if digits.isdecimal() else 0

    def _take(self, number: int) -> None:
        self.field.setText(f"{number:,}")
        self._changed()

    def _slid(self, number: int) -> None:
        self.field.setText(f"{number:,}")
        self._wait.start()

    def _typed(self, _text: str) -> None:
        self._wait.start()

    def _changed(self) -> None:
        self._wait.stop()
        self._ask_answer()

    def _ask_answer(self) -> None:
        number, promises = self.number, self._context.services.promises
        if not number:
            return
        self._context.work.run(
            lambda _progress: promises.at(number),
            lambda answer: self._show_answer(number, answer),
            self._not_answered,
            over=self,
            replaces="promise at",
        )

    def _not_answered(self, error: Exception) -> None:
        self.banner.show_message("warning", explain(error), "", ())
        self.banner.show()
        self.apply.setEnabled(False)

    def _show_answer(self, number: int, answer: Promise | Refusal) -> None:
        if number != self.number or self._read is None:
            return
        self._answer = answer
        overview = self._read.overview
        self.slider.show_value(number)
        self.table.mark(number)
        self._show_consequences(answer)
        self._show_chart(answer)
        self._show_words(answer)
        chosen = isinstance(answer, Promise) and number != overview.strangers
        may = self._context.session.may("promises.choose")
        self.apply.setEnabled(chosen and may)
        self.undo.setVisible(self._before is not None and may)
        self._foot.say(self._foot_words(may=may))

    def _show_consequences(self, answer: Promise | Refusal) -> None:
        assert self._read is not None
        overview, (missed, door, rests) = self._read.overview, self.consequences
        if isinstance(answer, Refusal):
            for each in self.consequences:
                each.show_words("-", "")
            if (
                answer.strangers == overview.strangers
            ):  # it is in force all the same, by the recogniser's own table
                rests.show_words(
                    T("the shipped table"),
                    Tn(
                        "{n} person on file cannot carry it",
                        "{n} people on file cannot carry it",
                        overview.people,
                    ),
                )
            return
        if answer.fnir is None:
            missed.show_words(T("not known"), T("nobody has two photographs"))
        else:
            low, high = round(1000 * answer.fnir.lo), round(1000 * answer.fnir.hi)
            missed.show_words(
                in_thousand(answer.fnir.value),
                T("{low} to {high} in 1,000, shown as “uncertain” or “unknown”", low=low, high=high),
            )
        a_day = self._read.strangers_a_day
        if not a_day:
            door.show_words(T("not known"), T("no strangers were recorded in the last {n} days", n=DAYS))
        else:
            door.show_words(
                how_often(a_day * answer.fpir),
                Tn(
                    "at {n} stranger a day; 95 % sure, {most} at most",
                    "at {n} strangers a day; 95 % sure, {most} at most",
                    round(a_day),
                    most=how_often(a_day * answer.hi),
                ),
            )
        rests.show_words(
            Tn("{n} trial", "{n} trials", overview.photos),
            T("every photograph tried against all other {n} people", n=max(0, overview.people - 1))
            if answer.basis is Basis.COUNTED
            else T("and what their closest come to, carried on beyond what was tried"),
        )

    def _show_chart(self, answer: Promise | Refusal) -> None:
        assert self._read is not None
        drawing = self._read.overview.drawing
        self._drawn.setVisible(drawing is not None)
        if drawing is None:
            return
        line, uncertain = self._read.line
        price: Text | str = ""
        if isinstance(answer, Promise):
            line, uncertain = answer.threshold, answer.uncertain
            price = in_thousand(answer.fnir.value) if answer.fnir is not None else ""
        strangers = Curve(list(zip(drawing.scores, drawing.strangers.fitted, strict=True)))
        same = Curve(list(zip(drawing.scores, drawing.same.fitted, strict=True)) if drawing.same else ())
        self.chart.show_curves(strangers, same, line)
        self.chart.show_price(uncertain, price)
        if self._context.session.role is Role.ENGINEER:
            say(
                self.chart,
                T("line {line:.3f}, uncertain from {uncertain:.3f}", line=line, uncertain=uncertain),
                "toolTip",
            )

    def _show_words(self, answer: Promise | Refusal) -> None:
        assert self._read is not None
        overview = self._read.overview
        if isinstance(answer, Refusal):
            self.banner.show_message("info", *refusal_parts(answer), ())
            self.banner.show()
        elif overview.alike:
            pair = overview.alike[0]
            self.banner.show_message(
                "warning",
                T(
                    "{first} and {second} look like one person on file twice.",
                    first=pair.first_name,
                    second=pair.second_name,
                ),
                T("They are left out of this count. Merge them, or say that they are two."),
                ((T("Open {name}", name=pair.first_name), lambda: self._context.go("people", pair.first)),),
            )
            self.banner.show()
        else:
            self.banner.hide()

    def _foot_words(self, *, may: bool) -> Text:
        assert self._read is not None
        overview = self._read.overview
        if not may:
            return T("An administrator chooses the promise.")
        if overview.changed_at is None:
            return T("Nobody changed it yet. It takes effect at once on every desk.")
        return T(
            "Last change: 1 in {n}, by {name}, {day}. Takes effect at once on every desk.",
            n=overview.strangers,
            name=overview.changed_by or "-",
            day=date(overview.changed_at.astimezone()),
        )

    # -- putting it in force

    def _apply(self) -> None:
        if self._read is not None and isinstance(self._answer, Promise):
            self._choose(self._answer.strangers, before=self._read.overview.strangers)

    def _undo(self) -> None:
        if self._before is not None:
            self._choose(self._before, before=None)

    def _choose(self, strangers: int, before: int | None) -> None:
        assert self._read is not None
        version, promises = self._read.overview.version, self._context.services.promises

        def done(promise: Promise) -> None:
            self._before = before
            self._context.toasts.show(promise_words(promise))
            self.refresh()

        self.apply.setEnabled(False)
        self._context.work.run(
            lambda _progress: promises.choose(strangers, version), done, self._refused, over=self
        )

    def _refused(self, error: Exception) -> None:
        self._context.fail(error)
        self.refresh()
