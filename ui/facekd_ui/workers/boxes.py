"""Boxes between recognitions: pictures come faster than names, and a box must not lag behind its face."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facekd.types import RecognisedFace, Recognition

AHEAD_MS = 200.0  # as far as a box is moved on by its speed
EASE_MS = 80.0  # in which a box reaches a place that it was not expected at
OLDEST_MS = 200.0
"""A box that nobody confirmed for so long may be wrong and is hidden (architecture, section 6 a)."""
INTERVALS = 2.5
"""Where recognitions come more than 80 ms apart, boxes last so many intervals: they would flicker otherwise."""


@dataclass(slots=True)
class _Track:
    face: RecognisedFace
    t_ms: float
    box: NDArray[np.float64]  # [4] as recognised at t_ms
    speed: NDArray[np.float64]  # [4] px per ms
    jump: NDArray[np.float64]  # [4] where it was drawn minus where it is; fades away


class MovingBoxes:
    """The faces of the last recognition, moved to the time of a newer picture. Times are `Frame.t_ms`."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Track] = {}
        self._t_ms: float | None = None
        self._interval_ms = OLDEST_MS / INTERVALS

    def forget(self) -> None:
        """Another source or session: times do not compare any more."""
        self._tracks, self._t_ms = {}, None

    def update(self, recognition: Recognition) -> None:
        """Takes over a recognition; those come in order of time."""
        now = recognition.t_ms
        if self._t_ms is not None and now > self._t_ms:
            self._interval_ms += 0.3 * (now - self._t_ms - self._interval_ms)
        tracks = {}
        for face in recognition.faces:
            box = np.asarray(face.box, np.float64)
            before = self._tracks.get(face.track)
            if before is None or now <= before.t_ms:
                tracks[face.track] = _Track(face, now, box, np.zeros(4), np.zeros(4))
                continue
            speed = (box - before.box) / (now - before.t_ms)
            # Detectors tremble by a pixel or two; half of the old speed calms that.
            speed = 0.5 * before.speed + 0.5 * speed
            jump = self._place(before, now) - box
            tracks[face.track] = _Track(face, now, box, speed, jump)
        self._tracks, self._t_ms = tracks, now

    def at(self, t_ms: float) -> tuple[RecognisedFace, ...]:
        """The faces with their boxes at a time; none once the recognition is too old to be true."""
        if self._t_ms is None or t_ms - self._t_ms > max(OLDEST_MS, INTERVALS * self._interval_ms):
            return ()
        faces = []
        for track in self._tracks.values():
            x1, y1, x2, y2 = self._place(track, t_ms).tolist()
            faces.append(replace(track.face, box=(x1, y1, x2, y2)))
        return tuple(faces)

    def _place(self, track: _Track, t_ms: float) -> NDArray[np.float64]:
        elapsed = max(0.0, t_ms - track.t_ms)
        fading = max(0.0, 1 - elapsed / EASE_MS)
        return track.box + track.speed * min(elapsed, AHEAD_MS) + track.jump * fading
