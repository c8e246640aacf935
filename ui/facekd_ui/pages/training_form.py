"""A run before its start, in the order of thinking: pictures, who teaches whom, method, purpose, numbers."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.training_estimate import EstimatePanel
from facekd_ui.pages.training_measuring import Measuring
from facekd_ui.pages.training_numbers import Numbers
from facekd_ui.pages.training_pictures import PicturesSection
from facekd_ui.pages.training_teachers import TeachersSection
from facekd_ui.services.training import Teachers
from facekd_ui.services.training_crops import OwnPeople
from facekd_ui.services.training_drafts import (
    PURPOSE_WORDS,
    PURPOSES,
    Described,
    Draft,
    apply_purpose,
    draft_fault,
    pictures_fault,
    put_value,
    teacher_fault,
    value_of,
)
from facekd_ui.services.training_fields import FieldSpec, Value, important
from facekd_ui.services.training_runs import Run
from facekd_ui.services.training_words import METHOD_HELP, method_word
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Line, Segments
from facekd_ui.widgets.cards import OptionCard, OptionGroup, Panel
from facekd_ui.widgets.fields import Choice, Field
from facekd_ui.widgets.labels import Label

FORM, SIDE, NARROW_SIDE, NARROW_BELOW = 712, 380, 320, 1000
FEATURED = ("ccskd", "mskd_ssr")
"""Methods with a card of their own; every other one, those that are still to be written included, is in the list."""
OTHER = "other"
SECTION_WORDS: dict[str, Text] = {
    "method": T("The method"),
    "budget": T("How long, how fast, where"),
    "optimiser": T("How the student moves"),
    "augment": T("How pictures are varied"),
    "student": T("The student"),
    "data": T("The pictures"),
}


class TrainingForm(QWidget):
    """Edits one draft. `start_asked` and `save_asked` carry it."""

    start_asked = Signal(object)
    save_asked = Signal(object)
    changed = Signal()

    def __init__(
        self,
        context: PageContext,
        start: Button,
        save: Button,
        *,
        measures: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """`measures`: begins the warm-up by itself once the draft is complete."""
        super().__init__(parent)
        self._context = context
        self.draft = Draft()
        self._described: Described | None = None
        self._specs: dict[tuple[str, str], FieldSpec] = {}
        self._all = False
        self.title = Field(T("A name, if it shall have one"))
        say(self.title, T("Name of the run"), "accessibleName")
        self.title.textChanged.connect(self._titled)
        self.heading = Label(T("New run"), "title")
        self.banner = Banner("warning", "")
        self.banner.hide()
        self.pictures, self.teachers = PicturesSection(), TeachersSection(context)
        self.methods: dict[str, OptionCard] = {}
        self.other = Choice({"": ""})
        say(self.other, T("Another method"), "accessibleName")
        self.purpose = Segments({key: PURPOSE_WORDS[key] for key in PURPOSES}, T("Purpose"))
        self._purpose_note = Label("", "small", "text.2")
        self.numbers = Numbers()
        self._count = Label("", "small", "text.2")
        self.show_all = Button(T("show all"), "link")
        self.show_all.clicked.connect(self._toggle_all)
        self.side = EstimatePanel(start, save)
        self.measuring = Measuring(self, context, by_itself=measures)
        self._method_place = QHBoxLayout()
        self._lay_out()
        self._connect()

    # -- from outside

    def show_draft(
        self,
        draft: Draft,
        described: Described,
        teachers: Teachers,
        own: OwnPeople,
        run: Run | None,
    ) -> None:
        """Another draft; what was measured belongs to the one before."""
        self.measuring.forget()
        self.draft, self._described = draft, described
        with _blocked(self.title, self.purpose):
            self.title.setText(draft.title)
            self.purpose.choose(draft.purpose)
        number = run.about.number if run is not None else 0
        self.heading.say(T("Run {n}, not started", n=number) if number else T("New run"))
        self._make_methods()
        self.pictures.show_draft(draft, own)
        self.teachers.show_draft(draft, described, teachers)
        self.side.show_nothing()
        self._show_numbers()
        self._told()

    def show_devices(self, devices: list[dict[str, Any]]) -> None:
        """Where it could run."""
        self.side.show_devices(devices, str(self.draft.get("budget", "device", "auto")))

    def fault(self) -> Text | str | None:
        """Why it cannot start; None when it can."""
        if self._described is None:
            return T("The trainer has not said yet what it can do")
        found: Text | str | None = pictures_fault(self.draft) or teacher_fault(self.draft, self._described)
        if found is None and self.numbers.faults:
            found = self.numbers.faults[0].text
        if (
            found is None
            and not self.draft.own_people
            and (error := draft_fault(self.draft, Path())) is not None
        ):
            found = relayed(error)
        return found

    def submit(self, signal: Callable[[Draft], object]) -> bool:
        """Checks everything, then hands the draft over; what is wrong is shown instead."""
        self.numbers.judge_all()
        fault = self.fault()
        if fault is not None:
            self.banner.show_message("danger", fault, "", ())
            self.banner.show()
            self.numbers.focus_first_fault()
            return False
        self.banner.hide()
        signal(self.draft)
        return True

    def shut_down(self) -> None:
        """The page goes."""
        self.measuring.forget()

    @property
    def method(self) -> str:
        """Of the draft."""
        return str(self.draft.get("method", "name", ""))

    # -- made of

    def _lay_out(self) -> None:
        inner = Panel("bg")
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 18, 24, 24)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(self.heading)
        head.addStretch()
        self.title.setFixedWidth(240)
        head.addWidget(self.title)
        column.addLayout(head)
        column.addWidget(self.banner)
        column.addSpacing(4)
        column.addLayout(_titled(T("Pictures to learn from"), self.pictures.note))
        column.addWidget(self.pictures)
        column.addSpacing(8)
        column.addLayout(_titled(T("Who teaches whom"), self.teachers.stages))
        column.addWidget(self.teachers)
        column.addSpacing(8)
        column.addLayout(_titled(T("Method")))
        self._method_place.setSpacing(12)
        column.addLayout(self._method_place)
        column.addWidget(self.other)
        column.addSpacing(8)
        self._purpose_note.say(T("changes the numbers below, all still yours to change"))
        column.addLayout(_titled(T("Purpose"), self._purpose_note))
        column.addWidget(self.purpose)
        column.addSpacing(8)
        self._numbers_title = Label("", "strong")
        row = QHBoxLayout()
        row.addWidget(self._numbers_title)
        row.addStretch()
        row.addWidget(self._count)
        row.addWidget(self.show_all)
        column.addLayout(row)
        column.addWidget(self.numbers)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addWidget(Line(standing=True))
        self.side.setFixedWidth(SIDE)
        whole.addWidget(self.side)

    def fit(self, width: int) -> None:
        """The right column is narrower in small windows."""
        self.side.setFixedWidth(NARROW_SIDE if width < NARROW_BELOW else SIDE)

    def _connect(self) -> None:
        self.pictures.changed.connect(self._pictures_changed)
        self.teachers.changed.connect(self._told)
        self.other.chosen.connect(self._choose_method)
        self.purpose.changed.connect(self._purpose_changed)
        self.numbers.changed.connect(self._number_changed)
        self.numbers.judged.connect(self.changed)
        self.side.measure_asked.connect(self.measuring.measure)
        self.side.cancel_asked.connect(self.measuring.cancel)
        self.measuring.ended.connect(self.changed)
        self.side.device_chosen.connect(self._device_chosen)

    def _make_methods(self) -> None:
        """Cards for the two methods of this product, a list for all others."""
        assert self._described is not None
        while (item := self._method_place.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        task = self.draft.get("data", "task", "face")
        known = self._described.methods_for(task)
        cards: dict[str, OptionCard] = {}
        for name in FEATURED:
            if name in known:
                cards[name] = OptionCard(T("{method}", method=method_word(name)), METHOD_HELP[name])
        rest = {name: method_word(name, title) for name, title in known.items() if name not in FEATURED}
        cards[OTHER] = OptionCard(
            T("A baseline"), T("No teacher, KD, RKD, cosine and whatever else is there.")
        )
        for key, card in cards.items():
            self._method_place.addWidget(card, 1)
            card.chosen.connect(partial(self._card_chosen, key))
        if self.method not in known:
            self.draft.table["method"] = {"name": next(iter(known))}
        self.methods = cards
        self.method_group = OptionGroup(cards, self.method if self.method in cards else OTHER)
        self.other.set_options(rest)
        if self.method in rest:
            self.other.choose(self.method)
        self.other.setVisible(self.method not in cards)

    def _show_numbers(self) -> None:
        """The rows of the method that is chosen; six of them, or all in their groups."""
        assert self._described is not None
        described, draft = self._described, self.draft
        task = draft.get("data", "task", "face")
        method = described.method_fields(self.method, task, draft.get("method", "preset"))
        budget = described.section_fields("budget", draft)
        sections = {
            "method": method,
            "budget": budget,
            "optimiser": described.section_fields("optimiser", draft),
            "augment": described.section_fields("augment", draft),
            "student": described.student_fields(draft.get("student", "network")),
            "data": described.section_fields("data", draft),
        }
        every = [spec for specs in sections.values() for spec in specs]
        first = important(budget, method)
        self._specs = {spec.place: spec for spec in every}
        values = {spec.place: value_of(draft, spec) for spec in every}
        groups: list[tuple[Text | str, Any]] = (
            [(SECTION_WORDS[key], specs) for key, specs in sections.items()] if self._all else [("", first)]
        )
        self.numbers.show_groups(groups, values)
        self._numbers_title.say(T("Numbers of {method}", method=method_word(self.method)))
        self._count.say("" if self._all else T("{n} of {all} ·", n=len(first), all=len(every)))
        self.show_all.say(T("show the six that matter") if self._all else T("show all"))

    # -- what is done

    def _titled(self, words: str) -> None:
        self.draft.title = words.strip()

    def _pictures_changed(self) -> None:
        self._make_methods()
        self.teachers.refill()
        self._show_numbers()
        self._told()

    def _card_chosen(self, key: str) -> None:
        self.other.setVisible(key == OTHER)
        self._choose_method(self.other.value if key == OTHER else key)

    def choose_method(self, name: str) -> None:
        """As if its card, or its line in the list, were chosen."""
        card = self.methods.get(name)
        if card is not None:
            card.choose()
        else:
            self.other.choose(name)
            self.methods[OTHER].choose()

    def _choose_method(self, name: str) -> None:
        if name != self.method:
            self.draft.table["method"] = {"name": name}
            self._show_numbers()
            self._told()

    def _purpose_changed(self, key: str) -> None:
        assert self._described is not None
        apply_purpose(self.draft, self._described, key, self.measuring.pace)  # type: ignore[arg-type]  # one of PURPOSES
        self._show_numbers()
        self._told()

    def _number_changed(self, place: tuple[str, str], value: Value) -> None:
        put_value(self.draft, self._specs[place], value)
        if place == ("optimiser", "name"):  # others follow from it
            QTimer.singleShot(0, self, self._show_numbers)
        self._told()

    def _device_chosen(self, key: str) -> None:
        self.draft.put("budget", "device", None if key == "auto" else key)
        self._told()

    def _toggle_all(self) -> None:
        self.numbers.judge_all()
        self._all = not self._all
        self._show_numbers()

    def _told(self) -> None:
        """The draft is another one."""
        self.banner.hide()
        self.measuring.draft_changed()
        self.changed.emit()


def _titled(word: Text, right: QWidget | None = None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(Label(word, "strong"))
    row.addStretch()
    if right is not None:
        row.addWidget(right)
    return row


@contextlib.contextmanager
def _blocked(*widgets: QWidget) -> Any:
    before = [widget.blockSignals(True) for widget in widgets]
    try:
        yield
    finally:
        for widget, was in zip(widgets, before, strict=True):
            widget.blockSignals(was)
