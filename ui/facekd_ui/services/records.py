"""Who was where, and when: looking through the events, correcting them, taking them along."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facekd.errors import ImageError
from facekd.images import decode_image
from facekd_db.records import Camera, Event, EventFilter
from facekd_db.store import Tables
from facekd_ui.i18n.text import T
from facekd_ui.services.base import Service
from facekd_ui.services.closeness import Closeness, Kind
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Examiner, Shot
from facekd_ui.services.export import WRITERS, Row
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.recognition import rejection

HEADER = ("id", "from", "to", "camera", "state", "person", "person id", "how sure", "sightings")
TOLD_EVERY = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    path: Path
    rows: int
    complete: bool  # False: it was cancelled, and nothing is left of it


class Records(Service):
    """Events, newest first."""

    name = "records"

    def page(
        self,
        which: EventFilter | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        before: Event | None = None,
    ) -> tuple[Event, ...]:
        """A page; give the last event of the one before as `before`, which stays steady while events come in."""
        with self._store.reading() as t:
            return t.events.page(which, limit=limit, offset=offset, before=before)

    def count(self, which: EventFilter | None = None) -> int:
        """How many events a filter lets through."""
        with self._store.reading() as t:
            return t.events.count(which)

    def get(self, event_id: int) -> Event:
        """Raises NotFound."""
        with self._store.reading() as t:
            return t.events.get(event_id)

    def image(self, event_id: int) -> bytes | None:
        """The face as it was seen (JPEG), or None."""
        with self._store.reading() as t:
            return t.events.image(event_id)

    def cameras(self) -> tuple[Camera, ...]:
        """For the filter; without addresses, which are for those who may change them."""
        with self._store.reading() as t:
            return tuple(
                Camera(each.id, each.name, each.kind, "", each.enabled, each.version)
                for each in t.cameras.all()
            )

    def not_this_person(self, event_id: int) -> Event:
        """The name was wrong: the event loses it, and the face will never again be called so.

        Raises:
            Invalid: the event has no person, or the face in its picture is not found again.
        """
        with self._store.reading() as t:
            event, image = t.events.get(event_id), t.events.image(event_id)
        person_id = event.person_id
        if person_id is None:
            raise Invalid(T("Expected an event with a name, got one without."))
        if image is None:
            return self._write(lambda t: self._disown(t, event_id, person_id))
        gallery = self._desk.gallery.current()
        reject = rejection(None, person_id, gallery.model_id, self._shot(image, gallery.model_id))

        def correct(t: Tables) -> Event:
            reject(t)
            return self._disown(t, event_id, person_id)

        return self._write(correct)

    def export(self, path: Path, which: EventFilter | None = None, watch: Watch = UNWATCHED) -> Exported:
        """Writes the events of a filter into a `.csv` or `.xlsx` file, in constant memory.

        Raises:
            Invalid: another ending.
            InputError: the file cannot be written.
        """
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            endings = ", ".join(WRITERS)
            raise Invalid(
                T("Expected a file ending in {endings}, got {name}.", endings=endings, name=path.name)
            )
        try:
            with self._store.reading() as t:
                total = t.events.count(which)
                rows = writer(path, HEADER, _rows(t, which, total, watch))
        except _Stopped:
            return Exported(path, 0, complete=False)
        self._write(
            lambda t: self._audit(t, "records.export", detail={"rows": rows, "format": path.suffix.lower()})
        )
        return Exported(path, rows, complete=True)

    def _disown(self, t: Tables, event_id: int, person_id: int) -> Event:
        self._audit(t, "person.not_this", f"person:{person_id}", {"event": event_id})
        return t.events.disown(event_id)

    def _shot(self, image: bytes, model_id: str) -> Shot:
        examiner = Examiner(self._desk.networks, self._desk.networks.embedder(model_id))
        try:
            picture = decode_image(image, "event")
        except ImageError as error:
            raise Invalid(T("Expected a face in this picture, found none; use another one.")) from error
        height, width = picture.shape[:2]
        # The face lies in the middle half of the picture (`recording.face_picture`), others may lie beside it.
        return examiner.image(picture, "", (width / 4, height / 4, width * 3 / 4, height * 3 / 4))


def how_sure(event: Event) -> Closeness:
    """What was known of the likeness when the event was recorded."""
    kind, share, trials = (event.detail.get(key) for key in ("kind", "share", "trials"))
    if kind not in set(Kind) or not isinstance(share, int | float) or not isinstance(trials, int):
        return Closeness(Kind.NONE)
    return Closeness(Kind(str(kind)), float(share), trials)


class _Stopped(Exception):
    """The export was cancelled; the half-written file is removed on the way out."""


def _rows(t: Tables, which: EventFilter | None, total: int, watch: Watch) -> Iterator[Row]:
    for number, event in enumerate(t.events.each(which), 1):
        if number % TOLD_EVERY == 0 or number == total:
            watch.progress(number, total)
            if watch.cancelled():
                raise _Stopped
        yield (
            event.id,
            event.at.isoformat(timespec="seconds"),
            event.last_at.isoformat(timespec="seconds"),
            event.camera,
            event.state,
            event.person,
            event.person_id,
            str(how_sure(event).words()) if event.state in ("known", "uncertain") else "",
            event.sightings,
        )
