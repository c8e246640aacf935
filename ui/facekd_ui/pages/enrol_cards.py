"""The cards beside the camera or the files: photographs so far, is the face on file already, what was turned down."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from facekd.quality import Reason
from facekd_ui.i18n.text import T, Text, Tn, listed
from facekd_ui.pages.enrol_camera import SIDES, VIEW_WORDS
from facekd_ui.pages.failures import REASONS
from facekd_ui.services.examination import Alike, Shot, View
from facekd_ui.widgets.buttons import Button, IconButton
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import IconLabel, Label

TILE, IN_A_ROW, MOST_SHOWN = 62, 5, 10
ARROWS = {
    "front": "scan-face",
    "left": "arrow-left",
    "right": "arrow-right",
    "up": "arrow-up",
    "down": "arrow-down",
}


class PhotosCard(Card):
    """The photographs that will be stored, each with its view and a cross; from the camera also the views to come.

    `discarded(place)` asks to leave one out.
    """

    discarded = Signal(int)

    def __init__(self) -> None:
        self._count = Label("", "small", "text.2")
        super().__init__(T("Photos"), self._count)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(IN_A_ROW, 1)
        self.body.addLayout(self._grid)
        help_ = T("Three views are enough to save. Five recognise better from the side.")
        self.body.addWidget(Label(help_, "small", "text.2", wrap=True))

    def show_shots(self, shots: Sequence[Shot], missing: Sequence[View], *, from_camera: bool) -> None:
        """`missing`: views to come, the wanted one first; shown where a camera takes the pictures."""
        clear(self._grid)
        first = max(0, len(shots) - MOST_SHOWN)
        cells = [self._taken(place, shots[place]) for place in range(first, len(shots))]
        if from_camera:
            cells += [_to_come(view, wanted=view is missing[0]) for view in missing]
        elif not shots:
            cells += [_empty() for _ in range(3)]
        for place, cell in enumerate(cells):
            self._grid.addWidget(
                cell,
                place // IN_A_ROW,
                place % IN_A_ROW,
                Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft,
            )
        if from_camera:
            views = len(View) - len(missing)
            self._count.say(T("{n} of {all} views", n=views, all=len(View)))
        else:
            self._count.say(Tn("{n} photo", "{n} photos", len(shots)))

    def _taken(self, place: int, shot: Shot) -> QWidget:
        tile = FaceTile(TILE, T("Photo {n}", n=place + 1))
        if shot.crop is not None:
            tile.show_photo(QPixmap.fromImage(to_qimage(shot.crop, rgb=True)))
        tile.setToolTip(shot.file)
        remove = IconButton("close", T("Discard photo {n}", n=place + 1))
        remove.setFixedSize(20, 20)
        remove.clicked.connect(partial(self.discarded.emit, place))
        return _cell(
            tile, VIEW_WORDS[shot.view] if shot.view is not None else "", T("done"), "success", remove
        )


class AlikeCard(Card):
    """Whether the face is on file already. `is_same(person id)` and `is_other(bool)` carry the answer."""

    is_same = Signal(int)
    is_other = Signal(bool)

    def __init__(self) -> None:
        super().__init__(T("Already on file?"))
        self._words = Label("", "body", wrap=True)
        self._mark = IconLabel("check", "success")
        self._faces = QHBoxLayout()
        self._faces.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(self._faces)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(8)
        self.body.addLayout(row)
        self.body.addLayout(self._buttons)

    def show_alike(
        self,
        alike: Sequence[Alike],
        *,
        is_other: bool,
        ours: QPixmap | None,
        photo_of: Callable[[int], QPixmap | None],
    ) -> None:
        """Most alike first; `ours` and `photo_of` are laid beside each other where somebody must decide."""
        clear(self._buttons)
        clear(self._faces)
        sure = [each for each in alike if each.sure]
        if not alike:
            self._mark.show_icon("check", "success")
            self._words.say(T("No one on file looks like this."))
        elif not sure:
            self._mark.show_icon("info", "accent")
            names = listed([each.name for each in alike[:3]])
            self._words.say(
                T("A little like {names}. FaceKD says “uncertain” where it cannot tell.", names=names)
            )
        else:
            self._mark.show_icon("warning", "warning")
            self._words.say(T("This looks like {name}, already on file.", name=sure[0].name))
            self._ask(sure[0], is_other, ours, photo_of(sure[0].person_id))

    def _ask(self, who: Alike, is_other: bool, ours: QPixmap | None, theirs: QPixmap | None) -> None:
        for name, photo in ((T("The new photo"), ours), (who.name, theirs)):
            if photo is not None:
                tile = FaceTile(48, name)
                tile.show_photo(photo)
                tile.setToolTip(str(name))
                self._faces.addWidget(tile)
        same = Button(T("Same person, add the photos to {name}", name=who.name))
        same.clicked.connect(partial(self.is_same.emit, who.person_id))
        other = Button(T("Someone else, go on"), icon="check" if is_other else None)
        other.setCheckable(True)
        other.setChecked(is_other)
        other.toggled.connect(self.is_other)
        self._buttons.addWidget(same)
        self._buttons.addWidget(other)


class TurnedDownCard(Card):
    """How many pictures were not taken, and why."""

    def __init__(self) -> None:
        self._count = Label("", "small", "text.2")
        super().__init__(T("Turned down"), self._count)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self.body.addLayout(self._rows)

    def show_refused(self, refused: Counter[Reason]) -> None:
        """Reason -> how many."""
        clear(self._rows)
        self.setVisible(bool(refused))
        self._count.say(Tn("{n} picture", "{n} pictures", sum(refused.values())))
        for reason, count in refused.most_common():
            holder = QWidget()
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(IconLabel("close", "text.2", 14))
            row.addWidget(Label(REASONS[reason]), 1)
            row.addWidget(Label(str(count), "small", "text.2"))
            self._rows.addWidget(holder)


def clear(layout: QHBoxLayout | QVBoxLayout | QGridLayout) -> None:
    """Takes every widget out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()


def _to_come(view: View, *, wanted: bool) -> QWidget:
    tile = FaceTile(TILE, VIEW_WORDS[view])
    tile.show_place(ARROWS[SIDES[view]], wanted=wanted)
    return _cell(
        tile, VIEW_WORDS[view], T("now") if wanted else T("to come"), "accent" if wanted else "text.2"
    )


def _empty() -> QWidget:
    tile = FaceTile(TILE)
    tile.show_place("photo")
    return tile


def _cell(tile: FaceTile, word: Text | str, state: Text, ink: str, right: QWidget | None = None) -> QWidget:
    cell = QWidget()
    column = QVBoxLayout(cell)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(tile)
    foot = QHBoxLayout()
    foot.setSpacing(0)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(Label(word, "tiny"))
    words.addWidget(Label(state, "tiny", ink))
    foot.addLayout(words, 1)
    if right is not None:
        foot.addWidget(right, 0, Qt.AlignmentFlag.AlignTop)
    column.addLayout(foot)
    return cell
