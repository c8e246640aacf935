"""Terms travel from teacher and images into the student's card, over any number of generations."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facekd.config import DataConfig, RunConfig, TeacherConfig
from facekd.distil.training.export import export_run
from facekd.distil.training.progress import Commands
from facekd.distil.training.rights import (
    Rights,
    restriction,
    student_data,
    student_licence,
    student_limits,
    teacher_rights,
)
from facekd.distil.training.session import Session
from facekd.modelcard import read_card

Make = Callable[..., RunConfig]
FREE = DataConfig("folder", ("a/crops",), "face", licence="our own, with consent")
BOUND = dataclasses.replace(FREE, licence="CelebA: non-commercial research")


def test_a_student_without_a_teacher_has_the_terms_of_its_images() -> None:
    assert student_licence(FREE, None) == "our own, with consent"
    assert student_data(FREE, None) == "crops"
    assert restriction(FREE, None) == ""
    assert student_limits(FREE, None) == "not validated: the run had no validation images"


def test_a_free_teacher_adds_its_name_and_what_it_cannot_do() -> None:
    teacher = Rights("b", "Apache-2.0", "MS1M", "groups are not balanced")
    assert student_licence(FREE, teacher) == "our own, with consent; teacher b: Apache-2.0"
    assert student_data(FREE, teacher) == "crops; its teacher: MS1M"
    assert restriction(FREE, teacher) == ""
    assert student_limits(FREE, teacher).endswith("of its teacher: groups are not balanced")


@pytest.mark.parametrize(
    ("data", "teacher", "because"),
    [
        (FREE, Rights("a", "research only"), "because its teacher a is;"),
        (FREE, Rights("a", "none stated"), "because its teacher a is;"),
        (FREE, Rights("a", "x", limits="Non-commercial use"), "because its teacher a is;"),
        (BOUND, Rights("b", "Apache-2.0"), "because its images are;"),
        (BOUND, Rights("a", "research only"), "because its images are and its teacher a is;"),
        (BOUND, None, "because its images are;"),
    ],
)
def test_what_is_for_research_only_binds_the_student(
    data: DataConfig, teacher: Rights | None, because: str
) -> None:
    assert student_limits(data, teacher).startswith(f"research only, {because} ")
    assert "train it again" in restriction(data, teacher)


def test_a_teacher_without_a_card_states_no_licence(tmp_path: Path) -> None:
    rights = teacher_rights(TeacherConfig("onnx", str(tmp_path / "lost.onnx")))
    assert rights is not None
    assert rights.licence.startswith("none stated")
    assert restriction(FREE, rights)


def test_terms_reach_the_grandchild_and_outlive_the_files_of_the_teacher(
    make: Make, face_teacher: dict[str, Any], tmp_path: Path
) -> None:
    onnx = tmp_path / "elder.onnx"
    source = Path(face_teacher["path"])
    onnx.write_bytes(source.read_bytes())
    card = source.with_suffix(".toml").read_text()
    own = read_card(source.with_suffix(".toml")).licence
    onnx.with_suffix(".toml").write_text(card.replace(f'licence = "{own}"', 'licence = "research only"'))
    parent = tmp_path / "parent"
    config = make(
        "face",
        "embedding_cosine",
        teacher={"kind": "onnx", "path": str(onnx)},
        data={"licence": "ours"},
        budget={"epochs": 1},
    )
    assert Session(None, Commands()).train(config, parent) == 0
    assert "research only, because its teacher elder is" in (parent / "events.jsonl").read_text()
    config = make(
        "face",
        "embedding_cosine",
        teacher={"kind": "run", "path": str(parent)},
        data={"licence": "ours too"},
        budget={"epochs": 1},
    )
    child = tmp_path / "child"
    assert Session(None, Commands()).train(config, child) == 0
    for path in (onnx, onnx.with_suffix(".toml"), parent / "student.toml"):
        path.unlink()
    for _ in range(2):  # as trained, and exported again when the teacher is gone
        found = read_card(child / "student.toml")
        assert found.licence == "ours too; teacher parent: ours; teacher elder: research only"
        assert found.limits.startswith("research only, because its teacher parent is;")
        assert found.trained_on == "faces.npz; its teacher: faces.npz; its teacher: faces.npz"
        assert found.method == "embedding_cosine, teacher parent"
        export_run(child)
