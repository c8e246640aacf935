"""Sessions: what is written, how failures end, export with parity, several seeds, comparison."""

import errno
import io
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch

from facekd.config import RunConfig
from facekd.config_table import ConfigError
from facekd.distil.data.imageset import ImageSet
from facekd.distil.data.readers import Data
from facekd.distil.methods.kd import LogitKD
from facekd.distil.training import checkpoint as checkpoints
from facekd.distil.training.classification import evaluate
from facekd.distil.training.compare import compare
from facekd.distil.training.describe import describe, preset_toml, presets
from facekd.distil.training.export import ExportError, check_parity, export_run, macs_of, onnx_bytes
from facekd.distil.training.failures import describe_failure
from facekd.distil.training.progress import Channel, Commands, locked
from facekd.distil.training.run import build_student
from facekd.distil.training.session import Session
from facekd.distil.training.trainer import Trainer
from facekd.models import open_model_file
from facekd.protocol import Done, Error, Message, decode

Make = Callable[..., RunConfig]
Train = Callable[..., Trainer]


def session(config: RunConfig, folder: Path) -> tuple[int, list[Any]]:
    """Exit status and events."""
    stream = io.BytesIO()
    status = Session(stream, Commands()).train(config, folder)
    return status, [decode(line) for line in stream.getvalue().splitlines()]


