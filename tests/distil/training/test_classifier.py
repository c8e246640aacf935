"""An exported classifier: its card, whoever may use it, and itself as a teacher."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from facekd.config import RunConfig
from facekd.config_table import ConfigError
from facekd.distil.methods import METHODS
from facekd.distil.methods.base import MethodError
from facekd.distil.training.classification import CLASSES, evaluate, open_classifier
from facekd.distil.training.group import Group
from facekd.distil.training.progress import Commands
from facekd.distil.training.run import build_run
from facekd.distil.training.session import Session
from facekd.distil.training.teacher import open_run, open_teacher
from facekd.distil.training.trainer import Trainer
from facekd.errors import ModelFileError
from facekd.modelcard import file_digest
from facekd.models import Registry, open_model_file

Make = Callable[..., RunConfig]
Train = Callable[..., Trainer]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def exported(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`student.onnx` of a classification run."""
    folder = tmp_path_factory.mktemp("classifier") / "run"
    assert Session(None, Commands()).train(make("classification", budget={"epochs": 2}), folder) == 0
    return folder / "student.onnx"


def changed(exported: Path, folder: Path, classes: list[str] | None) -> Path:
    """A copy that names other classes, or none, with a card that fits."""
    model = onnx.load(str(exported))
    del model.metadata_props[:]
    if classes is not None:
        onnx.helper.set_model_props(model, {CLASSES: json.dumps(classes)})
    path = folder / "changed.onnx"
    path.write_bytes(model.SerializeToString())
    card = exported.with_suffix(".toml").read_text()
    old = file_digest(exported.read_bytes())
    path.with_suffix(".toml").write_text(card.replace(old, file_digest(path.read_bytes())))
    return path


def test_its_card_says_what_it_is(exported: Path) -> None:
    card = open_model_file(exported).card
    assert (card.kind, card.dim, card.input.size) == ("classifier", 4, (16, 16))
    assert card.metrics["validation top1"].n == 16
    assert open_classifier(exported)[1] == ("0", "1", "2", "3")


def test_it_is_refused_where_an_embedder_is_needed_and_an_embedder_where_it_is(
    exported: Path, face_teacher: dict[str, Any], world: Path, tmp_path: Path
) -> None:
    registry = Registry([tmp_path])
    registry.import_file(exported)
    assert registry.find("student", "classifier").card.dim == 4
    with pytest.raises(
        ModelFileError, match="expected a model of kind embedder, got student of kind classifier"
    ):
        registry.find("student", "embedder")
    with pytest.raises(ModelFileError, match="expected a classifier, got a model of kind embedder"):
        evaluate(world / "classes.npz", Path(face_teacher["path"]))


def test_a_classifier_that_does_not_name_its_classes_cannot_be_measured(
    exported: Path, world: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelFileError, match=r"names of its 4 classes inside the file, .* found none"):
        evaluate(world / "classes.npz", changed(exported, tmp_path, None))


def test_its_answers_as_a_teacher_are_those_of_the_run(exported: Path, make: Make) -> None:
    config = make("classification", "kd", teacher={"kind": "onnx", "path": str(exported)}).teacher
    teacher = open_teacher(config, CPU, pooled=False)
    assert teacher is not None
    assert (teacher.classes, teacher.embedding_dim) == (4, 64)
    images = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
    said, expected = teacher(images), open_run(exported.parent)(images)
    assert said.logits is not None
    assert expected.logits is not None
    assert said.embedding is not None
    assert expected.embedding is not None
    torch.testing.assert_close(said.logits, expected.logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(said.embedding, expected.embedding, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "method", [name for name, one in METHODS.items() if one.needs_teacher and "classification" in one.tasks]
)
def test_every_method_learns_from_it(
    exported: Path, make: Make, train: Train, method: str, tmp_path: Path
) -> None:
    config = make(
        "classification",
        method,
        teacher={"kind": "onnx", "path": str(exported)},
        budget={"epochs": 1},
        data={"cache": str(tmp_path / "cache")},
    )
    trainer = train(config, tmp_path / "run")
    assert trainer.run.method.has_teacher_logits
    assert trainer.curve[0]["wrong_teacher_rate"] is not None
    assert set(trainer.curve[0]["losses"]) == set(trainer.run.method.terms())


def test_it_cannot_teach_other_classes_or_another_order(exported: Path, make: Make, tmp_path: Path) -> None:
    def remarks(path: Path) -> tuple[str, ...]:
        config = make("classification", "kd", teacher={"kind": "onnx", "path": str(path)})
        return build_run(config, Group(CPU), CPU, lambda *_: True).data.remarks

    assert remarks(exported) == ()
    with pytest.raises(ConfigError, match="class 0 is '1' to the teacher and '0' in the data"):
        remarks(changed(exported, tmp_path, ["1", "0", "2", "3"]))
    (remark,) = remarks(changed(exported, tmp_path, ["0", "one", "2", "3"]))
    assert "class 1 is 'one' to the teacher and '1' in the data" in remark
    assert remarks(changed(exported, tmp_path, None)) == ()  # it does not say


def test_what_gives_no_embedding_cannot_teach_relations_or_faces(exported: Path, make: Make) -> None:
    run = build_run(
        make("classification", "rkd", teacher={"kind": "onnx", "path": str(exported)}),
        Group(CPU),
        CPU,
        lambda *_: True,
    )
    teacher: Any = run.teacher
    teacher.embedding_dim = 0  # as of a file whose last layer is no linear map
    method = METHODS["rkd"]
    with pytest.raises(MethodError, match="RKD: expected a teacher that gives an embedding"):
        method(run.method.student, teacher, run.method.task, run.method.config)
    with pytest.raises(MethodError, match="expected a teacher of faces that gives an embedding"):
        method(
            run.method.student, teacher, dataclasses.replace(run.method.task, kind="face"), run.method.config
        )


def test_a_detector_cannot_teach(tiny_detector: Any, make: Make) -> None:
    config = make("classification", "kd", teacher={"kind": "onnx", "path": str(tiny_detector.path)}).teacher
    with pytest.raises(ConfigError, match="expected an embedder or a classifier, got tiny_detector"):
        open_teacher(config, CPU, pooled=True)
