"""Parts of the threshold tab: one consequence, the table of choices, and how promises are said."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from facekd.calibration import FEWEST_PEOPLE, Basis, Promise, Refusal
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.models_words import about, in_thousand
from facekd_ui.services.promises import refusal_words
from facekd_ui.theme.theme import px
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.promise_slider import HIGH, LOW

LINE = 16  # of small words
BASES: dict[Basis, Text] = {Basis.COUNTED: T("counted"), Basis.ESTIMATED: T("estimated")}


class Consequence(QWidget):
    """A heading, what it comes to, and its base."""

    def __init__(self, heading: Text) -> None:
        super().__init__()
        self.value, self.base = Label("", "heading"), Label("", "small", "text.2", wrap=True)
        self.base.setMinimumHeight(px(2 * LINE))  # it begins empty; later words need no new layout
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 14, 12)
        column.setSpacing(3)
        column.addWidget(Label(heading, "small", "text.2"))
        column.addWidget(self.value)
        column.addWidget(self.base)
        column.addStretch()

    def show_words(self, value: Text | str, base: Text | str) -> None:
        """Other words."""
        self.value.say(value)
        self.base.say(base)


class Choices(Card):
    """The table: 1 wrong in, get no name, rests on. `chosen` carries the number of the row that was clicked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.body.setContentsMargins(0, 6, 0, 10)
        self.body.setSpacing(0)
        self._rows: dict[int, Button] = {}
        self._grid = QVBoxLayout()
        self._grid.setSpacing(0)
        self.body.addLayout(_three(T("1 wrong in"), T("Get no name"), T("Rests on"), "label", "text.2"))
        self.body.addWidget(Line())
        self.body.addLayout(self._grid)
        self.body.addStretch()
        note = Label(
            T("Each new recogniser gets a new line by the same promise."), "small", "text.2", wrap=True
        )
        note.setContentsMargins(16, 8, 16, 0)
        self.body.addWidget(note)

    def show_choices(self, choices: tuple[Promise | Refusal, ...], now: int) -> None:
        """Other answers."""
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._rows = {}
        for answer in choices:
            if not LOW <= answer.strangers <= HIGH:
                continue
            row = Button("", "quiet")
            row.setCheckable(True)
            row.setFixedHeight(px(30))
            missed: Text | str = "-"
            rests, ink = T("refused"), "text.disabled"
            if isinstance(answer, Promise):
                missed = in_thousand(answer.fnir.value) if answer.fnir is not None else "-"
                rests, ink = BASES[answer.basis], "text"
            words = T(
                "1 wrong in {n}: {missed} get no name, {rests}",
                n=answer.strangers,
                missed=missed,
                rests=rests,
            )
            say(row, words, "accessibleName")
            layout = _three(
                f"{answer.strangers:,}", missed, rests, "medium" if answer.strangers == now else "body", ink
            )
            row.setLayout(layout)
            row.clicked.connect(lambda _on=False, number=answer.strangers: self.chosen.emit(number))
            self._rows[answer.strangers] = row
            self._grid.addWidget(row)

    def mark(self, number: int) -> None:
        """The row of the number in the sentence."""
        for each, row in self._rows.items():
            row.setChecked(each == number)


def _three(first: Text | str, second: Text | str, third: Text | str, role: str, ink: str) -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(16, 2, 8, 2)
    for column, (words, part) in enumerate(((first, 3), (second, 4), (third, 3))):
        label = Label(words, role, None if ink == "text" else ink)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        grid.addWidget(label, 0, column)
        grid.setColumnStretch(column, part)
    return grid


def refusal_parts(answer: Refusal) -> tuple[Text, Text | str]:
    """The sentence of the service, its first half bold."""
    if answer.people < FEWEST_PEOPLE:
        return refusal_words(answer), ""
    return (
        T(
            "1 in {strangers} cannot be promised with {people} people.",
            strangers=answer.strangers,
            people=answer.people,
        ),
        T(
            "It would need about {more} more with three photos each. FaceKD would rather say so than guess.",
            more=about(answer.people_needed - answer.people),
        ),
    )


def how_often(a_day: float) -> Text:
    """ "about one in 7 days"."""
    if a_day >= 1.5:
        return T("about {n} a day", n=round(a_day))
    days = round(1 / a_day) if a_day > 0 else 0
    if not 0 < days <= 3650:
        return T("less than one in ten years")
    return Tn("about one a day", "about one in {n} days", days)
