"""Somebody who is being put on file: photographs so far, whom they resemble, what was turned down. Nothing is stored
before `save`."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from facekd.quality import Reason
from facekd.types import Image
from facekd_db.records import Person, PersonFields
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.services.enrolment import Enrolled
from facekd_ui.services.errors import LooksAlike, NothingUsable
from facekd_ui.services.examination import Alike, Shot, View, views_of
from facekd_ui.services.people import GivenConsent
from facekd_ui.services.recognition import Face
from facekd_ui.widgets.faces import to_qimage


class EnrolDraft(QObject):
    """`changed()` comes whenever there is something else to show, `saved(Enrolled)` and `failed(error)` at the end."""

    changed = Signal()
    saved = Signal(object)
    failed = Signal(object)

    def __init__(self, context: PageContext, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._page = context, page
        self.person: Person | None = None
        """Whom the photographs are added to; None: a new person."""
        self.shots: list[Shot] = []
        self.refused: Counter[Reason] = Counter()
        self.alike: tuple[Alike, ...] = ()
        self.is_somebody_else = False
        self.was_added = False
        """The photographs went to somebody who was on file already."""
        self._source = "file"
        self._faces: dict[int, QPixmap] = {}

    def begin(self, person: Person | None) -> None:
        """A fresh start."""
        self.person = person
        self.shots, self.refused, self.alike = [], Counter(), ()
        self.is_somebody_else = self.was_added = False
        self._faces = {}
        self.changed.emit()

    @property
    def missing(self) -> list[View]:
        """Views to come, the wanted one first."""
        covered = views_of(self.shots)
        return [view for view in View if view not in covered]

    @property
    def must_decide(self) -> bool:
        """Somebody on file looks the same, and nobody has said yet who this is."""
        return not self.is_somebody_else and any(each.sure for each in self.alike)

    @property
    def own_photo(self) -> QPixmap | None:
        """The newest photograph."""
        crop = self.shots[-1].crop if self.shots else None
        return None if crop is None else QPixmap.fromImage(to_qimage(crop, rgb=True))

    def photo_of(self, person_id: int) -> QPixmap | None:
        """The photograph on file of somebody who is resembled, once it is loaded."""
        return self._faces.get(person_id)

    # -- photographs

    def add_files(self, files: Sequence[Path]) -> None:
        """Examines photographs; progress with Cancel when it takes longer."""
        if not files:
            return
        enrolment = self._context.services.enrolment
        self._context.work.run(
            lambda progress: enrolment.examine_files(files, Told(progress)),
            lambda shots: self.take(shots, source="file"),
            self.failed.emit,
            over=self._page,
            title=T("Looking at photographs"),
        )

    def add_image(self, image: Image | None) -> None:
        """Examines a picture from another program [H, W, 3] BGR."""
        if image is not None:
            enrolment = self._context.services.enrolment
            self._context.work.run(
                lambda _progress: [enrolment.examine(image)],
                lambda shots: self.take(shots, source="file"),
                self.failed.emit,
                over=self._page,
            )

    def take(self, shots: Sequence[Shot], *, source: str) -> None:
        """Photographs that were examined; those that are not usable are counted by their reason."""
        self._source = source
        for shot in shots:
            if shot.usable:
                self.shots.append(shot)
            elif shot.reasons:
                self.refused[shot.reasons[0]] += 1
        self.changed.emit()
        self._compare()

    @Slot(int)
    def discard(self, place: int) -> None:
        """Leaves a photograph out."""
        del self.shots[place]
        self.changed.emit()
        self._compare()

    def discard_last(self) -> None:
        """Leaves the newest photograph out."""
        if self.shots:
            self.discard(len(self.shots) - 1)

    @Slot(bool)
    def say_somebody_else(self, on: bool) -> None:
        """Whoever the face resembles, it is another person."""
        self.is_somebody_else = on
        self.changed.emit()

    def _compare(self) -> None:
        if not self.shots:
            self.alike = ()
            self.changed.emit()
            return
        enrolment, shots = self._context.services.enrolment, tuple(self.shots)
        own = self.person.id if self.person is not None else None

        def show(alike: tuple[Alike, ...]) -> None:
            self.alike = alike
            self.changed.emit()
            self._look_up([each.person_id for each in alike if each.sure])

        self._context.work.run(
            lambda _progress: enrolment.alike(shots, own),
            show,
            self.failed.emit,
            over=self._page,
            replaces="alike",
        )

    def _look_up(self, people: Sequence[int]) -> None:
        """The photographs of those whom somebody must tell apart from the new person."""
        wanted = [key for key in people if key not in self._faces]
        if not wanted:
            return
        recognition = self._context.services.recognition

        def show(found: dict[int, Face]) -> None:
            for key, face in found.items():
                photo = QPixmap()
                if face.photo is not None and photo.loadFromData(face.photo):
                    self._faces[key] = photo
            self.changed.emit()

        self._context.ask(lambda: recognition.faces(wanted), show, over=self._page)

    # -- saving

    def save(self, fields: PersonFields, consent: GivenConsent | None) -> None:
        """Puts a new person on file."""
        self.was_added = False
        shots, else_, source = tuple(self.shots), self.is_somebody_else, self._source
        enrolment = self._context.services.enrolment
        self._run(lambda: enrolment.enrol(fields, shots, consent, somebody_else=else_, source=source))

    @Slot(int)
    def add_to(self, person_id: int) -> None:
        """Adds the photographs to somebody on file."""
        self.was_added = True
        shots, else_, source = tuple(self.shots), self.is_somebody_else, self._source
        enrolment = self._context.services.enrolment
        self._run(lambda: enrolment.add_photos(person_id, shots, somebody_else=else_, source=source))

    def _run(self, work: Callable[[], Enrolled]) -> None:
        self._context.work.run(
            lambda _progress: work(), self.saved.emit, self._not_saved, over=self._page, title=T("Saving")
        )

    def _not_saved(self, error: Exception) -> None:
        if isinstance(error, LooksAlike):
            self.alike = error.alike
        elif isinstance(error, NothingUsable):
            self.refused.update(shot.reasons[0] for shot in error.refused)
        self.failed.emit(error)
