"""The faces of the live picture for the page: selection, the list beside it, photographs on file."""

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from facekd.types import RecognisedFace, State
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live_acts import FaceActs
from facekd_ui.pages.live_here import GuestLine, HereNow, line_of
from facekd_ui.pages.live_just_now import JustNow
from facekd_ui.pages.live_presence import Guest, Presence, shown_faces
from facekd_ui.pages.live_watch import Watch
from facekd_ui.services.closeness import Closeness, Kind, closeness
from facekd_ui.services.recognition import Face
from facekd_ui.shell.actions import action
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView
from facekd_ui.workers.inference import Seen


class LiveGuests(QObject):
    """Joins presence, picture and list: what is selected in one is selected in the other.

    Args:
        page: owns the actions.
        view: the picture.
    """

    def __init__(self, page: QWidget, context: PageContext, view: VideoView) -> None:
        super().__init__(page)
        self._context, self._view = context, view
        self.presence = Presence()
        self._watch: Watch | None = None
        self._camera = ""
        self._photos: dict[int, QPixmap | None] = {}
        self._asking: set[int] = set()
        self._selected: int | None = None
        self.here = HereNow(self._photos.get)
        self.just_now = JustNow(may_read=context.session.may("records.page"))
        self.just_now.records_asked.connect(lambda: context.go("records", None))
        self.acts = FaceActs(page, context, self.presence, self.selected, self.name_of)
        self.keys = (
            action(page, T("Previous face"), lambda: self.step(-1), "Up"),
            action(page, T("Next face"), lambda: self.step(1), "Down"),
            action(page, T("What to do with this face"), self.open_menu, "Return"),
        )
        """Of the page where no control has the focus: buttons and lists need these keys themselves."""
        self.here.chosen.connect(self._chosen_in_list)
        self.here.answered.connect(self._answered)
        self.acts.ignored.connect(lambda _track: self.refresh())
        view.face_selected.connect(self._selected_in_picture)
        view.face_activated.connect(self._activated)

    def begin(self, camera: str) -> None:
        """Another source; nobody is in it yet, and names come with `named_by`."""
        self._camera = camera
        self.leave()

    def named_by(self, watch: Watch | None) -> None:
        """Who knows the names."""
        self._watch = watch
        self._photos.clear()

    def leave(self) -> None:
        """The source is closed: everybody left."""
        self.presence.everybody_left()
        self._selected = None
        self.refresh()

    def photos_changed(self) -> None:
        """The people on file changed."""
        self._photos.clear()

    # -- what is seen

    def see(self, seen: Seen) -> None:
        """A recognition; cheap."""
        self.presence.see(seen.recognition, seen.captured.frame.image, datetime.now(UTC))

    def shown(self, faces: Sequence[RecognisedFace]) -> list[ShownFace]:
        """What the picture says over the faces."""
        names = self._watch.names if self._watch is not None else {}
        return shown_faces(faces, names, self.presence.ignored, str(T("Unknown")))

    def refresh(self) -> None:
        """Brings the list up to date."""
        self.presence.age(datetime.now(UTC))
        guests, earlier = self.presence.now(), self.presence.earlier()
        self._ask_photos(guests)
        self.here.show_guests(
            [(self._line(guest), guest) for guest in guests],
            self._camera,
            self.presence.counts(),
            self._selected,
            nobody_on_file=self._watch is not None and self._watch.people == 0,
        )
        self.just_now.show_guests([(self._line(guest), guest) for guest in earlier])
        self.acts.refresh()

    def _line(self, guest: Guest) -> GuestLine:
        watch, face = self._watch, guest.face
        if watch is None:
            return line_of(guest, {}, Closeness(Kind.NONE), may_answer=False)
        if face.state is State.UNKNOWN:  # a number would say more than is known
            return line_of(guest, watch.names, Closeness(Kind.NONE), may_answer=False)
        sure = closeness(watch.card, face.score, watch.people, named=face.state is State.KNOWN)
        may = self._context.session.may("enrolment.add_photos")
        return line_of(guest, watch.names, sure, may_answer=may)

    def _ask_photos(self, guests: Sequence[Guest]) -> None:
        wanted = {guest.person_id for guest in guests if guest.person_id is not None}
        new = sorted(wanted - self._asking - self._photos.keys())
        if not new:
            return
        self._asking.update(new)
        recognition = self._context.services.recognition
        self._context.ask(
            lambda: recognition.faces(new),
            lambda faces: self._take_photos(new, faces),
            lambda _error: self._asking.clear(),  # asked again with the next look
        )

    def _take_photos(self, asked: Sequence[int], faces: dict[int, Face]) -> None:
        self._asking.difference_update(asked)
        for key in asked:
            face = faces.get(key)
            photo = QPixmap()
            if face is not None and face.photo is not None:
                photo.loadFromData(face.photo)
            self._photos[key] = None if photo.isNull() else photo

    # -- the selected face

    def selected(self) -> Guest | None:
        """The guest that keys act on."""
        return None if self._selected is None else self.presence.of_track(self._selected)

    def name_of(self, guest: Guest) -> str:
        """The name on file; empty for unknown faces."""
        names = self._watch.names if self._watch is not None else {}
        return names.get(guest.face.person or "", "")

    def select(self, track: int | None) -> None:
        """Selects a face in picture and list."""
        self._selected = track
        self._view.select(track)
        self.refresh()

    def step(self, by: int) -> None:
        """The next or previous face of the list."""
        tracks = [guest.face.track for guest in self.presence.now() if guest.here]
        if tracks:
            first = 0 if by > 0 else -1
            at = tracks.index(self._selected) + by if self._selected in tracks else first
            self.select(tracks[at % len(tracks)])

    def open_menu(self) -> None:
        """The menu of the selected face: beside it, or at the list when it is not in the picture."""
        guest = self.selected()
        if guest is None:
            return
        face = self._view.selected
        self.acts.show_menu(
            guest,
            self._view.menu_point(face)
            if face is not None
            else QPointF(self.here.mapToGlobal(self.here.rect().topLeft())),
        )

    def _selected_in_picture(self, face: ShownFace | None) -> None:
        self._selected = None if face is None else face.track
        self.refresh()

    def _activated(self, face: ShownFace, point: QPointF) -> None:
        self._selected = face.track
        if (guest := self.selected()) is not None:
            self.acts.show_menu(guest, point)

    def _chosen_in_list(self, track: int) -> None:
        self.select(track)
        self.open_menu()

    def _answered(self, track: int, is_it: bool) -> None:
        self.select(track)
        self.acts.answer(is_it=is_it)
