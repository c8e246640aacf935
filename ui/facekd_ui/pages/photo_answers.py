"""The answers beside the photographs: who everyone is, or whether two are the same person."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from facekd.quality import Reason
from facekd.types import Image, State
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.curves import likeness_chart
from facekd_ui.pages.failures import REASONS
from facekd_ui.pages.guest_column import GuestColumn
from facekd_ui.pages.live_here import GuestItem, GuestLine
from facekd_ui.pages.live_presence import cut_out
from facekd_ui.services.closeness import Closeness, Kind
from facekd_ui.services.photo import Comparison, NamedFace
from facekd_ui.widgets.badges import StateGlyph
from facekd_ui.widgets.cards import Card, Facts, Panel
from facekd_ui.widgets.chart import ThresholdChart
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import Label

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


class Everyone(GuestColumn):
    """The list of faces of one photograph."""

    chosen = Signal(int)  # row

    def __init__(self) -> None:
        super().__init__(T("In this photograph"))
        self._items: list[GuestItem] = []

    @property
    def items(self) -> list[GuestItem]:
        """One for each face."""
        return list(self._items)

    def clear(self, note: Text) -> None:
        """Nobody is shown, and why."""
        for item in self._items:
            self.drop(item)
        self._items = []
        self.show_counts({})
        self.note.say(note)
        self.note.show()

    def show_faces(self, image: Image, faces: Sequence[NamedFace], file: str) -> None:
        """Everyone, best detection first; row numbers stand for tracks."""
        self.clear(
            T("No face was found in this photograph. One that is larger or more from the front may help.")
        )
        self.note.setVisible(not faces)
        for row, face in enumerate(faces):
            item = GuestItem(_line(row, face), file, 48)
            item.chosen.connect(self.chosen)
            cut = cut_out(image, face.box, 0.25, square=True)
            item.show_seen(None if cut is None else cut.image)
            self.entries.addWidget(item)
            self._items.append(item)
        self.show_counts(Counter(face.state for face in faces))

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
        self._facts = Facts()
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
        column.addWidget(self._facts)
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
        self._sure.say(
            T("No closer than two strangers often are")
            if comparison.closeness.kind is Kind.NONE
            else comparison.closeness.words()
        )
        self._next.say(_NEXT[state])
        for tile, shot in zip((self.first, self.second), comparison.faces, strict=True):
            if shot.crop is not None:
                tile.show_photo(QPixmap.fromImage(to_qimage(shot.crop, rgb=True)))
        if self._chart is not None:
            self._card.body.removeWidget(self._chart)
            self._chart.hide()
            self._chart.deleteLater()
        same = comparison.same_people
        self._chart = likeness_chart(
            comparison.strangers,
            same,
            comparison.line,
            (comparison.score, T("this pair")),
            height=180,
            cosine=cosine,
            same_word=T("same people"),
        )
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
        self._facts.show_rows(rows)


def _line(row: int, face: NamedFace) -> GuestLine:
    unknown = face.state is State.UNKNOWN
    sentence = (Closeness(Kind.NONE) if unknown else face.closeness).words()
    if face.reasons:
        sentence = T("No clear view: {why}", why=REASONS[Reason(face.reasons[0])])
    name = face.person or ""
    state = face.state if name else State.UNKNOWN
    return GuestLine(str(row), row, state, name, sentence, "", here=True, may_answer=False)
