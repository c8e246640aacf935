"""The Photo page: drop one photograph and see everyone in it named; drop two and see whether they are one person."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facekd.types import Image, State
from facekd_db.records import Role
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages import photo_pictures
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.photo_answers import Answer, Everyone
from facekd_ui.pages.photo_pictures import Given
from facekd_ui.services.photo import Comparison, NamedFace
from facekd_ui.services.recognition import Face
from facekd_ui.shell.actions import action, button_for
from facekd_ui.theme.theme import set_variant
from facekd_ui.widgets.banners import Banner, EmptyState
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.labels import ElidedLabel
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView
from facekd_ui.workers.task import Progress

WIDE, NARROW = 380, 340
NARROW_BELOW = 1330


class PhotoPage(QWidget):
    """Nothing of the photographs is kept. "Compare with another" puts a second one beside the first."""

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self._given: list[Given] = []
        self._wants_second = False  # the next one is compared with the one that is there
        self._images: list[Image] = []
        self._faces: tuple[NamedFace, ...] = ()
        self.setAcceptDrops(True)
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.everyone = Everyone()
        self.answer = Answer()
        self.tiles = (_Tile(), _Tile())
        self._make_actions()
        self._lay_out()
        self.clear()

    # -- for the window

    def show_what(self, what: object) -> None:
        """Files to look at, from another place of the window."""
        if isinstance(what, Path):
            self.take([*photo_pictures.of_files([what])])

    def take(self, given: Sequence[Given]) -> None:
        """One photograph is named, or compared with the one that is there when that was asked; two are compared."""
        if not given:
            self._complain(T("Expected a picture, found none. Copy a picture or its file first."))
            return
        if len(given) == 1 and self._wants_second:
            given = [*self._given[:1], *given]
        self._given = list(given[: photo_pictures.AT_ONCE])
        self._images, self._faces = [], ()
        self.banner.hide()
        self._wants_second = False
        self._work()

    def clear(self) -> None:
        """No photograph."""
        self._given, self._images, self._faces = [], [], ()
        self._wants_second = False
        self.banner.hide()
        self._stack.setCurrentWidget(self._empty)
        self._side.setCurrentWidget(self.everyone)
        self.everyone.clear(T("Whoever is in the photograph is named here."))
        self._allow()

    # -- made of

    def _make_actions(self) -> None:
        self.open_action = action(self, T("Open photographs…"), self._open, "Ctrl+O", "photo")
        self.paste_action = action(self, T("Paste a photograph"), self.paste, "Ctrl+V", "copy")
        self.second_action = action(self, T("Compare with another…"), self._open_second, "Ctrl+M", "compare")
        self.clear_action = action(self, T("Clear"), self.clear, "Escape", "close")

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        self._clear_button = button_for(self.clear_action, "quiet")
        self._second_button = button_for(self.second_action)
        bar.addWidget(button_for(self.open_action))
        bar.addWidget(button_for(self.paste_action, text=T("Paste")))
        bar.addWidget(self._second_button)
        bar.addStretch()
        bar.addWidget(self._clear_button)
        pictures = QWidget()
        row = QHBoxLayout(pictures)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for number, tile in enumerate(self.tiles):
            row.addWidget(tile, 1)
            tile.view.face_selected.connect(partial(self._selected_in_picture, number))
            tile.view.face_activated.connect(lambda face, _point: self._open_person(face.track))
        self._pictures = pictures
        self._empty = self._make_empty()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(pictures)
        left = QVBoxLayout()
        left.setContentsMargins(16, 14, 16, 16)
        left.setSpacing(12)
        left.addLayout(bar)
        left.addWidget(self.banner)
        left.addWidget(self._stack, 1)
        self._side = QStackedWidget()
        self._side.addWidget(self.everyone)
        self._side.addWidget(self.answer)
        self._side.setFixedWidth(WIDE)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(left, 1)
        whole.addWidget(Line(standing=True))
        whole.addWidget(self._side)
        self.everyone.chosen.connect(self._chosen_in_list)

    def _make_empty(self) -> QWidget:
        choose = Button(T("Open photographs…"), "primary", "photo")
        choose.clicked.connect(self._open)
        place = QFrame()
        place.setProperty("part", "dashed")
        self._place = place
        column = QVBoxLayout(place)
        column.addWidget(
            EmptyState(
                "photo",
                T("Drop a photograph here"),
                T(
                    "Everyone in it is named. Drop two and they are compared. Nothing of them is kept; that you looked "
                    "is recorded."
                ),
                choose,
            )
        )
        return place

    def _allow(self) -> None:
        has = bool(self._given)
        self.clear_action.setEnabled(has)
        self._clear_button.setVisible(has)
        self.second_action.setEnabled(len(self._given) == 1)
        self._second_button.setVisible(len(self._given) == 1)

    # -- getting photographs

    def _open(self) -> None:
        self._wants_second = False
        self._ask_files()

    def _open_second(self) -> None:
        self._wants_second = True
        self._ask_files()

    def _ask_files(self) -> None:
        pictures = f"{T('Photographs')} ({photo_pictures.OPEN_FILTER})"
        names, _ = QFileDialog.getOpenFileNames(self, str(T("Choose one or two photographs")), "", pictures)
        if not names:
            self._wants_second = False
        else:
            self.take(photo_pictures.of_files([Path(name) for name in names]))

    def paste(self) -> None:
        """What lies on the clipboard."""
        data = QApplication.clipboard().mimeData()
        self.take(photo_pictures.of_mime(data, str(T("Pasted picture"))) if data is not None else [])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures may be dropped anywhere on the page."""
        if photo_pictures.can_take(event.mimeData()):
            set_variant(self._place, "over", True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Not here, then."""
        set_variant(self._place, "over", False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Takes what was dropped."""
        set_variant(self._place, "over", False)
        event.acceptProposedAction()
        self.take(photo_pictures.of_mime(event.mimeData(), str(T("Dropped picture"))))

    # -- looking

    def _work(self) -> None:
        given, photo = list(self._given), self._context.services.photo
        self._stack.setCurrentWidget(self._pictures)
        self.tiles[1].setVisible(len(given) == 2)
        for tile, one in zip(self.tiles, given, strict=False):
            tile.show_name(one.name)
        self.everyone.clear(T("Looking at the photograph"))
        self._side.setCurrentWidget(self.everyone)
        self._allow()

        def look(progress: Progress) -> tuple[list[Image], tuple[NamedFace, ...] | Comparison]:
            images = []
            for number, one in enumerate(given):
                progress.report(number / (len(given) + 1))  # Cancel stops here
                images.append(one.read())
            progress.report(len(given) / (len(given) + 1))
            if len(images) == 2:
                return images, photo.compare(images[0], images[1])
            return images, photo.name_everyone(images[0])

        self._context.work.run(
            look,
            self._looked,
            self._failed,
            cancelled=self.clear,
            over=self,
            title=T("Comparing the photographs") if len(given) == 2 else T("Looking at the photograph"),
            replaces="photo",
        )

    def _looked(self, found: tuple[list[Image], tuple[NamedFace, ...] | Comparison]) -> None:
        self._images, outcome = found
        if isinstance(outcome, Comparison):
            self._show_comparison(outcome)
        else:
            self._show_everyone(outcome)
        self._allow()

    def _show_everyone(self, faces: tuple[NamedFace, ...]) -> None:
        self._faces = faces
        self.tiles[0].show_picture(self._images[0], [_shown(row, face) for row, face in enumerate(faces)])
        self.everyone.show_faces(self._images[0], faces, self._given[0].name)
        self._side.setCurrentWidget(self.everyone)
        people = sorted({face.person_id for face in faces if face.person_id is not None})
        if people:
            recognition = self._context.services.recognition
            self._context.ask(lambda: recognition.faces(people), partial(self._show_filed, faces), over=self)

    def _show_filed(self, faces: tuple[NamedFace, ...], found: dict[int, Face]) -> None:
        if faces is not self._faces:
            return
        photos = {}
        for key, face in found.items():
            photo = QPixmap()
            if face.photo is not None and photo.loadFromData(face.photo):
                photos[key] = photo
        self.everyone.show_filed(photos, faces)

    def _show_comparison(self, comparison: Comparison) -> None:
        for tile, image, shot in zip(self.tiles, self._images, comparison.faces, strict=True):
            box = shot.box
            shown = [] if box is None else [ShownFace(0, box, comparison.state.value)]
            tile.show_picture(image, shown)
        engineer = self._context.session.role is Role.ENGINEER
        self.answer.show_comparison(comparison, cosine=engineer)
        self._side.setCurrentWidget(self.answer)

    def _failed(self, error: Exception) -> None:
        self.clear()
        self._complain(explain(error))

    def _complain(self, words: Text | str) -> None:
        self.banner.show_message("danger", words, "", [])
        self.banner.show()

    # -- the selected face

    def _selected_in_picture(self, number: int, face: ShownFace | None) -> None:
        if number == 0:
            self.everyone.select(None if face is None else face.track)

    def _chosen_in_list(self, row: int) -> None:
        self.tiles[0].view.select(row)
        self.everyone.select(row)

    def _open_person(self, row: int) -> None:
        if row < len(self._faces) and self._context.session.may("people.get"):
            person = self._faces[row].person_id
            if person is not None:
                self._context.go("people", person)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The answers are narrower in small windows."""
        super().resizeEvent(event)
        self._side.setFixedWidth(NARROW if self.width() < NARROW_BELOW else WIDE)


class _Tile(QFrame):
    """One photograph with its name above."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("part", "card")
        self._name = ElidedLabel("", "strong")
        self._name.setContentsMargins(12, 6, 12, 6)
        self.view = VideoView(T("Photograph"))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._name)
        column.addWidget(self.view, 1)

    def show_name(self, name: str) -> None:
        """Another photograph, which is still being read."""
        self._name.say(name)
        self.view.clear()

    def show_picture(self, image: Image, faces: Sequence[ShownFace]) -> None:
        """The photograph and the faces in it."""
        self.view.show_frame(image, faces)


def _shown(row: int, face: NamedFace) -> ShownFace:
    if face.state is State.UNKNOWN or face.person is None:
        return ShownFace(row, face.box, State.UNKNOWN.value, str(T("Unknown")))
    name = f"{face.person}?" if face.state is State.UNCERTAIN else face.person
    return ShownFace(row, face.box, face.state.value, name)
