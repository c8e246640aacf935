"""Training runs for the pictures of the guide: drawn curves, not results. One of them seems to train."""

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facekd.protocol import Done, EpochEnd, Error, Event, Hello, Plan, Step, Stopped, encode
from facekd_ui.services.training_runs import write_about

EPOCHS, STEPS = 60, 492
TERMS = ("task", "channel", "selective", "embedding_angle", "embedding_distance", "embedding")
CONFIG = """version = 1
[data]
kind = "folder"
train = ["/data/people"]
task = "face"
validation = {{identities = 0.1}}
[teacher]
kind = "onnx"
path = "/models/teacher_b.onnx"
[student]
network = "desktop"
size = "small"
[method]
name = "{method}"
task_weight = 1.0
channel_weight = 1.0
selective_weight = 0.5
embedding_weight = 1.0
embedding_distance_weight = 25.0
embedding_angle_weight = 50.0
[budget]
epochs = 60
batch_size = 64
learning_rate = 0.006
threads = 2
views = 8
seed = 0
"""
LOCKED = "import fcntl, os, sys, time; f = open(sys.argv[1], 'w'); f.write(str(os.getpid())); f.flush(); fcntl.flock(f, fcntl.LOCK_EX); time.sleep(600)"  # noqa: E501


def make_runs(runs: Path) -> Path:
    """Two that are done, one that was stopped, one that failed, one under way; returns the folder of the last."""
    _run(runs, 10, "20261030T120000-ccskd-desktop-0", "ccskd", 1, 0.98,
         Error("memory", "memory ended with a batch of 64; a batch of 32 fits: set it and resume"))  # fmt: skip
    _run(runs, 11, "20261031T120000-mskd_ssr-desktop-0", "mskd_ssr", 9, 0.98, Stopped(9, "c"))
    for number, name, method, level in (
        (13, "20261102T120000-embedding_cosine-desktop-0", "embedding_cosine", 0.970),
        (14, "20261103T120000-mskd_ssr-desktop-0", "mskd_ssr", 0.981),
    ):
        folder = _run(runs, number, name, method, EPOCHS, level, Done("m", "0" * 64, {}))
        (folder / "student.onnx").write_bytes(b"x" * 1_000_000)
    return _run(runs, 15, "20261104T120000-ccskd-desktop-0", "ccskd", 41, 0.98, None)


@contextmanager
def seems_to_train(folder: Path) -> Iterator[None]:
    """A process holds the run's lock, as the trainer would."""
    holder = subprocess.Popen([sys.executable, "-c", LOCKED, str(folder / "lock")])
    try:
        yield
    finally:
        holder.kill()
        holder.wait()


def _run(
    runs: Path, number: int, name: str, method: str, until: int, level: float, final: Event | None
) -> Path:
    folder = runs / name
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG.format(method=method))
    events: list[Event] = [Hello(1, "cpu", str(folder)), Plan(EPOCHS, STEPS, TERMS, 250_000, 1_000_000)]
    draw, curve = random.Random(number), []
    for epoch in range(1, until + 1):
        terms: dict[str, float] = {}
        for part in range(1, 13):
            x = epoch - 1 + part / 12
            terms = {name: value * (1 + draw.gauss(0, 0.03)) for name, value in _terms(x).items()}
            left = (EPOCHS - x) * 225
            events.append(Step(epoch, part * STEPS // 12, x / EPOCHS, terms, 0.006, 214.0, left))
        val = {"accuracy": level - 0.09 * math.exp(-epoch / 10) + draw.gauss(0, 0.001), "n": 3000}
        events.append(EpochEnd(epoch, terms, val))
        curve.append({"epoch": epoch, "losses": terms, "gradient_share": {}, "images_per_s": 214.0, "lr": 0.006,
                      "wrong_teacher_rate": 0.004, "val": val, "seconds": epoch * 215})  # fmt: skip
    events += [final] if final is not None else []
    (folder / "events.jsonl").write_bytes(b"".join(map(encode, events)))
    metrics = {"method": method, "student": "desktop", "task": "face", "seed": 0, "best": None,
               "last": {"epoch": until, "val": val}, "seconds": until * 215, "curve": curve,
               "export": {"latency_ms_p50": 3.1}}  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps(metrics))
    write_about(folder, number=number, purpose="best", started=True)
    return folder


def _terms(x: float) -> dict[str, float]:
    falls = {"channel": (0.28, 1.4, 10), "selective": (0.2, 0.8, 16), "embedding_angle": (0.12, 0.5, 14),
             "embedding_distance": (0.09, 0.25, 20), "embedding": (0.05, 0.55, 10)}  # fmt: skip
    task = 0.0 if x < 18 else max(0.4, 1.1 * math.exp(-(x - 18) / 20))
    return {"task": task} | {
        name: low + high * math.exp(-x / far) for name, (low, high, far) in falls.items()
    }
