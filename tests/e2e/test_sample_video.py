"""The sample video and the truth that its maker writes beside it."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "samples" / "make_video.py"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The video, made by the command that a person would type."""
    path = tmp_path_factory.mktemp("samples") / "new folder" / "film.mp4"
    subprocess.run([sys.executable, str(SCRIPT), str(path)], check=True, capture_output=True, timeout=300)
    return path


@pytest.fixture(scope="module")
def truth(video: Path) -> dict[str, Any]:
    notes: dict[str, Any] = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    return notes


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0.0) * max(h, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def test_the_video_has_the_frames_and_the_size_that_its_truth_says(
    video: Path, truth: dict[str, Any]
) -> None:
    reader = cv2.VideoCapture(str(video))
    count = 0
    while True:
        ok, frame = reader.read()
        if not ok:
            break
        assert frame.shape == (720, 1280, 3)
        count += 1
    assert count == truth["frames"] == len(truth["faces"]) == 380
    assert (truth["fps"], reader.get(cv2.CAP_PROP_FPS)) == (25, 25)


def test_nothing_but_the_video_and_its_truth_is_left_behind(video: Path) -> None:
    assert {p.name for p in video.parent.iterdir()} == {"film.mp4", "film.json"}


def test_every_frame_can_be_made_again_on_its_own(truth: dict[str, Any]) -> None:
    film, again = (runpy.run_path(str(SCRIPT))["Film"]() for _ in range(2))
    for index in (330, 140, 5):  # backwards: a frame depends on no other
        picture, faces = film.frame(index)
        picture_again, _ = again.frame(index)
        assert faces == truth["faces"][index]
        assert np.array_equal(picture, picture_again)


def test_the_story_has_what_a_tracker_finds_hard(truth: dict[str, Any]) -> None:
    hopper, collins = truth["people"]
    states = {
        person: "".join(
            next((face["state"][0] for face in frame if face["person"] == person), ".")
            for frame in truth["faces"]
        )
        for person in (hopper, collins)
    }
    for person in (hopper, collins):
        assert "v.." in states[person].replace("l", ""), f"{person} leaves"
        assert states[person].rstrip("v").rstrip("e").endswith("." * 20), f"{person} comes back after a while"
    assert "h" not in states[hopper]
    assert 8 <= states[collins].count("h") <= 25
    assert "vhhhhhhhh" in states[collins], "hidden in one stretch"
    assert "hv" in states[collins], "and seen again"
    assert sum(not frame for frame in truth["faces"]) >= 25, "a second with nobody"
    widths = [face["box"][2] - face["box"][0] for frame in truth["faces"] for face in frame]
    assert min(widths) < 66
    assert max(widths) > 210


def test_a_face_walks_and_does_not_jump(truth: dict[str, Any]) -> None:
    for before, after in zip(truth["faces"], truth["faces"][1:], strict=False):
        for face in after:
            for old in before:
                if old["person"] == face["person"]:
                    assert overlap(old["box"], face["box"]) > 0.5


@pytest.mark.shared
def test_a_detector_finds_the_faces_where_the_truth_says(
    video: Path, truth: dict[str, Any], weights: Path
) -> None:
    detector = cv2.FaceDetectorYN.create(
        str(weights / "face_detection_yunet_2023mar.onnx"), "", (1280, 720), 0.6
    )
    reader = cv2.VideoCapture(str(video))
    missed, looked, elsewhere = [], 0, []
    for index, faces in enumerate(truth["faces"]):
        _, frame = reader.read()
        if index % 5:
            continue
        rows = detector.detect(frame)[1]
        found = [] if rows is None else [[x, y, x + w, y + h] for x, y, w, h in rows[:, :4].tolist()]
        for face in faces:
            if face["state"] == "visible" and face["seen"] > 0.9:
                looked += 1
                if max((overlap(face["box"], box) for box in found), default=0.0) < 0.6:
                    missed.append((index, face["person"]))
        elsewhere += [
            (index, box) for box in found if not any(overlap(face["box"], box) > 0.25 for face in faces)
        ]
    assert looked > 90
    assert missed == []
    assert elsewhere == []
