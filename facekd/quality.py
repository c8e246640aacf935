"""Is this view of a face good enough to vote, or to enrol? Reason codes that an operator can act on.

Size and detection score come from the detector, light and sharpness from the aligned crop, the pose from the five
landmarks. The pose estimate assumes a mean head: with the eyes one unit apart the tip of the nose stands about
0.55 units in front of the plane through eyes and mouth, so that turning the head by `yaw` moves the nose by
0.55 tan(yaw) of the (foreshortened) distance between the eyes. It is good to about ten degrees.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from facekd.align import TEMPLATE
from facekd.types import Faces, Floats, Quality

NOSE_DEPTH = 0.55  # of the distance between the eyes
_EYES, _NOSE, _MOUTH = TEMPLATE[:2].mean(0), TEMPLATE[2], TEMPLATE[3:].mean(0)
FRONTAL_NOSE = float((_NOSE - _EYES)[1] / (_MOUTH - _EYES)[1])  # how far down from eyes to mouth the nose is
FACE_ASPECT = float((TEMPLATE[1] - TEMPLATE[0])[0] / (_MOUTH - _EYES)[1])  # eye distance / eye-mouth distance


class Reason(StrEnum):
    """Why a face is not used. The same codes stand in files, JSON and the window."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "face_too_small"
    LOW_SCORE = "low_detection_score"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    EXTREME_POSE = "extreme_pose"
    UNREADABLE = "unreadable"
    OTHER_PERSON = "looks_like_other_person"


@dataclass(frozen=True, slots=True)
class QualityGate:
    """Limits of a usable view. `VOTING` is lenient, because a track has many views; `ENROLMENT` is strict."""

    min_width_px: float  # of the face's box
    min_score: float  # detection, 0..1
    min_sharpness: float  # see `sharpness_of`
    min_mean: float  # luma of the crop, 0..255
    max_mean: float
    max_yaw_deg: float
    max_pitch_deg: float

    def judge(self, faces: Faces, statistics: Floats) -> tuple[Quality, ...]:
        """One `Quality` a face.

        Args:
            faces: n detections.
            statistics: float32 [n, 3] of their crops, from `facekd.align.crop_statistics`.
        """
        if not len(faces):
            return ()
        widths = np.minimum(faces.boxes[:, 2] - faces.boxes[:, 0], faces.boxes[:, 3] - faces.boxes[:, 1])
        luma, contrast, laplacian = statistics.T
        sharpness = sharpness_of(contrast, laplacian)
        yaw, pitch = pose_deg(faces.landmarks)
        failing = (
            (Reason.TOO_SMALL, widths < self.min_width_px),
            (Reason.LOW_SCORE, faces.scores < self.min_score),
            (Reason.TOO_DARK, luma < self.min_mean),
            (Reason.TOO_BRIGHT, luma > self.max_mean),
            (Reason.BLURRED, sharpness < self.min_sharpness),
            (Reason.EXTREME_POSE, (np.abs(yaw) > self.max_yaw_deg) | (np.abs(pitch) > self.max_pitch_deg)),
        )
        weights = _ramp(widths, 24, 96) * _ramp(sharpness, 0.0008, 0.005) * _ramp(90 - np.abs(yaw), 20, 70)
        return tuple(
            Quality(tuple(reason.value for reason, fails in failing if fails[row]), float(weights[row]))
            for row in range(len(faces))
        )


def pose_deg(landmarks: Floats) -> tuple[Floats, Floats]:
    """Yaw and pitch in degrees, each [n], from landmarks [n, 5, 2]; positive = turned to the viewer's right / down.

    In-plane rotation does not count: everything is measured along and across the line between the eyes.
    """
    eyes, mouth = landmarks[:, :2].mean(1), landmarks[:, 3:].mean(1)
    across = landmarks[:, 1] - landmarks[:, 0]
    eye_distance = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
    right = across / eye_distance[:, None]
    down = np.stack([-right[:, 1], right[:, 0]], axis=1)
    nose = landmarks[:, 2] - eyes
    height = np.maximum(np.abs(((mouth - eyes) * down).sum(1)), 1e-3)
    # A turned head tilts the middle of the mouth sideways as well; the nose's offset counts from the middle line.
    share = (nose * down).sum(1) / height
    middle = ((mouth - eyes) * right).sum(1) * share
    yaw = np.arctan(((nose * right).sum(1) - middle) / eye_distance / NOSE_DEPTH)
    pitch = np.arctan((share - FRONTAL_NOSE) / (NOSE_DEPTH * FACE_ASPECT))
    return np.degrees(yaw).astype(np.float32), np.degrees(pitch).astype(np.float32)


def sharpness_of(contrast: Floats, laplacian: Floats) -> Floats:
    """Fine detail relative to the contrast, [n]: a dim face is not a blurred one.

    Args:
        contrast: standard deviation of the crop's luma, grey levels; below 35 it counts as 35, so that a flat crop
            is not called sharp for its noise.
        laplacian: variance of its Laplacian; the rounding to whole grey levels alone gives 20 / 12 of it.
    """
    return np.asarray(np.maximum(laplacian - 20 / 12, 0) / np.maximum(contrast, 35) ** 2, np.float32)


def _ramp(values: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, straight between."""
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0), np.float32)


# The limits come from spoiling sharp crops and comparing the embeddings before and after (bench/quality.py): the
# median cosine has fallen to 0.5 at a sharpness of 0.0012 and to 0.8 at 0.004, to 0.8 at a mean luma of 15, to 0.85 for
# faces of 40 pixels.
VOTING = QualityGate(
    min_width_px=32,
    min_score=0.6,
    min_sharpness=0.0012,
    min_mean=10,
    max_mean=240,
    max_yaw_deg=60,
    max_pitch_deg=45,
)
ENROLMENT = QualityGate(
    min_width_px=40,
    min_score=0.7,
    min_sharpness=0.004,
    min_mean=40,
    max_mean=215,
    max_yaw_deg=45,
    max_pitch_deg=35,
)