@pytest.fixture(scope="module")
def finished(make: Make, class_teacher: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished and exported classification run that learnt from another."""
    folder = tmp_path_factory.mktemp("runs") / "kd"
    status, events = session(
        make("classification", "kd", teacher=class_teacher, budget={"epochs": 3}), folder
    )
    assert status == 0
    assert isinstance(events[-1], Done)
    return folder


def test_a_run_folder_holds_everything_that_the_contract_names(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert {"config.toml", "environment.json", "events.jsonl", "metrics.json", "checkpoint"} <= names
    assert {"student.onnx", "student.toml"} <= names
    assert {path.suffix for path in (finished / "checkpoint").iterdir()} == {".safetensors", ".json"}
    config = tomllib.loads((finished / "config.toml").read_text())
    assert config["optimiser"]["momentum"] == 0.9  # a default, written out
    assert config["method"]["temperature"] == 4.0
    environment = json.loads((finished / "environment.json").read_text())
    assert (
        environment["packages"]["torch"] == torch.__version__.split("+")[0]
        or environment["packages"]["torch"]
    )
    lines = (finished / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in (lines[0], lines[-1])] == ["hello", "done"]


def test_the_exported_file_is_the_plain_student_and_answers_as_torch_does(finished: Path) -> None:
    config = tomllib.loads((finished / "config.toml").read_text())
    assert config["student"]["network"] == "cifar_resnet"
    metrics = json.loads((finished / "metrics.json").read_text())["export"]
    assert metrics["parity_cosine"] > 0.9999
    weights = checkpoints.read_tensors(finished / "checkpoint" / "last.safetensors")
    counted = sum(v.numel() for k, v in weights.items() if "running" not in k and "num_batches" not in k)
    assert metrics["parameters"] == counted
    assert metrics["latency_ms_p50"] <= metrics["latency_ms_p90"] <= metrics["latency_ms_p99"]
    runtime = ort.InferenceSession((finished / "student.onnx").read_bytes())
    (answer,) = runtime.run(None, {"images": np.zeros((3, 3, 16, 16), np.float32)})
    assert answer.shape == (3, 4)


def test_a_face_card_is_read_by_the_recogniser(face_teacher: dict[str, Any]) -> None:
    model = open_model_file(Path(face_teacher["path"]))
    assert (model.card.kind, model.card.dim, model.card.input.size) == ("embedder", 64, (16, 16))
    assert model.card.trained_on == "faces.npz"
    assert model.card.metrics["validation accuracy"].n > 0
    assert model.card.metrics["genuine_mean"].n > 0


def test_a_face_card_has_the_lines_that_its_validation_people_carry(
    face_teacher: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(Path(face_teacher["path"]).parent, folder)
    noise = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)
    people = ImageSet(noise, np.arange(60) // 2, tuple(map(str, range(30))), ("",) * 60, "")
    export_run(folder, data=Data(people, people, ()))
    (row,) = open_model_file(folder / "student.onnx").card.threshold
    assert (row.far, row.n) == (1e-2, 60 * 58 // 2)
    assert row.lo <= row.value <= row.hi


def test_int8_is_smaller_and_says_how_far_it_lies(finished: Path) -> None:
    figures = export_run(finished, "best", int8=True).figures
    assert (finished / "student-int8.onnx").stat().st_size == figures["int8_bytes"] < figures["bytes"]
    assert figures["int8_parity_cosine"] > 0.9
    card = tomllib.loads((finished / "student-int8.toml").read_text())
    assert card["id"] != tomllib.loads((finished / "student.toml").read_text())["id"]


def test_an_export_that_answers_differently_is_refused() -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 8 * 8, 4))
    sample = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    data = onnx_bytes(network, 8, "embedding")
    with torch.no_grad():
        right = network(torch.from_numpy(sample)).numpy()
    assert check_parity(data, sample, right)["parity_cosine"] == pytest.approx(1)
    with pytest.raises(ExportError, match=r"0\.9999"):
        check_parity(data, sample, right[::-1].copy())


def test_macs_are_counted_by_hand() -> None:
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, 2, 1), torch.nn.Flatten(), torch.nn.Linear(4 * 4 * 4, 5)
    )
    assert macs_of(network, 8) == 4 * 4 * 4 * 27 + 64 * 5


def test_the_evaluated_classifier_repeats_the_validation_figures(finished: Path, world: Path) -> None:
    got = evaluate(world / "classes.npz", finished)
    assert got["n"] == 64
    assert got["top5"] == 1.0  # four classes
    assert 0.25 < got["top1"] <= 1


def test_a_run_needs_a_folder_of_its_own(make: Make, finished: Path) -> None:
    status, events = session(make("classification"), finished)
    assert status == 2
    assert isinstance(events[-1], Error)
    assert "resume it, or choose another folder" in events[-1].text


def test_a_locked_run_is_left_alone(finished: Path) -> None:
    with locked(finished), pytest.raises(ConfigError, match="active in process"), locked(finished):
        pass
    with locked(finished):
        pass  # free again


def test_wrong_choices_end_before_any_training(make: Make, tmp_path: Path) -> None:
    status, events = session(make("classification", "kd"), tmp_path / "a")
    assert (status, events[-1].kind) == (2, "config")
    assert "expected a teacher" in events[-1].text
    with pytest.raises(ConfigError, match=r"did you mean `temperature`"):
        make("classification", "kd", method={"temprature": 2.0})
    with pytest.raises(ConfigError, match="expected one of plain"):
        make("classification", "kdd")


def test_a_full_disk_ends_the_run_and_keeps_the_checkpoint(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = checkpoints.write_bytes, []

    def full(path: Path, data: bytes) -> None:
        if path.name.startswith("state-"):
            calls.append(path)
            if len(calls) > 3:
                raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(checkpoints, "write_bytes", full)
    status, events = session(make("classification", budget={"checkpoint_s": 0.0}), tmp_path / "a")
    assert status == 1
    assert events[-1].kind == "disk"
    assert "resume" in events[-1].text
    monkeypatch.undo()
    state = checkpoints.read_state(tmp_path / "a" / "checkpoint")
    assert (state.facts["progress"]["epoch"], state.facts["progress"]["step"]) == (1, 3)
    assert Session(None, Commands()).resume(tmp_path / "a") == 0


def test_out_of_memory_says_which_batch_fits(
    make: Make, class_teacher: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LogitKD.losses

    def limited(self: LogitKD, batch: Any, *rest: Any) -> Any:
        if len(batch.labels) > 5:  # stands for a card on which five images fit
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, batch, *rest)

    monkeypatch.setattr(LogitKD, "losses", limited)
    status, events = session(
        make("classification", "kd", teacher=class_teacher, budget={"batch_size": 16}), tmp_path / "a"
    )
    assert (status, events[-1].kind) == (1, "memory")
    assert "a batch of 4 fits" in events[-1].text


def test_out_of_memory_of_several_processes_suggests_half_the_batch(
    make: Make, train: Train, tmp_path: Path
) -> None:
    trainer = train(make("classification", budget={"epochs": 1}), tmp_path / "a")
    trainer.run.group.world = 2
    error = describe_failure(torch.OutOfMemoryError("CUDA out of memory"), trainer)
    assert (error.kind, "batch of 8 in 2 processes; set [budget] batch_size = 4" in error.text) == (
        "memory",
        True,
    )


def test_several_seeds_report_mean_and_deviation(make: Make, tmp_path: Path) -> None:
    stream = io.BytesIO()
    config = make("classification", budget={"epochs": 1})
    assert Session(stream, Commands()).train_seeds(config, tmp_path, (3, 4)) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["seeds"] == [3, 4]
    a, b = summary["last"]["top1"]["values"]
    assert summary["last"]["top1"]["mean"] == pytest.approx((a + b) / 2)
    assert summary["last"]["top1"]["std"] == pytest.approx(abs(a - b) / 2**0.5)
    runs = [tmp_path / "seed-3", tmp_path / "seed-4"]
    table = compare(runs, tmp_path / "out")
    assert [row["seed"] for row in table["runs"]] == [3, 4]
    (group,) = table["summary"]  # one recipe
    assert group["last_top1_mean"] == pytest.approx((a + b) / 2)
    assert {Path(file).name for file in table["files"]} >= {
        "table.csv", "curves.csv", "validation.png", "validation.svg", "loss.png", "loss.svg",
    }  # fmt: skip
    assert (tmp_path / "out" / "loss.svg").read_text().count("<polyline") == 2


def test_describe_has_a_schema_with_range_and_default_for_everything() -> None:
    found = describe()
    epochs = found["sections"]["budget"]["properties"]["epochs"]
    assert (epochs["type"], epochs["minimum"], epochs["maximum"], epochs["default"]) == (
        "integer",
        1,
        100_000,
        30,
    )
    assert epochs["description"] == "passes over the training images"
    kd = found["methods"]["kd"]
    assert kd["schema"]["properties"]["temperature"]["default"] == 4.0
    assert "desktop" in found["networks"]
    json.dumps(found, allow_nan=False)


def test_every_preset_is_a_configuration_that_loads(tmp_path: Path) -> None:
    from facekd.config import load_config
    from facekd.distil.training.run import complete

    names = presets()
    assert {"ccskd/default-face", "mskd_ssr/default-image", "plain/default-image"} <= set(names)
    for name in names:
        (tmp_path / "p.toml").write_text(preset_toml(name))
        assert complete(load_config(tmp_path / "p.toml")).method.name == name.split("/")[0]
    with pytest.raises(ConfigError, match="expected a preset among"):
        preset_toml("nothing")


def test_a_student_of_a_run_has_no_trace_of_its_teacher(finished: Path, make: Make) -> None:
    plain = build_student(make("classification").student, "classification", 4)
    weights = checkpoints.read_tensors(finished / "checkpoint" / "last.safetensors")
    assert weights.keys() == plain.state_dict().keys()


def test_a_channel_survives_the_death_of_its_reader() -> None:
    class Dead(io.BytesIO):
        def write(self, _data: Any) -> int:
            raise BrokenPipeError

    channel = Channel(Dead())
    channel.emit(Message("info", "a"))
    channel.emit(Message("info", "b"))
