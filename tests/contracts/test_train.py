"""contracts.md, sections 1 and 3: `train`, `resume`, `export`, `compare`, `describe`, `presets`, classification."""

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facekd.packed import write_packed
from facekd_ui.cli import models
from facekd_ui.cli import train as training
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.output import Output
from facekd_ui.services.training_child import TrainingRefused, ask

SECTIONS = {"data", "teacher", "student", "method", "augment", "budget", "optimiser", "version"}


def cli(capsys: pytest.CaptureFixture[str], home: Path, *words: object) -> Any:
    """The JSON document of a training command."""
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers(required=True)
    commands = Commands(subparsers, parents=[])
    training.add_to(commands)
    training.add_classification(commands)
    models.add_to(commands)
    args = parser.parse_args(list(map(str, words)))
    args.home, args.threads = home, None
    assert args.run(args, Output(json=True, quiet=True)) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract")
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (4, 4, 4, 3))
    files = []
    for k in range(32):
        image = np.kron(patterns[k % 4], np.ones((4, 4, 1))) + rng.normal(0, 20, (16, 16, 3))
        files.append(cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())
    write_packed(folder / "classes.npz", files, label=[k % 4 for k in range(32)])
    (folder / "run.toml").write_text(
        '[data]\nkind = "packed"\ntrain = ["classes.npz"]\ntask = "classification"\nvalidation = {images = 0.25}\n'
        '[student]\nnetwork = "cifar_resnet"\ndepth = 8\n[method]\nname = "plain"\n'
        '[budget]\nepochs = 1\nbatch_size = 8\ndevice = "cpu"\n'
    )
    return folder


def test_train_then_evaluate_export_and_compare(
    capsys: pytest.CaptureFixture[str], world: Path, own_home: Path
) -> None:
    got = cli(capsys, own_home, "train", world / "run.toml", "--seed", 5, "--set", "budget.epochs=2")
    run = Path(got["run"])
    assert run.parent == own_home / "runs"
    assert run.name.endswith("-plain-cifar_resnet-5")
    assert got["metrics"]["top1"] >= 0
    assert Path(got["model"]) == run / "student.onnx"
    config = tomllib.loads((run / "config.toml").read_text())
    assert set(config) == SECTIONS
    assert (config["budget"]["epochs"], config["budget"]["seed"]) == (2, 5)
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"last", "best", "curve"} <= set(metrics)
    assert {"losses", "gradient_share", "wrong_teacher_rate", "images_per_s"} <= set(metrics["curve"][0])

    figures = cli(capsys, own_home, "classification", "--data", world / "classes.npz", "--model", run)
    assert set(figures) == {"top1", "top5", "n"}
    assert figures["n"] == 32

    checked = cli(capsys, own_home, "models", "verify", run / "student.onnx")
    assert [check["ok"] for check in checked["checks"]] == [True]
    imported = cli(capsys, own_home, "models", "import", run / "student.onnx")
    assert (imported["kind"], imported["dim"]) == ("classifier", 4)
    by_file = cli(
        capsys, own_home, "classification", "--data", world / "classes.npz", "--model", imported["path"]
    )
    assert by_file == figures

    exported = cli(capsys, own_home, "export", run)
    assert exported["sha256"] == got["sha256"]  # the same weights give the same file
    table = cli(capsys, own_home, "compare", run, "--out", world / "compared")
    assert table["runs"][0]["seed"] == 5
    assert (world / "compared" / "validation.png").is_file()
    again = cli(capsys, own_home, "resume", run)  # nothing is left to do, and nothing is harmed
    assert again["sha256"] == got["sha256"]


def test_describe_and_presets(capsys: pytest.CaptureFixture[str], own_home: Path, tmp_path: Path) -> None:
    found = cli(capsys, own_home, "describe")
    assert {"plain", "kd", "rkd", "dkd", "ccskd", "mskd_ssr"} <= set(found["methods"])
    for method in found["methods"].values():
        for field in method["schema"]["properties"].values():
            assert "default" in field
    listed = cli(capsys, own_home, "presets")
    assert "ccskd/released" in listed["presets"]
    one = cli(capsys, own_home, "presets", "ccskd/released")
    assert set(tomllib.loads(one["toml"])) == SECTIONS


@pytest.mark.shared
def test_describe_lists_the_tensors_of_an_onnx_teacher(
    capsys: pytest.CaptureFixture[str], own_home: Path, weights: Path
) -> None:
    teacher = weights / "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"
    found = cli(capsys, own_home, "describe", "--onnx", teacher)
    assert found["dim"] == 128
    names = [tensor["name"] for tensor in found["tensors"]]
    assert set(found["default"]) <= set(names)


def test_a_refusal_is_one_exception_with_the_childs_words(own_home: Path, world: Path) -> None:
    with pytest.raises(TrainingRefused, match="expected a preset among"):
        ask(["presets", "nothing"], own_home)
    args = argparse.Namespace(home=own_home, folder=world, overrides=[])
    with pytest.raises(TrainingRefused, match="expected a run folder"):
        training.run_resume(args, Output(quiet=True))


def test_resume_names_the_way_to_other_values(
    capsys: pytest.CaptureFixture[str], own_home: Path, world: Path
) -> None:
    with pytest.raises(TrainingRefused, match=r"train .*config\.toml --set budget\.epochs=60"):
        cli(capsys, own_home, "resume", world, "--set", "budget.epochs=60")


def test_the_command_line_does_not_load_torch() -> None:
    code = "import sys, facekd_ui.cli.train; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0
