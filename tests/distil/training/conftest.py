"""Tiny runs: painted classes of 16x16 pixels, nets of a few ten thousand parameters, one thread, no export."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from facekd.config import RunConfig, config_from
from facekd.distil.training.group import Group
from facekd.distil.training.progress import Channel, Commands
from facekd.distil.training.run import build_run, complete
from facekd.distil.training.runfolder import CLASSES, prepare_folder, write_json
from facekd.distil.training.session import Session
from facekd.distil.training.trainer import Trainer
from facekd.packed import write_packed

SIDE = 16


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def painted(classes: int, each: int, seed: int = 0) -> tuple[list[bytes], list[int]]:
    """PNG files: every class is a pattern of 4x4 fields, every image has its own noise."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(99).integers(0, 256, (classes, 4, 4, 3))
    files, labels = [], []
    for number in range(classes * each):
        label = number % classes
        image = np.kron(patterns[label], np.ones((SIDE // 4, SIDE // 4, 1))) + rng.normal(
            0, 20, (SIDE, SIDE, 3)
        )
        files.append(cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())
        labels.append(label)
    return files, labels


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `classes.npz`, `faces.npz` and one cache for all tests."""
    folder = tmp_path_factory.mktemp("world")
    files, labels = painted(4, 16)
    write_packed(folder / "classes.npz", files, label=labels)
    files, labels = painted(8, 6)
    labels[-5:] = [-1] * 5
    write_packed(folder / "faces.npz", files, identity=labels)
    return folder


Make = Callable[..., RunConfig]


@pytest.fixture(scope="session")
def make(world: Path) -> Make:
    """`make(task, name_of_method, **sections)`: a complete tiny configuration; sections are merged into it."""

    def config(task: str, name: str = "plain", /, **sections: dict[str, Any]) -> RunConfig:
        face = task == "face"
        table: dict[str, dict[str, Any]] = {
            "data": {
                "kind": "packed",
                "train": ["faces.npz" if face else "classes.npz"],
                "task": task,
                "size": SIDE,
                "validation": {"identities": 0.5} if face else {"images": 0.25},
                "cache": "cache",
            },
            "student": {"network": "cifar_resnet", "depth": 8},
            "method": {"name": name},
            "budget": {"epochs": 2, "batch_size": 8, "views": 2, "device": "cpu", "threads": 1},
        }
        for section, fields in sections.items():
            table[section] = {**table.get(section, {}), **fields}
        return complete(config_from(table, "test", world))

    return config


Train = Callable[..., Trainer]


@pytest.fixture(scope="session")
def train() -> Train:
    """`train(config, folder)`: a run without export; returns its trainer, `.stopped` tells whether it was stopped."""

    def go(
        config: RunConfig, folder: Path, *, resume: bool = False, commands: Commands | None = None
    ) -> Trainer:
        if not resume:
            prepare_folder(folder, config)
        channel = Channel(None, folder / "events.jsonl")
        run = build_run(config, Group(torch.device("cpu")), torch.device("cpu"), lambda *_: True)
        write_json(folder / CLASSES, {"classes": run.data.train.classes, "side": run.data.train.side})
        trainer = Trainer(run, folder, channel, commands or Commands())
        try:
            trainer.stopped = trainer.train(resume=resume)
        finally:
            channel.close()
        return trainer

    return go


@pytest.fixture(scope="session")
def class_teacher(make: Make, train: Train, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`[teacher]` of a trained classifier's run."""
    folder = tmp_path_factory.mktemp("teachers") / "classes"
    train(make("classification", budget={"epochs": 4}), folder)
    return {"kind": "run", "path": str(folder)}


@pytest.fixture(scope="session")
def face_teacher(make: Make, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`[teacher]` of a face network in an ONNX file with its card, exported by a run."""
    folder = tmp_path_factory.mktemp("teachers") / "faces"
    assert Session(None, Commands()).train(make("face", budget={"epochs": 2}), folder) == 0
    return {"kind": "onnx", "path": str(folder / "student.onnx")}
