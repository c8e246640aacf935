"""Who is seen becomes a record: sightings of the live picture, gathered, spooled and written in batches."""

import functools
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np

from facekd.modelcard import ModelCard
from facekd.types import Image, RecognisedFace, Recognition, State
from facekd_db.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable
from facekd_db.keys import KeyStore
from facekd_db.records import Camera, Json, Sighting
from facekd_db.store import Store, Tables
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.closeness import closeness
from facekd_ui.services.sealing import LocalSeal
from facekd_ui.services.shared import value_of, whole_of
from facekd_ui.services.spool import Batch, Spool

SETTLE_S = 1.5
"""A face without a name is recorded when it stayed so for this long: the vote needs a few views first."""
AGAIN_S = 10.0
"""Somebody who stays is sighted again after this long, so that the record knows until when."""
FORGET_S = 30.0
PICTURE_SIDE = 224
PICTURE_MARGIN = 0.5  # of the face's box, on each side, so that the face can be found in it again
JPEG_QUALITY = 88
SPOOL = "spool"  # folder in the home folder


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What the status line says of the records."""

    waiting: int  # sightings that lie on this computer
    saved: int  # events that were new, since the start
    trouble: Text | None = None  # why the last try failed; None when all is well


@dataclass(slots=True)
class _Seen:
    since: datetime
    last: datetime
    sighted: datetime | None = None
    score: float = -1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """From the shared settings, when the recording began."""

    interval: timedelta
    strangers: bool  # whether unknown faces are recorded at all


class Recorder:
    """The records of one source. `see` and `begin_anew` are called by the thread that recognises, `flush` by
    the one that stores.

    Args:
        card, people: of the recogniser, for how sure a name was.
    """

    def __init__(
        self, store: Store, spool: Spool, camera: Camera, run: str, card: ModelCard, people: int, rules: Rules
    ) -> None:
        self._store = store
        self._spool = spool
        self._camera = camera
        self._run = run
        self._card = card
        self._people = people
        self._generation = 0
        self._rules = rules
        self._seen: dict[tuple[int, str, str | None], _Seen] = {}
        self._gathered: list[Sighting] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._saved = 0
        self._trouble: Text | None = None

    def see(self, recognition: Recognition, image: Image, at: datetime | None = None) -> None:
        """Gathers what is new in a frame; a millisecond for each face that becomes a sighting, else nothing.

        Args:
            recognition: with people by id, as the pipeline gives it.
            image: the frame, BGR.
            at: aware UTC time; None: now.
        """
        now = at or self._store.now()
        for face in recognition.faces:
            key = (face.track, face.state.value, face.person if face.state is not State.UNKNOWN else None)
            seen = self._seen.setdefault(key, _Seen(now, now))
            seen.last = now
            if self._is_due(face, seen, now):
                seen.sighted, seen.score = now, max(seen.score, face.score)
                sighting = self._sighting(face, image, now)
                with self._lock:
                    self._gathered.append(sighting)
        forget = now - timedelta(seconds=FORGET_S)
        for key in [key for key, seen in self._seen.items() if seen.last < forget]:
            del self._seen[key]

    def begin_anew(self, card: ModelCard, people: int) -> None:
        """The pipeline was given another gallery or model, and its tracks are counted from one again."""
        self._card, self._people = card, people
        self._generation += 1
        self._seen.clear()

    def flush(self) -> RecordingState:
        """Writes what was gathered to the disk and what lies there to the store; never raises StoreUnavailable.

        What cannot be sent stays on the disk and goes with the next call, after a restart too.
        """
        with self._sending:
            with self._lock:
                gathered, self._gathered = self._gathered, []
            if gathered:
                try:
                    self._spool.put(gathered)
                except OSError as error:
                    with self._lock:  # kept in memory; perhaps there is room the next time
                        self._gathered = gathered + self._gathered
                    self._trouble = T(
                        "This computer's disk takes no records ({why}); make room.", why=error.strerror
                    )
                    return self.state()
            saved, self._trouble = send(self._store, self._spool, self._rules.interval)
            self._saved += saved
            return self.state()

    def state(self) -> RecordingState:
        """How the records stand."""
        with self._lock:
            gathered = len(self._gathered)
        return RecordingState(self._spool.waiting() + gathered, self._saved, self._trouble)

    def _is_due(self, face: RecognisedFace, seen: _Seen, now: datetime) -> bool:
        if face.state is State.UNKNOWN and not self._rules.strangers:
            return False
        if face.state is not State.KNOWN and now - seen.since < timedelta(seconds=SETTLE_S):
            return False
        return seen.sighted is None or now - seen.sighted >= timedelta(seconds=AGAIN_S)

    def _sighting(self, face: RecognisedFace, image: Image, at: datetime) -> Sighting:
        known = face.state is State.KNOWN
        meaning = closeness(self._card, face.score, self._people, named=known)
        detail: dict[str, Json] = {
            "kind": meaning.kind,
            "share": round(meaning.share, 9),
            "trials": meaning.trials,
            "model": self._card.id,
            "people": self._people,
        }
        person = int(face.person) if face.person is not None and face.state is not State.UNKNOWN else None
        return Sighting(
            at=at,
            camera_id=self._camera.id,
            state=face.state.value,
            track=f"{self._run}-{self._generation}-{face.track}",
            person_id=person,
            score=round(face.score, 4),
            image=face_picture(image, face.box),
            detail=detail,
        )


class Recording(Service):
    """Starts recorders. What they write has no audit row for each batch; that they were started has."""

    name = "recording"

    def start(self, camera: Camera, card: ModelCard, people: int) -> Recorder:
        """A recorder for one source, which goes on when the window is locked.

        Raises:
            KeyMissing: without the store's keys nothing can be kept safely.
        """
        with self._store.reading() as t:
            rules = Rules(
                timedelta(seconds=whole_of(t, "events.interval_s")), value_of(t, "events.strangers") is True
            )
        self._write(lambda t: self._audit(t, "recording.start", f"camera:{camera.id}"))
        run = f"{self._session.stored.id}.{self._store.now():%Y%m%d%H%M%S%f}"
        return Recorder(self._store, open_spool(self._desk), camera, run, card, people, rules)

    def send_waiting(self) -> RecordingState:
        """Sends what an earlier run, or a source that is closed, left on this computer while the store was away."""
        if self._desk.store.keys is None or not (self._desk.home / SPOOL).is_dir():
            return RecordingState(0, 0)
        spool = open_spool(self._desk)
        with self._store.reading() as t:
            interval = timedelta(seconds=whole_of(t, "events.interval_s"))
        saved, trouble = send(self._store, spool, interval)
        return RecordingState(spool.waiting(), saved, trouble)


def send(store: Store, spool: Spool, interval: timedelta) -> tuple[int, Text | None]:
    """Sends what lies on the disk, oldest first.

    Returns:
        How many new events it made, and why it stopped; None when nothing is left.
    """
    saved = 0
    for batch in spool.batches():
        try:
            saved += store.run(functools.partial(_record, batch=batch, interval=interval))
        except (StoreUnavailable, StoreBusy, StoreFull) as error:
            return saved, relayed(error)
        except StoreError as error:
            spool.set_aside(batch.path, str(error))
            continue
        spool.done(batch)
    return saved, None


def _record(t: Tables, batch: Batch, interval: timedelta) -> int:
    return t.events.record(batch.uid, batch.sightings, interval)


def open_spool(desk: Desk) -> Spool:
    """This computer's spool."""
    keys: KeyStore | None = desk.store.keys
    if keys is None:
        raise ValueError("expected a store opened with keys; without them nothing can be recorded")
    return Spool(desk.home / SPOOL, LocalSeal(desk.home, keys))


def face_picture(image: Image, box: tuple[float, float, float, float]) -> bytes | None:
    """The face with some of its surroundings as JPEG without metadata; None where the box lies outside the picture."""
    x1, y1, x2, y2 = box
    dx, dy = PICTURE_MARGIN * (x2 - x1), PICTURE_MARGIN * (y2 - y1)
    height, width = image.shape[:2]
    left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
    right, bottom = min(width, int(np.ceil(x2 + dx))), min(height, int(np.ceil(y2 + dy)))
    if right - left < 8 or bottom - top < 8:
        return None
    part: Image = image[top:bottom, left:right]
    shrink = PICTURE_SIDE / max(part.shape[:2])
    if shrink < 1:
        small = cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        part = np.asarray(small, np.uint8)
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(part), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes() if done else None
