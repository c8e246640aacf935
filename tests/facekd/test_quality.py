from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.align import TEMPLATE, align, crop_statistics
from facekd.detect import Detector
from facekd.models import open_model_file
from facekd.packed import Packed
from facekd.quality import ENROLMENT, VOTING, pose_deg
from facekd.types import NO_FACES, Faces


def turned(yaw_deg: float, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> NDArray[np.float32]:
    """Landmarks [1, 5, 2] of a head of mean proportions, turned in space and projected in parallel."""
    eye, nose_depth = 35.0, 0.55 * 35.0
    height = 40.0
    head = np.array(
        [
            [-eye / 2, 0, 0],
            [eye / 2, 0, 0],
            [0, 0.494 * height, nose_depth],
            [-14, height, 0],
            [14, height, 0],
        ]
    )
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return (head @ (about_z @ about_x @ about_y).T)[None, :, :2].astype(np.float32) + 200


@pytest.mark.parametrize("yaw", [-60, -45, -20, 0, 20, 45, 60])
@pytest.mark.parametrize("roll", [-30, 0, 30])
def test_yaw_is_read_from_the_landmarks_whatever_the_roll(yaw: float, roll: float) -> None:
    assert pose_deg(turned(yaw, roll_deg=roll))[0][0] == pytest.approx(yaw, abs=3)


@pytest.mark.parametrize("pitch", [-30, -15, 0, 15, 30])
def test_pitch_is_read_from_the_landmarks(pitch: float) -> None:
    assert pose_deg(turned(0, pitch))[1][0] == pytest.approx(pitch, abs=6)


def test_the_alignment_template_itself_is_frontal() -> None:
    yaw, pitch = pose_deg(TEMPLATE[None])
    assert abs(yaw[0]) < 1
    assert abs(pitch[0]) < 1


def face(width: float = 100, score: float = 0.9, landmarks: NDArray[np.float32] | None = None) -> Faces:
    boxes = np.array([[0, 0, width, width * 1.2]], np.float32)
    points = turned(0) if landmarks is None else landmarks
    return Faces(boxes, np.array([score], np.float32), points)


GOOD = np.array([[120, 50, 60]], np.float32)  # mean, contrast, Laplacian variance: sharpness 0.024


@pytest.mark.parametrize(
    ("faces", "statistics", "reason"),
    [
        (face(width=38), GOOD, "face_too_small"),
        (face(score=0.65), GOOD, "low_detection_score"),
        (face(), np.array([[30, 12, 12]], np.float32), "too_dark"),
        (face(), np.array([[230, 12, 12]], np.float32), "too_bright"),
        (face(), np.array([[120, 50, 5]], np.float32), "blurred"),
        (face(landmarks=turned(60)), GOOD, "extreme_pose"),
        (face(landmarks=turned(-60)), GOOD, "extreme_pose"),
    ],
)
def test_each_defect_has_its_own_code(faces: Faces, statistics: NDArray[np.float32], reason: str) -> None:
    (quality,) = ENROLMENT.judge(faces, statistics)
    assert quality.reasons == (reason,)


def test_a_good_view_has_no_reasons_and_full_weight() -> None:
    (quality,) = ENROLMENT.judge(face(), GOOD)
    assert quality.reasons == ()
    assert quality.weight == pytest.approx(1)


def test_smaller_blurrier_and_turned_views_weigh_less() -> None:
    best = VOTING.judge(face(), GOOD)[0].weight
    assert VOTING.judge(face(width=50), GOOD)[0].weight < best
    assert VOTING.judge(face(), np.array([[120, 50, 7]], np.float32))[0].weight < best
    assert VOTING.judge(face(landmarks=turned(40)), GOOD)[0].weight < best


def test_no_faces_have_no_quality() -> None:
    assert VOTING.judge(NO_FACES, np.zeros((0, 3), np.float32)) == ()


@pytest.mark.shared
def test_twenty_crafted_defects_and_twenty_good_photographs(shared_data: Path, weights: Path) -> None:
    """Real faces, degraded one way at a time, get exactly that code; untouched ones get none."""
    detector = Detector(open_model_file(weights / "face_detection_yunet_2026may.onnx"))
    names = [
        "ageitgey_obama.jpg",
        "ageitgey_biden.jpg",
        "ageitgey_lin-manuel-miranda.png",
        "antispoof_image_T1.jpg",
    ]

    def reasons(image: NDArray[np.uint8]) -> tuple[str, ...]:
        faces = detector.detect(image)
        assert len(faces) >= 1
        largest = faces.take(np.array([faces.largest()]))
        return ENROLMENT.judge(largest, crop_statistics(align(image, largest.landmarks)))[0].reasons

    for name in names:
        image = np.asarray(cv2.imread(str(shared_data / "photos" / name)), np.uint8)
        scale = 640 / max(image.shape[:2])
        image = np.asarray(
            cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        box = detector.detect(image).boxes[0]
        width = float(box[2] - box[0])
        small = 36 / width
        defects = {
            "blurred": cv2.GaussianBlur(image, (0, 0), width / 18),
            "too_dark": (image * 0.12).astype(np.uint8),
            "face_too_small": cv2.resize(image, None, fx=small, fy=small, interpolation=cv2.INTER_AREA),
            "too_bright": np.clip(image.astype(np.int16) // 4 + 195, 0, 255).astype(np.uint8),
        }
        assert reasons(image) == (), name
        for reason, spoiled in defects.items():
            assert reason in reasons(np.ascontiguousarray(spoiled)), (name, reason)
    profile = cv2.imread(str(shared_data / "photos" / "inspireface_pose_left_face.jpeg"))
    assert "extreme_pose" in reasons(np.asarray(profile, np.uint8))


@pytest.mark.shared
def test_good_crops_of_many_people_pass_the_enrolment_gate(shared_data: Path) -> None:
    """Light and sharpness of 500 ordinary crops: at most two in a hundred are refused."""
    packed = Packed.open(shared_data / "faces" / "celeba_train_112.npz")
    rows = np.random.default_rng(0).choice(len(packed), 500, replace=False)
    statistics = crop_statistics(np.stack([packed.image_rgb(int(row)) for row in rows]))
    refused = [ENROLMENT.judge(face(), row[None])[0].reasons for row in statistics]
    assert sum(bool(reasons) for reasons in refused) <= 10
