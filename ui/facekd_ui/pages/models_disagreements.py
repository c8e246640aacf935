"""Photographs on which two recognisers give different answers: the face, whom it was taken for, both answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.records_pictures import pixmap
from facekd_ui.services.disagreements import Disagreement, Said
from facekd_ui.theme.theme import px
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card, Panel
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet

TILE, SHOWN = 80, 3


@dataclass(slots=True)
class Looked:
    """Pictures by crop and names by person, for a number of disagreements."""

    pictures: Mapping[int, QPixmap] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)


class DisagreementsCard(Card):
    """The first few; "See all" opens the rest."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._context = context
        self._found: Sequence[Disagreement] = ()
        self._count = Label("", "small", "text.2")
        self.all = Button(T("See all"), "link")
        self.all.clicked.connect(self._open_all)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(T("Where they disagree"), "strong"))
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(self.all)
        self.body.addLayout(head)
        self._row = QHBoxLayout()
        self._row.setSpacing(20)
        self.body.addLayout(self._row)
        self._note = Label("", "body", "text.2", wrap=True)
        self.body.addWidget(self._note)
        self.body.addStretch()

    def show_found(self, found: Sequence[Disagreement] | None) -> None:
        """Other photographs; None: they are not kept, so only a new comparison shows them."""
        while (item := self._row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._found = found or ()
        self.all.setVisible(len(self._found) > SHOWN)
        self._note.setVisible(not self._found)
        if found is None:
            self._count.say("")
            self._note.say(T("Faces are kept nowhere but on file. Compare again to see them."))
            return
        self._count.say(Tn("{n} photograph", "{n} photographs", len(found)) if found else "")
        if not found:
            self._note.say(T("Both give the same answer to every photograph."))
            return
        self.load(found[:SHOWN], self._show)

    def load(
        self, found: Sequence[Disagreement], then: Callable[[Sequence[Disagreement], Looked], object]
    ) -> None:
        """Reads pictures and names, then calls `then(found, looked)`."""
        services = self._context.services
        said = [each for one in found for each in (one.active, one.candidate)]
        crops = {one.crop_id for one in found} | {each.crop_id for each in said if each.crop_id is not None}
        people = {one.person_id for one in found} | {
            each.person_id for each in said if each.person_id is not None
        }

        def look() -> tuple[dict[int, bytes], dict[int, str]]:
            return services.comparison.pictures(sorted(crops)), services.models.names(sorted(people))

        def done(read: tuple[dict[int, bytes], dict[int, str]]) -> None:
            pictures = {key: shown for key, data in read[0].items() if (shown := pixmap(data)) is not None}
            then(found, Looked(pictures, read[1]))

        self._context.ask(look, done, over=self, replaces="disagreements")

    def _show(self, found: Sequence[Disagreement], looked: Looked) -> None:
        if list(found) != list(self._found[:SHOWN]):
            return
        for each in found:
            self._row.addWidget(case(each, looked))
        self._row.addStretch()

    def _open_all(self) -> None:
        sheet = Sheet(self.window(), T("Where they disagree"), WIDE + 160)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.body.addWidget(Label(T("Where they disagree"), "section"))
        inner = Panel("page")
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(18)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFixedHeight(px(460))
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        sheet.body.addWidget(scroll)
        close = Button(T("Close"))
        close.clicked.connect(sheet.accept)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        sheet.body.addLayout(foot)

        def show(found: Sequence[Disagreement], looked: Looked) -> None:
            for number, each in enumerate(found):
                grid.addWidget(case(each, looked), number // 3, number % 3)
            grid.setRowStretch(len(found) // 3 + 1, 1)

        self.load(self._found, show)
        sheet.open()


def case(found: Disagreement, looked: Looked) -> QWidget:
    """One photograph, the one that it was taken for, and both answers."""
    shown = QWidget()
    column = QVBoxLayout(shown)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    tiles = QHBoxLayout()
    tiles.setSpacing(4)
    name = looked.names.get(found.person_id, str(T("somebody who is gone")))
    taken = found.candidate.crop_id if found.candidate.crop_id is not None else found.active.crop_id
    for crop_id, words in ((found.crop_id, T("Photograph of {name}", name=name)), (taken, T("Taken for"))):
        tile = FaceTile(TILE, words)
        picture = None if crop_id is None else looked.pictures.get(crop_id)
        if picture is not None:
            tile.show_photo(picture)
        else:
            tile.show_place("person")
        tiles.addWidget(tile)
    tiles.addStretch()
    column.addLayout(tiles)
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    for row, (word, said) in enumerate(((T("now"), found.active), (T("candidate"), found.candidate))):
        grid.addWidget(Label(word, "small", "text.2"), row, 0)
        badge = StateBadge(said.state.value, _said(said, looked), "small")
        grid.addWidget(badge, row, 1, Qt.AlignmentFlag.AlignLeft)
    column.addLayout(grid)
    column.addWidget(
        Label(
            T("{name}, played as a stranger", name=name)
            if found.stranger
            else T("It shows {name}", name=name),
            "tiny",
            "text.2",
        )
    )
    return shown


def _said(said: Said, looked: Looked) -> Text | str:
    if said.person_id is None:
        return T("Unknown")
    name = looked.names.get(said.person_id, "")
    return name if said.state.value == "known" else f"{name}?"
