"""One photograph looked at: is there one good face in it, and what does it look like to the recogniser?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from facekd.align import align, crop_statistics
from facekd.boxes import iou
from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.enrolment import the_subject
from facekd.errors import ImageError
from facekd.images import decode_image, printable_name, read_image
from facekd.quality import ENROLMENT, QualityGate, Reason, pose_deg, sharpness_of
from facekd.types import Faces, Floats, Image
from facekd_ui.services.networks import Networks

SAME_FACE_OVERLAP = 0.3
"""Intersection over union of the face that was meant with the one that is found again in the same frame."""
TURNED_DEG = 15.0
"""A head turned further than this shows another view; the pose is known to about ten degrees."""


class View(StrEnum):
    """From where a face is seen. Several views of a person make a template set that holds on other days."""

    FRONT = "front"
    LEFT = "left"  # the head is turned to the viewer's left
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Measures:
    """What the coach tells: figures of one face."""

    width_px: float
    light: float  # mean luma of the crop, 0..255
    sharpness: float  # see facekd.quality.sharpness_of
    yaw_deg: float  # positive: turned to the viewer's right
    pitch_deg: float  # positive: turned down
    score: float  # of the detector, 0..1


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A photograph that was looked at. Without reasons it can be enrolled."""

    file: str  # printable name; "" for one from the camera
    reasons: tuple[Reason, ...]  # most important first
    detail: str = ""  # the reading error, or whom it resembles
    crop: Image | None = None  # [112, 112, 3] RGB; None when no face was found
    vector: Floats | None = None  # [d], unit
    measures: Measures | None = None
    box: tuple[float, float, float, float] | None = None  # in the picture
    model_id: str = ""  # of the model that made `vector`

    @property
    def usable(self) -> bool:
        """Whether it can become a template."""
        return not self.reasons and self.vector is not None

    @property
    def view(self) -> View | None:
        """From where the face is seen; None without a face."""
        if self.measures is None:
            return None
        yaw, pitch = self.measures.yaw_deg, self.measures.pitch_deg
        if max(abs(yaw), abs(pitch)) < TURNED_DEG:
            return View.FRONT
        if abs(yaw) >= abs(pitch):
            return View.RIGHT if yaw > 0 else View.LEFT
        return View.DOWN if pitch > 0 else View.UP

    def png(self) -> bytes:
        """The crop as it is stored: lossless, without metadata. Raises ValueError when there is none."""
        if self.crop is None:
            raise ValueError("expected a photograph with a face, got one without")
        return crop_png(self.crop)


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody on file whom a new face resembles."""

    person_id: int
    name: str
    score: float
    sure: bool  # as alike as would make a name; otherwise only "perhaps"


class Examiner:
    """Looks at photographs with the networks of this computer.

    Args:
        networks: the detector for photographs, used by one caller at a time.
        embedder: of the active model.
        gate: limits of quality.
    """

    def __init__(self, networks: Networks, embedder: Embedder, gate: QualityGate = ENROLMENT) -> None:
        self._networks = networks
        self._embedder = embedder
        self._gate = gate

    def file(self, path: Path) -> Shot:
        """A photograph on disk; one that cannot be read has the reason `unreadable`."""
        name = printable_name(path.name)
        try:
            image = read_image(path)
        except ImageError as error:
            return Shot(name, (Reason.UNREADABLE,), str(error))
        return self.image(image, name)

    def image(
        self, image: Image, name: str = "", face: tuple[float, float, float, float] | None = None
    ) -> Shot:
        """A picture [H, W, 3] BGR.

        Args:
            face: box of the face that is meant, among others perhaps; without it there must be one face only, much
                smaller ones in the background aside.
        """
        with self._networks.busy:
            detector = self._networks.photo_detector()
            found = detector.detect(image)
        faces = the_subject(found) if face is None else _meant(found, face)
        if len(faces) != 1:
            return Shot(name, (Reason.SEVERAL_FACES if len(faces) else Reason.NO_FACE,))
        return self.faces(image, faces, name)[0]

    def everyone(self, image: Image, detector: Detector) -> tuple[Shot, ...]:
        """Every face of a picture, best detection first."""
        return self.faces(image, detector.detect(image), "")

    def faces(self, image: Image, faces: Faces, name: str) -> tuple[Shot, ...]:
        """Faces that were found already."""
        if not len(faces):
            return ()
        crops = align(image, faces.landmarks)
        statistics = crop_statistics(crops)
        quality = self._gate.judge(faces, statistics)
        # From the stored crop, so that a template made again from it is the same.
        vectors = self._embedder.embed(crops).vectors
        yaw, pitch = pose_deg(faces.landmarks)
        sharpness = sharpness_of(statistics[:, 1], statistics[:, 2])
        shots = []
        for row in range(len(faces)):
            x1, y1, x2, y2 = (float(value) for value in faces.boxes[row])
            measures = Measures(
                min(x2 - x1, y2 - y1),
                float(statistics[row, 0]),
                float(sharpness[row]),
                float(yaw[row]),
                float(pitch[row]),
                float(faces.scores[row]),
            )
            reasons = tuple(Reason(reason) for reason in quality[row].reasons)
            box, model_id = (x1, y1, x2, y2), self._embedder.model_id
            shots.append(Shot(name, reasons, "", crops[row], vectors[row], measures, box, model_id))
        return tuple(shots)


def crop_png(crop: Image) -> bytes:
    """A crop [112, 112, 3] RGB as PNG without metadata."""
    done, data = cv2.imencode(".png", np.ascontiguousarray(crop[..., ::-1]))
    if not done:
        raise ValueError(f"expected a crop uint8 [112, 112, 3], got {crop.dtype} {list(crop.shape)}")
    return data.tobytes()


def crop_of(png: bytes) -> Image:
    """The crop [112, 112, 3] RGB within stored bytes. Raises ImageError when they are no picture."""
    return np.ascontiguousarray(decode_image(png, "stored photograph")[..., ::-1])


class Clarity(StrEnum):
    """How much detail a stored photograph has."""

    VERY_CLEAR = "very clear"
    CLEAR = "clear"
    FAIR = "fair"


CLEAR = 0.004
"""Sharpness at which embeddings have moved by a cosine of 0.2 (`facekd.quality`); three times it is "very clear"."""


def clarity_of(png: bytes) -> Clarity:
    """How clear a stored photograph is; one that is no picture is only fair."""
    try:
        crop = crop_of(png)
    except ImageError:
        return Clarity.FAIR
    _luma, contrast, laplacian = crop_statistics(crop[None]).T
    sharpness = float(sharpness_of(contrast, laplacian)[0])
    if sharpness >= 3 * CLEAR:
        return Clarity.VERY_CLEAR
    return Clarity.CLEAR if sharpness >= CLEAR else Clarity.FAIR


def views_of(shots: Sequence[Shot]) -> frozenset[View]:
    """The views that usable photographs cover."""
    return frozenset(shot.view for shot in shots if shot.usable and shot.view is not None)


def _meant(faces: Faces, box: tuple[float, float, float, float]) -> Faces:
    if not len(faces):
        return faces
    overlap = iou(np.asarray([box], np.float32), faces.boxes)[0]
    best = int(np.argmax(overlap))
    good = overlap[best] >= SAME_FACE_OVERLAP and math.isfinite(overlap[best])
    return faces.take(np.asarray([best] if good else [], np.intp))
