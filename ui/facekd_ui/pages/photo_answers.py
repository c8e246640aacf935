"""The answers beside the photographs: who everyone is, or whether two are the same person."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd.quality import Reason
from facekd.types import Image, State
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.failures import REASONS
from facekd_ui.pages.live_here import GuestItem, GuestLine
from facekd_ui.pages.live_presence import cut_out
from facekd_ui.services.closeness import Bell, Closeness, Kind
from facekd_ui.services.photo import Comparison, NamedFace
from facekd_ui.widgets.badges import StateBadge, StateGlyph
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.cards import Card, Panel, key_values
from facekd_ui.widgets.chart import Curve, ThresholdChart
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import Label

SPREAD = 3.6  # standard deviations of a curve that are drawn
BEYOND = 0.08  # of cosine, free at the right of the comparison
_ANSWERS: dict[State, Text] = {
    State.KNOWN: T("The same person"),
    State.UNCERTAIN: T("Perhaps the same person"),
    State.UNKNOWN: T("Not shown to be the same person"),
}
_NEXT: dict[State, Text] = {
    State.KNOWN: T("The faces are closer than the line for a name."),
    State.UNCERTAIN: T(
        "Look again yourself, or take a photograph that is larger, sharper or more from the front."
    ),
    State.UNKNOWN: T("Two strangers look no more different than this. That is no proof of two people."),
}


class Everyone(Panel):
    """The list of faces of one photograph."""

    chosen = Signal(int)  # row

    def __init__(self) -> None:
        super().__init__("surface")
        self._badges = {
            state: StateBadge(state, "0") for state in (State.KNOWN, State.UNCERTAIN, State.UNKNOWN)
        }
        head = QHBoxLayout()
        head.setContentsMargins(16, 17, 16, 17)
        head.setSpacing(14)
        head.addWidget(Label(T("In this photograph"), "section"))
        head.addStretch()
        for badge in self._badges.values():
            head.addWidget(badge)
            badge.hide()
        self._note = Label("", "body", "text.2", wrap=True)
        self._items: list[GuestItem] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        inner = Panel("surface")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        note = QVBoxLayout()
        note.setContentsMargins(16, 14, 16, 14)
        note.addWidget(self._note)
        column.addLayout(self._list)
        column.addLayout(note)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(Line())
        whole.addWidget(scroll, 1)

    @property
    def items(self) -> list[GuestItem]:
        """One for each face."""
        return list(self._items)

    def clear(self, note: Text) -> None:
        """Nobody is shown, and why."""
        for item in self._items:
            self._list.removeWidget(item)
            item.hide()
            item.deleteLater()
        self._items = []
        for badge in self._badges.values():
            badge.hide()
        self._note.say(note)
        self._note.show()

    def show_faces(self, image: Image, faces: Sequence[NamedFace], file: str) -> None:
        """Everyone, best detection first; row numbers stand for tracks."""
        self.clear(
            T("No face was found in this photograph. One that is larger or more from the front may help.")
        )
        self._note.setVisible(not faces)
        for row, face in enumerate(faces):
            item = GuestItem(_line(row, face), file, 48)
            item.chosen.connect(self.chosen)
            cut = cut_out(image, face.box, 0.25, square=True)
            item.show_seen(None if cut is None else cut.image)
            self._list.addWidget(item)
            self._items.append(item)
        for state, badge in self._badges.items():
            count = sum(face.state is state for face in faces)
            badge.show_state(state, str(count))
            badge.setVisible(count > 0)

    def show_filed(self, photos: dict[int, QPixmap], faces: Sequence[NamedFace]) -> None:
        """The photographs on file, when they have come."""
        for item, face in zip(self._items, faces, strict=True):
            if face.person_id in photos:
                item.filed.show_photo(photos[face.person_id])

    def select(self, row: int | None) -> None:
        """Marks the face that is selected in the picture."""
        for number, item in enumerate(self._items):
            item.set_selected(selected=number == row)


class Answer(Panel):
    """Whether two photographs show one person: in words first, then as a place among strangers and same people."""

    def __init__(self) -> None:
        super().__init__("bg")
        self._glyph = StateGlyph("unknown", 22)
        self._title = Label("", "title", wrap=True)
        self._sure = Label("", "body", wrap=True)
        self._next = Label("", "body", "text.2", wrap=True)
        self.first, self.second = (
            FaceTile(112, T("Photograph {n}", n=1)),
            FaceTile(112, T("Photograph {n}", n=2)),
        )
        self._card = Card(T("Where this comparison lies"))
        self._chart: ThresholdChart | None = None
        self._unmeasured = Label(
            T("How alike photographs of one person are was not measured for this recogniser."),
            "small",
            "text.2",
            wrap=True,
        )
        self._card.body.addWidget(self._unmeasured)
        self._facts = QVBoxLayout()
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        faces = QHBoxLayout()
        faces.setSpacing(8)
        faces.addWidget(self.first)
        faces.addWidget(self.second)
        faces.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 20)
        column.setSpacing(14)
        column.addLayout(head)
        column.addLayout(faces)
        column.addWidget(self._sure)
        column.addWidget(self._next)
        column.addWidget(self._card)
        column.addLayout(self._facts)
        column.addStretch()

    @property
    def title(self) -> str:
        """The answer."""
        return self._title.text()

    @property
    def chart(self) -> ThresholdChart | None:
        """The curves, once there is an answer."""
        return self._chart

    def show_comparison(self, comparison: Comparison, *, cosine: bool) -> None:
        """`cosine` puts the figures into the chart's tooltip, for engineers."""
        state = comparison.state
        self._glyph.show_state(state)
        self._title.say(_ANSWERS[state])
        self._sure.say(comparison.closeness.words())
        self._next.say(_NEXT[state])
        for tile, shot in zip((self.first, self.second), comparison.faces, strict=True):
            if shot.crop is not None:
                tile.show_photo(QPixmap.fromImage(to_qimage(shot.crop, rgb=True)))
        if self._chart is not None:
            self._card.body.removeWidget(self._chart)
            self._chart.hide()
            self._chart.deleteLater()
        same = comparison.same_people
        self._chart = ThresholdChart(
            curve(comparison.strangers, comparison.score + BEYOND),
            Curve(()) if same is None else curve(same),
            comparison.line,
            mark=(comparison.score, T("this pair")),
            height=170,
        )
        if cosine:
            self._chart.tooltip_scores()
        self._card.body.insertWidget(1, self._chart)
        self._unmeasured.setVisible(same is None)
        self._show_facts(comparison)

    def _show_facts(self, comparison: Comparison) -> None:
        rows: list[tuple[Text, Text | str]] = []
        for number, shot in enumerate(comparison.faces, 1):
            words = ", ".join(str(REASONS[reason]) for reason in shot.reasons)
            rows.append((T("Photograph {n}", n=number), words or T("clear enough")))
        measured = comparison.strangers.n
        rows.append((T("Strangers"), Tn("{n} pair tried", "{n} pairs tried", measured)))
        if comparison.same_people is not None:
            same = comparison.same_people.n
            rows.append((T("Same people"), Tn("{n} pair tried", "{n} pairs tried", same)))
        while (item := self._facts.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        facts, layout = QWidget(), key_values(rows)
        layout.setContentsMargins(0, 0, 0, 0)
        facts.setLayout(layout)
        self._facts.addWidget(facts)


def curve(bell: Bell, to: float = -1.0) -> Curve:
    """The normal curve as points over cosines, drawn on to `to` where that lies further."""
    steps = [bell.mean + bell.std * SPREAD * (i / 40 - 1) for i in range(81)]
    steps += [to] if to > steps[-1] else []
    return Curve([(x, bell.height(x) * bell.std) for x in steps])


def _line(row: int, face: NamedFace) -> GuestLine:
    unknown = face.state is State.UNKNOWN
    sentence = (Closeness(Kind.NONE) if unknown else face.closeness).words()
    if face.reasons:
        sentence = T("No clear view: {why}", why=REASONS[Reason(face.reasons[0])])
    name = face.person or ""
    state = face.state if name else State.UNKNOWN
    return GuestLine(str(row), row, state, name, sentence, "", here=True, may_answer=False)
