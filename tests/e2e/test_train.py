"""The real child process: commands while it trains, sudden deaths, two processes with the losses of one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facekd.packed import write_packed
from facekd.protocol import COMMANDS, Done, decode

CONFIG = """
[data]
kind = "packed"
train = ["classes.npz"]
task = "classification"
validation = {images = 0.25}
size = 16
cache = "cache"
[student]
network = "cifar_resnet"
depth = 8
[teacher]
kind = "run"
path = "teacher"
[method]
name = "rkd"
[budget]
epochs = 3
batch_size = 16
views = 2
device = "cpu"
threads = 1
"""
TEACHER = ["method.name=plain", "teacher.kind=none", "teacher.path=", "budget.epochs=1"]
PATIENCE_S = 90.0


class Child:
    """`python -m facekd ...`, its events, and a way to talk to it."""

    def __init__(self, *words: object, cwd: Path) -> None:
        self.events: list[Any] = []
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "facekd", *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=environment,
        )  # fmt: skip

    def until(self, kind: str, count: int = 1) -> Any:
        """Read until the n-th event of a kind from here on."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = decode(line)
            assert event is not None, line  # nothing but the protocol comes out of stdout
            self.events.append(event)
            count -= event.__struct_config__.tag == kind
            if not count:
                return event
        _, err = self.process.communicate()
        raise AssertionError(f"ended without {kind}: {err.decode()[-2000:]}")

    def say(self, command: str) -> None:
        assert command in COMMANDS
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def end(self) -> int:
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, configuration and a trained teacher."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (4, 4, 4, 3))
    files = []
    for k in range(64):
        image = np.kron(patterns[k % 4], np.ones((4, 4, 1))) + rng.normal(0, 20, (16, 16, 3))
        files.append(cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())
    write_packed(folder / "classes.npz", files, label=[k % 4 for k in range(64)])
    (folder / "run.toml").write_text(CONFIG)
    child = Child(
        "train", "run.toml", "--out", "teacher", *(w for v in TEACHER for w in ("--set", v)), cwd=folder
    )
    child.until("done")
    assert child.end() == 0
    return folder


Start = Callable[..., Child]


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """`start(*words)`; what still runs at the end of the test is killed."""
    children: list[Child] = []

    def go(*words: object) -> Child:
        children.append(Child(*words, cwd=place))
        return children[-1]

    yield go
    for child in children:
        child.process.kill()
        child.process.communicate()


def losses(folder: Path) -> list[Any]:
    metrics = json.loads((folder / "metrics.json").read_text())
    return [epoch["losses"] for epoch in metrics["curve"]]


def test_pause_resume_and_stop_then_go_on_to_the_result_of_an_undisturbed_run(
    start: Start, place: Path
) -> None:
    undisturbed = start("train", "run.toml", "--out", "undisturbed")
    undisturbed.until("done")
    assert undisturbed.end() == 0
    child = start("train", "run.toml", "--out", "disturbed", "--set", "budget.checkpoint_s=0")
    child.until("step")
    child.say("pause")
    paused = child.until("paused")
    time.sleep(0.7)
    child.say("resume")
    resumed = child.until("resumed")
    assert (resumed.epoch, resumed.step) == (paused.epoch, paused.step)
    child.say("stop")
    stopped = child.until("stopped")
    assert child.end() == 0
    assert Path(stopped.checkpoint).is_file()
    assert not (place / "disturbed" / "student.onnx").exists()
    child = start("resume", "disturbed")
    child.until("done")
    assert child.end() == 0
    assert losses(place / "disturbed") == losses(place / "undisturbed")


