"""Who was where, and when: looking through the events, correcting them, taking them along."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec

from facekd.errors import ImageError
from facekd.images import decode_image
from facekd.modelcard import ModelCard
from facekd.policy import Policy
from facekd.types import Embeddings
from facekd_db.records import Camera, Event, EventFilter
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, listed
from facekd_ui.services.base import Service
from facekd_ui.services.closeness import Bell, Closeness, Kind, closeness, same_people, strangers
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Examiner, Shot
from facekd_ui.services.export import WRITERS, Row
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.recognition import rejection
from facekd_ui.services.stored_gallery import StoredGallery, promise_of
from facekd_ui.services.words import FACE_STATES

HEADER = (
    T("id"),
    T("from", "time"),
    T("to", "time"),
    T("camera"),
    T("state"),
    T("person"),
    T("person id"),
    T("how sure"),
    T("sightings"),
)
STATES = ("known", "uncertain", "unknown", "erased")  # of events; the last: its person was erased
TOLD_EVERY = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    path: Path
    rows: int
    complete: bool  # False: it was cancelled, and nothing is left of it


@dataclass(frozen=True, slots=True)
class Why:
    """What a record's name rests on: where the likeness lies, and who else comes near."""

    score: float
    line: float  # cosine from which a name was said, as many people as were on file then
    needs: Closeness  # what the line means
    strangers: Bell
    same_people: Bell | None  # None: nobody measured it
    nearest: str | None  # the next person on file; only where that one may be named
    nearness: Closeness


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

    def tally(self, which: EventFilter | None = None) -> dict[str, int]:
        """State -> how many events a filter lets through."""
        which = which or EventFilter()
        with self._store.reading() as t:
            return {
                state: t.events.count(replace(which, states=frozenset({state})))
                for state in STATES
                if not which.states or state in which.states
            }

    def hours(self, day: date, which: EventFilter | None = None) -> tuple[int, ...]:
        """How many events began in each of the 24 hours of a day of this computer's calendar.

        Args:
            which: filters too, but for its time.
        """
        begins = [datetime.combine(day, time(hour)).astimezone() for hour in range(24)]
        begins.append(datetime.combine(day + timedelta(days=1), time()).astimezone())
        which = which or EventFilter()
        with self._store.reading() as t:
            return tuple(
                t.events.count(replace(which, since=start, until=end))
                for start, end in itertools.pairwise(begins)
            )

    def why(self, event_id: int) -> Why | None:
        """What the name of an event rests on; None where its recogniser is not known (any more).

        Raises:
            NotFound: the event is gone.
        """
        with self._store.reading() as t:
            event, image = t.events.get(event_id), t.events.image(event_id)
            model, people = event.detail.get("model"), event.detail.get("people")
            if event.score is None or not isinstance(people, int) or not isinstance(model, str):
                return None
            stored = t.models.get(model).card
        gallery = self._desk.gallery.current()
        if gallery.model_id == model:  # its card beside the file may say more than when it was first used
            card = self._desk.networks.embedder(model).card
        else:
            card = msgspec.json.decode(stored, type=ModelCard)
        if not card.threshold:
            return None
        own = promise_of(gallery) if gallery.model_id == model else None
        line = own.threshold if own else Policy.from_card(card, people).known
        same = same_people(card, gallery.same_scores if gallery.model_id == model else ())
        nearest, nearness = None, Closeness(Kind.NONE)
        if image is not None and gallery.model_id == model:
            nearest, nearness = self._next_nearest(event, image, gallery, card)
        return Why(
            event.score,
            line,
            closeness(card, line, people, named=True),
            strangers(card),
            same,
            nearest,
            nearness,
        )

    def _next_nearest(
        self, event: Event, image: bytes, gallery: StoredGallery, card: ModelCard
    ) -> tuple[str | None, Closeness]:
        """Who on file comes nearest to the picture after the person of the event, and how near."""
        try:
            vector = self._shot(image, gallery.model_id).vector
        except Invalid:
            vector = None
        if vector is None:
            return None, Closeness(Kind.NONE)
        (candidates,) = gallery.candidates(Embeddings(vector[None], gallery.model_id))
        for candidate in candidates:
            if candidate.person != str(event.person_id):
                near = closeness(card, candidate.score, gallery.head_count, named=False)
                # Below the uncertain line a name would say more than is known.
                return (gallery.names[candidate.person], near) if near.kind is Kind.WEAK else (None, near)
        return None, Closeness(Kind.NONE)

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
        reject = rejection(self._desk, None, person_id, self._shot(image, gallery.model_id))

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
            endings = listed(WRITERS)
            raise Invalid(
                T("Expected a file ending in {endings}, got {name}.", endings=endings, name=path.name)
            )
        try:
            with self._store.reading() as t:
                total = t.events.count(which)
                rows = writer(path, [str(name) for name in HEADER], _rows(t, which, total, watch))
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
            str(FACE_STATES[event.state]),
            event.person,
            event.person_id,
            str(how_sure(event).words()) if event.state in ("known", "uncertain") else "",
            event.sightings,
        )
