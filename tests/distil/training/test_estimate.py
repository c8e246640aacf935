"""What a run will take, from a few real steps: scaled figures, previews, the teacher's errors, and no trace left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from facekd.config import RunConfig
from facekd.distil.training import memory
from facekd.distil.training.estimate import estimate

Make = Callable[..., RunConfig]


def test_a_plain_run_is_measured_and_scaled_up(make: Make, tmp_path: Path) -> None:
    budget = {"epochs": 40, "batch_size": 8, "views": 0}
    found = estimate(make("classification", "plain", budget=budget), tmp_path)
    assert (found["images"], found["people"], found["validation_images"]) == (48, 4, 16)
    assert found["steps_measured"] >= 10
    pace = found["pace"]
    # 40 epochs of 6 steps and a validation each
    assert found["seconds"] == pytest.approx(40 * (6 * pace["step_s"] + pace["validate_s"]))
    assert found["images_per_s"] == pytest.approx(8 / pace["step_s"])
    assert found["teacher"] == {"judged": 0, "count": 0, "wrong": []}
    assert found["caching_s"] == 0
    assert found["disk"] > 0
    previews = [cv2.imread(one["file"]) for one in found["preview"]]
    assert [image.shape for image in previews] == [(16, 16, 3)] * 8
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png"] * 8  # nothing else is left


def test_the_teachers_errors_are_shown_with_what_it_says(
    make: Make, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    found = estimate(make("classification", "kd", teacher=class_teacher), tmp_path)
    teacher = found["teacher"]
    assert teacher["judged"] == 48
    assert teacher["count"] == len(teacher["wrong"])
    assert all(one["says"] != one["label"] for one in teacher["wrong"])
    assert all(Path(one["file"]).is_file() for one in teacher["wrong"])
    assert found["pace"]["image_ask_s"] > 0
    assert found["caching_s"] == pytest.approx(2 * 48 * found["pace"]["image_ask_s"])  # two views


def test_a_preparation_is_timed_apart(make: Make, class_teacher: dict[str, Any], tmp_path: Path) -> None:
    found = estimate(make("classification", "mskd_ssr", teacher=class_teacher), tmp_path)
    assert found["pace"]["prepare_share"] == pytest.approx(0.3)
    assert found["pace"]["prepare_step_s"] > 0


def test_too_little_memory_names_a_batch_that_fits(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make("classification", "plain", budget={"batch_size": 32})
    monkeypatch.setattr(memory, "free", lambda: 1 << 20)  # a machine with 1 MiB left
    found = estimate(config, tmp_path)
    assert found["memory"] > 0
    assert found["fits_batch"] is not None
    assert found["fits_batch"] < 32