def test_a_killed_run_loses_only_what_came_after_the_checkpoint(start: Start, place: Path) -> None:
    long = ("--set", "budget.epochs=400", "--set", "budget.checkpoint_s=0")
    child = start("train", "run.toml", "--out", "killed", *long)
    child.until("epoch", 2)
    child.process.send_signal(signal.SIGKILL)
    child.process.communicate()
    state = json.loads((place / "killed" / "checkpoint" / "state.json").read_text())
    assert state["progress"]["epoch"] >= 2
    child = start("resume", "killed")
    first = child.until("step")
    assert first.epoch >= state["progress"]["epoch"]
    # the window dies: the end of stdin means stop
    assert child.process.stdin is not None
    child.process.stdin.close()
    child.process.stdin = None
    child.until("stopped")
    assert child.end() == 0


def test_a_detached_run_goes_on_and_obeys_its_control_file(start: Start, place: Path) -> None:
    child = start("train", "run.toml", "--out", "detached", "--set", "budget.epochs=5000")
    child.until("step")
    child.say("detach")
    assert child.process.stdin is not None
    child.process.stdin.close()
    child.process.stdin = None
    child.until("epoch", 3)
    folder = place / "detached"
    assert (folder / "lock").read_text() == str(child.process.pid)
    second = start("resume", folder)
    assert "active in process" in second.until("error").text
    assert second.end() == 2
    (folder / "control").write_text("stop\n")
    child.until("stopped")
    assert child.end() == 0
    assert not (folder / "control").exists()
    assert not (folder / "lock").exists()


# CCSKD has logits, channels and relations; the rate is low, because training itself amplifies rounding
SHARED = [
    word
    for change in (
        "method.name=ccskd",
        "optimiser.batchnorm=sync",
        "budget.learning_rate=1e-4",
        "budget.epochs=2",
    )
    for word in ("--set", change)
]


@pytest.fixture(scope="module")
def alone(place: Path) -> list[Any]:
    """The losses of one process."""
    child = Child("train", "run.toml", *SHARED, "--out", "alone", cwd=place)
    child.until("done")
    assert child.end() == 0
    return losses(place / "alone")


def agree(one: list[Any], two: list[Any]) -> None:
    for first, second in zip(one, two, strict=True):
        assert first.keys() == second.keys()
        for term, value in first.items():
            assert second[term] == pytest.approx(value, rel=1e-4, abs=1e-5), term


def test_two_processes_give_the_losses_of_one(start: Start, place: Path, alone: list[Any]) -> None:
    child = start("train", "run.toml", *SHARED, "--out", "two", "--set", "budget.processes=2")
    child.until("done")
    assert child.end() == 0
    agree(alone, losses(place / "two"))


def test_relations_may_stay_within_each_process(start: Start, place: Path, alone: list[Any]) -> None:
    child = start(
        "train", "run.toml", *SHARED, "--out", "apart",
        "--set", "budget.processes=2", "--set", "method.gather=false", "--set", "budget.epochs=1",
    )  # fmt: skip
    child.until("done")
    assert child.end() == 0
    (apart,) = losses(place / "apart")
    assert apart["task"] == pytest.approx(alone[0]["task"], rel=1e-3)
    assert apart["distance"] != pytest.approx(alone[0]["distance"], rel=1e-2)


def test_torchrun_gives_the_losses_of_one_process(place: Path, alone: list[Any]) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "-m", "facekd", "train", "run.toml", *SHARED, "--out", "torchrun", "--seeds", "2"],
        cwd=place, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=PATIENCE_S, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    agree(alone, losses(place / "torchrun" / "seed-0"))
    ends = [event for line in done.stdout.splitlines() if isinstance(event := decode(line), Done)]
    assert [Path(event.model).parent.name for event in ends] == [
        "seed-0",
        "seed-1",
    ]  # the first process speaks
    summary = json.loads((place / "torchrun" / "summary.json").read_text())
    assert summary["seeds"] == [0, 1]


def test_wrong_configurations_end_with_2_and_one_sentence(start: Start, place: Path) -> None:
    child = start("train", "run.toml", "--set", "budget.epoch=3")
    assert "did you mean `epochs`?" in child.until("error").text
    _, err = child.process.communicate(timeout=PATIENCE_S)
    assert (child.process.returncode, err.count(b"\n")) == (2, 1)
