"""Who is in the picture now, and who just was: recognitions folded into guests. No Qt, no store.

One guest is one person (whatever tracks the person has), or one track without a name. A guest keeps a picture of now
and a few good views from different moments, which are what enrolling takes.
"""

import math
import mmap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from facekd.types import Image, RecognisedFace, Recognition, State
from facekd_ui.widgets.overlay import ShownFace

LEAVES_AFTER = timedelta(seconds=2)
"""Not seen for this long: gone. Heads turn away for a second all the time."""
STAYS_SHOWN = timedelta(seconds=10)
"""Somebody who left stays in the list this long, dimmed."""
EARLIER = 8  # guests kept after that
PICTURE_EVERY = timedelta(milliseconds=500)
VIEW_EVERY = timedelta(seconds=1)
VIEWS = 5
SIDE_MARGIN = 0.25  # of the face's box, around the picture in the list
VIEW_MARGIN = 1.0  # around a view, so that the face is found in it again
GRID = 32
"""Detectors look at cells of up to so many pixels: a view cut out on their borders is seen as it was in the frame."""
_ORDER = {State.UNCERTAIN: 0, State.UNKNOWN: 1, State.KNOWN: 2}


class LiveView(NamedTuple):
    """A cut-out of a frame with one face meant in it."""

    image: Image  # [h, w, 3] BGR, its own copy
    box: tuple[float, float, float, float]  # of the face, in the cut-out


@dataclass(slots=True)
class Guest:
    """Somebody in the picture. Changed in place by `Presence`; read by the page."""

    key: str  # "person:12" or "track:7"
    face: RecognisedFace  # as last seen
    since: datetime
    last: datetime
    here: bool = True
    picture: Image | None = None  # square, BGR
    pictured: datetime | None = None
    views: list[LiveView] = field(default_factory=list)
    viewed: datetime | None = None
    good: int = 0  # views that voted

    @property
    def person_id(self) -> int | None:
        """Of whom the guest is, or perhaps is."""
        return None if self.face.person is None else int(self.face.person)


class Presence:
    """The guests of one source."""

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}
        self._earlier: list[Guest] = []
        self.ignored: set[int] = set()
        """Tracks that nobody wants to hear of until they leave."""

    def see(self, recognition: Recognition, image: Image, now: datetime) -> None:
        """Takes up a frame. Costs a copy of a face or two now and then.

        Args:
            recognition: people by id; track numbers never come again for somebody else.
            image: the frame [H, W, 3] BGR.
            now: aware time.
        """
        for face in recognition.faces:
            if face.track not in self.ignored:
                self._see(face, image, now)
        self.age(now)

    def _see(self, face: RecognisedFace, image: Image, now: datetime) -> None:
        key = _key(face)
        guest = self._guests.get(key)
        before = next((each for each in self._guests.values() if each.face.track == face.track), None)
        if before is not None and before is not guest:  # a track that has just got or lost its name
            del self._guests[before.key]
            before.key = key
            guest = guest or before
        guest = guest or Guest(key, face, now, now)
        self._guests[key] = guest
        guest.face, guest.last, guest.here = face, now, True
        if not face.reasons:
            guest.good += 1
        if guest.pictured is None or now - guest.pictured >= PICTURE_EVERY:
            cut = cut_out(image, face.box, SIDE_MARGIN, square=True)
            if cut is not None:
                guest.picture, guest.pictured = cut.image, now
        if not face.reasons and (guest.viewed is None or now - guest.viewed >= VIEW_EVERY):
            view = cut_out(image, face.box, VIEW_MARGIN, grid=GRID)
            if view is not None:
                guest.views = [*guest.views, view][-VIEWS:]
                guest.viewed = now

    def age(self, now: datetime) -> None:
        """Lets go of who was not seen for a while; also called when no picture comes."""
        for key, guest in list(self._guests.items()):
            gone = now - guest.last
            guest.here = gone < LEAVES_AFTER
            if gone >= (STAYS_SHOWN if guest.good else LEAVES_AFTER):
                del self._guests[key]
                self._remember(guest)

    def _remember(self, guest: Guest) -> None:
        guest.views = []  # megabytes, and nobody enrols who is not there any more
        if guest.good:  # who was never seen clearly may have been a hand
            self._earlier = [guest, *self._earlier][:EARLIER]

    def ignore(self, track: int) -> None:
        """Nothing more of this track: no box, no line in the list."""
        self.ignored.add(track)
        for key in [key for key, guest in self._guests.items() if guest.face.track == track]:
            del self._guests[key]

    def of_track(self, track: int) -> Guest | None:
        """The guest whom a face on the picture belongs to."""
        return next((guest for guest in self._guests.values() if guest.face.track == track), None)

    def now(self) -> tuple[Guest, ...]:
        """Uncertain first, then unknown, then known, then who was never seen clearly; inside by arrival.

        Who has left stands last.
        """

        def place(guest: Guest) -> tuple[bool, int, datetime, str]:
            order = _ORDER[guest.face.state] if guest.good else len(_ORDER)
            return not guest.here, order, guest.since, guest.key

        return tuple(sorted(self._guests.values(), key=place))

    def earlier(self) -> tuple[Guest, ...]:
        """Who left a while ago, last one first."""
        return tuple(self._earlier)

    def counts(self) -> dict[State, int]:
        """How many are here, by state."""
        here = [guest.face.state for guest in self._guests.values() if guest.here]
        return {state: here.count(state) for state in State}

    def everybody_left(self) -> None:
        """The source was closed or changed."""
        for guest in self._guests.values():
            guest.here = False
            self._remember(guest)
        self._guests = {}
        self.ignored = set()


