"""Detectors: each family against OpenCV's own reader or stored expectations, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.detect import Detector
from facekd.errors import ModelFileError
from facekd.modelcard import file_digest
from facekd.models import ModelFile, open_model_file

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]


def photo(shared_data: Path, name: str) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(shared_data / "photos" / name)), np.uint8)


def test_painted_faces_are_found_where_they_were_painted(tiny_detector: ModelFile, paint: Paint) -> None:
    faces = Detector(tiny_detector).detect(paint({1: (64, 64), 2: (240, 160)}))
    found = sorted(map(tuple, faces.boxes.round().tolist()))
    assert found == [(28, 28, 92, 92), (204, 124, 268, 188)]  # within the 8 pixels of a cell


def test_boxes_and_landmarks_are_in_pixels_of_the_large_picture(
    tiny_detector: ModelFile, paint: Paint
) -> None:
    small = paint({1: (64, 64)})
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    detector = Detector(tiny_detector, long_side=320)
    a, b = detector.detect(small), detector.detect(large)
    assert b.boxes == pytest.approx(a.boxes * 4, abs=1e-3)
    assert b.landmarks == pytest.approx(a.landmarks * 4, abs=1e-3)


def test_a_picture_without_faces_gives_none(tiny_detector: ModelFile) -> None:
    faces = Detector(tiny_detector).detect(np.zeros((48, 64, 3), np.uint8))
    assert len(faces) == 0
    assert faces.landmarks.shape == (0, 5, 2)


def test_a_model_that_is_no_detector_is_refused_by_its_outputs(
    tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    data = tiny_embedder.read()
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    path.with_suffix(".toml").write_text(
        f'id = "{file_digest(data)}"\nkind = "detector"\nlicence = "x"\norigin = "x"\n'
        '[input]\nsize = [112, 112]\ncolour = "bgr"\n'
    )
    with pytest.raises(
        ModelFileError, match=r"\['embedding'\] fit no known detector family \(yunet, scrfd\)"
    ):
        Detector(open_model_file(path))


def test_an_input_that_is_not_what_the_card_says_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(tiny_embedder.read())
    path.with_suffix(".toml").write_text(
        f'id = "{tiny_embedder.card.id}"\nkind = "detector"\nlicence = "x"\norigin = "x"\n'
        '[input]\nsize = [640, 640]\ncolour = "bgr"\n'
    )
    with pytest.raises(ModelFileError, match=r"shape \[1, 3, 640, 640\].*got \['n', 3, 112, 112\]"):
        Detector(open_model_file(path))


@pytest.mark.shared
def test_yunet_equals_opencvs_own_detector(shared_data: Path, weights: Path) -> None:
    path = weights / "face_detection_yunet_2026may.onnx"
    image = np.ascontiguousarray(cv2.resize(photo(shared_data, "facenet_multiface.jpg"), (640, 352)))
    _, reference = cv2.FaceDetectorYN.create(str(path), "", (640, 352), 0.6, 0.3, 5000).detect(image)
    faces = Detector(open_model_file(path)).detect(image)
    reference = reference[np.argsort(-reference[:, 14])]
    assert len(faces) == len(reference) == 6
    assert faces.scores == pytest.approx(reference[:, 14], abs=1e-4)
    assert faces.boxes[:, :2] == pytest.approx(reference[:, :2], abs=0.01)
    assert faces.boxes[:, 2:] == pytest.approx(reference[:, :2] + reference[:, 2:4], abs=0.01)
    assert faces.landmarks.reshape(-1, 10) == pytest.approx(reference[:, 4:14], abs=0.01)


# Of ageitgey_obama_small.jpg (320x240), checked by looking at the points drawn on the picture: box, score, landmarks.
EXPECTED = {
    "face_detection_yunet_2023mar": (
        (105, 39, 213, 193), 0.952, ((135, 96), (188, 97), (162, 126), (136, 147), (185, 148)),
    ),
    "face_detection_yunet_2026may": (
        (107, 39, 211, 187), 0.947, ((136, 98), (190, 96), (164, 126), (140, 149), (187, 147)),
    ),
    "scrfd_2.5g_bnkps": ((107, 39, 214, 196), 0.852, ((137, 98), (187, 97), (163, 128), (136, 146), (188, 145))),
    "scrfd_500m_bnkps": ((108, 38, 216, 195), 0.837, ((138, 98), (187, 97), (163, 125), (138, 146), (188, 145))),
    "yunet_n_dynamic": ((107, 36, 213, 195), 0.943, ((137, 94), (186, 96), (162, 124), (135, 147), (181, 150))),
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_every_detector_gives_its_stored_answer(name: str, shared_data: Path, weights: Path) -> None:
    box, score, landmarks = EXPECTED[name]
    faces = Detector(open_model_file(weights / f"{name}.onnx")).detect(
        photo(shared_data, "ageitgey_obama_small.jpg")
    )
    assert len(faces) == 1
    assert faces.boxes[0] == pytest.approx(box, abs=1)
    assert faces.scores[0] == pytest.approx(score, abs=0.005)
    assert faces.landmarks[0].ravel() == pytest.approx(np.ravel(landmarks), abs=1)


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_every_detector_counts_the_faces_of_a_group(name: str, shared_data: Path, weights: Path) -> None:
    detector = Detector(open_model_file(weights / f"{name}.onnx"))
    assert len(detector.detect(photo(shared_data, "facenet_multiface.jpg"))) == 6
    assert len(detector.detect(photo(shared_data, "noise_noface.jpg"))) == 0
