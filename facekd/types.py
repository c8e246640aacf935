"""Values that pass between the stages of the pipeline: frozen, with shapes and units.

Order along the chain: `Frame` -> `Faces` -> `Quality` -> `Embeddings` -> `Candidate` -> `Recognition`.
Boxes are [x1, y1, x2, y2] in pixels; landmarks are [5, 2] (x, y) pixels in the order left eye, right eye,
nose, left mouth corner, right mouth corner, as the viewer sees them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""[H, W, 3] BGR, or RGB where the name says so."""
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source. The pixels are read-only: threads share frames without copying."""

    image: Image  # [H, W, 3] BGR
    index: int  # counts from 0 within the source; gaps are frames that were dropped
    t_ms: float  # monotonic; live sources: since the source opened, files: position in the file


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces found in one image, best score first."""

    boxes: Floats  # [n, 4]
    scores: Floats  # [n], 0..1
    landmarks: Floats  # [n, 5, 2]

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Faces":
        """The faces that an index array or a mask names."""
        return Faces(self.boxes[rows], self.scores[rows], self.landmarks[rows])

    @property
    def areas(self) -> Floats:
        """[n], square pixels."""
        sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 0)
        return np.asarray(sides[:, 0] * sides[:, 1], np.float32)

    def largest(self) -> int:
        """Row of the face with the largest box. Raises ValueError when there is none."""
        return int(np.argmax(self.areas))


NO_FACES = Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Unit vectors of one model. Only vectors with the same `model_id` may be compared."""

    vectors: Floats  # [n, d], each of length 1
    model_id: str  # sha256 of the model file

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Embeddings":
        """The embeddings that an index array or a mask names."""
        return Embeddings(self.vectors[rows], self.model_id)


@dataclass(frozen=True, slots=True)
class Quality:
    """What the quality gate says of one face. No reasons means good enough to vote and to enrol."""

    reasons: tuple[str, ...]  # codes of `facekd.quality.Reason`
    weight: float  # 0..1, how much this view counts in the track's vote


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person whom a probe resembles."""

    person: str
    score: float  # cosine of the best template, -1..1


class State(StrEnum):
    """What the pipeline is willing to say of a face."""

    KNOWN = "known"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecognisedFace:
    """A face in a frame with what its track says of it."""

    track: int
    box: tuple[float, float, float, float]
    state: State
    person: str | None  # the name when known; the likeliest name when uncertain; else None
    score: float  # weighted mean cosine of that person over the track's views; of the likeliest when unknown
    reasons: tuple[str, ...] = ()  # why this view did not vote, if it did not


@dataclass(frozen=True, slots=True)
class Recognition:
    """The outcome for one frame."""

    frame: int
    t_ms: float
    faces: tuple[RecognisedFace, ...]
    ms: Mapping[str, float] = field(default_factory=dict)  # stage -> milliseconds