def shown_faces(
    faces: Collection[RecognisedFace], names: Mapping[str, str], ignored: Collection[int], unknown: str
) -> list[ShownFace]:
    """What the picture says over each face.

    Args:
        names: person id -> name.
        ignored: tracks that get three dots and no words.
        unknown: the word for faces without a name.
    """
    shown = []
    for face in faces:
        name = names.get(face.person or "", "")
        if face.track in ignored:
            shown.append(ShownFace(face.track, face.box, "ignored"))
        elif face.state is State.UNKNOWN or not name:
            shown.append(ShownFace(face.track, face.box, State.UNKNOWN.value, unknown))
        else:
            label = f"{name}?" if face.state is State.UNCERTAIN else name
            shown.append(ShownFace(face.track, face.box, face.state.value, label))
    return shown


def cut_out(
    image: Image,
    box: tuple[float, float, float, float],
    margin: float,
    *,
    square: bool = False,
    grid: int = 1,
) -> LiveView | None:
    """A copy of a face with `margin` of its size around it; None where the box lies outside the picture.

    `grid`: left and top, width and height are multiples of so many pixels, unless the frame ends there.
    """
    x1, y1, x2, y2 = box
    half_x, half_y = (x2 - x1) * (0.5 + margin), (y2 - y1) * (0.5 + margin)
    if square:
        half_x = half_y = max(half_x, half_y)
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = image.shape[:2]
    left, top = max(0, math.floor(middle_x - half_x)), max(0, math.floor(middle_y - half_y))
    left, top = left - left % grid, top - top % grid
    right, bottom = math.ceil(middle_x + half_x), math.ceil(middle_y + half_y)
    right, bottom = min(width, right + (left - right) % grid), min(height, bottom + (top - bottom) % grid)
    if right - left < 8 or bottom - top < 8:
        return None
    part: Image = own_pages(bottom - top, right - left)
    part[...] = image[top:bottom, left:right]
    return LiveView(part, (x1 - left, y1 - top, x2 - left, y2 - top))


def own_pages(height: int, width: int) -> Image:
    """An array [h, w, 3] in pages of its own, which go back to the system when it is freed.

    Five people leave a dozen cut-outs a second, each of another size and some kept for seconds: taken from the heap
    they would leave holes that nothing fits.
    """
    return np.frombuffer(mmap.mmap(-1, height * width * 3), np.uint8).reshape(height, width, 3)


def renumbered(recognition: Recognition, base: int) -> Recognition:
    """The same recognition with `base` added to its track numbers."""
    if base == 0:
        return recognition
    return replace(
        recognition, faces=tuple(replace(face, track=face.track + base) for face in recognition.faces)
    )


def _key(face: RecognisedFace) -> str:
    known = face.state is State.KNOWN and face.person is not None
    return f"person:{face.person}" if known else f"track:{face.track}"
