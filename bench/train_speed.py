"""How many images a second train, against the usual way of distilling: the table of docs/training.md.

    .venv/bin/python bench/train_speed.py [--quick] [--data DIR] [--only images|faces] [--document docs/training.md]

Three ways train the same student from the same weights with the same teacher, data, batch and recipe, in turns:

- the peer, one image at a time with a live teacher (`bench/peers/per_image.py`);
- ours with a live teacher: images on the device, new views in every epoch;
- ours with the cache of knowledge: the teacher was asked once about a fixed set of views.

A figure is the wall clock of an epoch, the first one of a run left out; beside it stands the loss that was reached and
how good the student is on images that nobody trained on. Without the research data, painted pictures serve. Writes
out/bench/train_speed.json.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import report
import torch
import torch.nn.functional as F
from peers.per_image import Spec
from peers.pictures import CLASSES, HELD_OUT, TRAIN, decoded, write_class_images, write_crops

from facekd.config import Choice, TeacherConfig
from facekd.config_table import toml_text
from facekd.distil.training.checkpoint import LAST, load_weights, read_tensors
from facekd.distil.training.run import build_student
from facekd.distil.training.teacher import open_teacher
from facekd.packed import Packed
from facekd.protocol import EpochEnd, Error, Plan, Step, decode

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
PER_IMAGE, LIVE, CACHED = "one image at a time", "FaceKD, live teacher", "FaceKD, cached teacher"
TEACHER_B = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"
CORES = min(2, report.cores())


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    images: int
    held_out: int
    epochs: int
    teacher_epochs: int
    views: int


SIZES = {"images": Size(6_400, 2_000, 6, 4, 4), "faces": Size(3_200, 1_000, 5, 0, 4)}
QUICK = {"images": Size(512, 200, 2, 1, 2), "faces": Size(256, 64, 2, 0, 2)}


@dataclass(frozen=True, slots=True)
class Trained:
    """One run of one way."""

    seconds: tuple[float, ...]  # of every epoch but the first
    loss: float  # mean of the last epoch
    held_out: float  # top-1, or for faces the cosine with the teacher
    asking_s: float  # until the teacher had been asked about all views


# -- cases -----------------------------------------------------------------------------------------------------------


def prepare(task: str, data: Path, size: Size, folder: Path, *, quick: bool) -> tuple[str, str, Spec] | None:
    """Title, name of the held-out figure, and the training of a case; None when its data is absent."""
    if task == "images":
        write_class_images(data, folder, size.images, size.held_out)
        depths = (14, 8) if quick else (56, 20)
        what = f"KD, ResNet-{depths[0]} to ResNet-{depths[1]}, {size.images:,} images of 32x32"
        spec = image_spec(folder, size, depths)
    elif (data / "weights" / TEACHER_B).is_file():
        write_crops(data, folder, size.images, size.held_out)
        what = (
            f"Embedding cosine, MobileFaceNet (ONNX) to `desktop` of 0.25 M, {size.images:,} crops of 112x112"
        )
        spec = face_spec(data, folder, size)
    else:
        return None
    title = f"{what}, batches of {spec.batch}, {size.epochs} epochs, {CORES} cores"
    return title, "top-1 held out" if task == "images" else "cosine held out", spec


def image_spec(folder: Path, size: Size, depths: tuple[int, int]) -> Spec:
    """KD from one ResNet, trained here, to a smaller one."""
    spec = Spec(
        task="classification", data=str(folder / TRAIN), teacher_kind="run", teacher=str(folder / "teacher"),
        student="cifar_resnet", fields={"depth": depths[1]}, classes=CLASSES, epochs=size.epochs, batch=64,
        rate=0.05, milestones=(0.5,), decay=0.1, weight_decay=5e-4, seed=0, threads=CORES, weights="",
    )  # fmt: skip
    fields: dict[str, int | str] = {"depth": depths[0]}
    teacher = dataclasses.replace(
        spec, teacher_kind="none", teacher="", fields=fields, epochs=size.teacher_epochs
    )
    ours(teacher, folder / "teacher", "plain", views=0)
    return spec


def face_spec(data: Path, folder: Path, size: Size) -> Spec:
    """The embedding's cosine from teacher B to our network of 0.25 M parameters."""
    return Spec(
        task="face", data=str(folder / TRAIN), teacher_kind="onnx", teacher=str(data / "weights" / TEACHER_B),
        student="desktop", fields={"size": "small", "embedding_dim": 128}, classes=0, epochs=size.epochs, batch=64,
        rate=0.05, milestones=(0.6,), decay=0.1, weight_decay=5e-4, seed=0, threads=CORES, weights="",
    )  # fmt: skip


# -- the three ways ---------------------------------------------------------------------------------------------------


def ours(spec: Spec, folder: Path, method: str, *, views: int) -> Trained:
    """A run of `python -m facekd`, with its own cache beside it. `views` 0: new ones in every epoch, teacher live."""
    plain = dict.fromkeys(("blur", "jpeg", "low_resolution", "cutout", "saturation"), 0.0)
    table = {
        "data": {"kind": "packed", "train": [spec.data], "task": spec.task, "cache": str(folder.parent / "cache")},
        "teacher": {"kind": spec.teacher_kind, "path": spec.teacher},
        "student": {"network": spec.student, **spec.fields},
        "method": {"name": method},
        "augment": plain if spec.task == "face" else {},
        "budget": {
            "epochs": spec.epochs, "batch_size": spec.batch, "learning_rate": spec.rate, "views": views,
            "seed": spec.seed, "device": "cpu", "processes": CORES, "threads": 1,
        },
        "optimiser": {
            "name": "sgd", "nesterov": False, "weight_decay": spec.weight_decay, "schedule": "steps", "warmup": 0.0,
            "milestones": list(spec.milestones), "decay": spec.decay, "clip": 0.0,
        },
    }  # fmt: skip
    config = folder.with_suffix(".toml")
    config.write_text(toml_text(table))
    command = [sys.executable, "-m", "facekd", "train", str(config), "--out", str(folder)]
    ends, losses, planned, first = [], [], 0.0, 0.0
    for now, event in events(command):
        if isinstance(event, Error):
            raise RuntimeError(event.text)
        if isinstance(event, Plan):
            planned = now
        elif isinstance(event, Step) and not first:
            first = now
        elif isinstance(event, EpochEnd):
            ends.append(now)
            losses.append(sum(event.train.values()))
    weights = folder / "checkpoint" / LAST
    return Trained(tuple(np.diff(ends).tolist()), losses[-1], held_out(spec, weights), first - planned)


def events(command: list[str]) -> Iterator[tuple[float, Any]]:
    """Seconds of arrival and event."""
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # its stdin's end would stop it
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            if (event := decode(line)) is not None:
                yield time.perf_counter(), event


def peer(spec: Spec, folder: Path) -> Trained:
    """A run of the peer in a process of its own."""
    spec = dataclasses.replace(spec, weights=str(folder.with_suffix(".safetensors")))
    folder.with_suffix(".json").write_bytes(msgspec.json.encode(spec))
    command = [sys.executable, "-m", "peers.per_image", str(folder.with_suffix(".json"))]
    done = subprocess.run(command, cwd=ROOT / "bench", stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    seconds = tuple(line["seconds"] for line in lines[1:])
    return Trained(seconds, lines[-1]["loss"], held_out(spec, Path(spec.weights)), 0.0)


def held_out(spec: Spec, weights: Path) -> float:
    """Top-1, or for faces the mean cosine with the teacher, on images that nobody trained on; 0 without a teacher."""
    if spec.teacher_kind == "none":
        return 0.0
    packed = Packed.open(Path(spec.data).with_name(HELD_OUT))
    student = build_student(Choice(spec.student, dict[str, Any](spec.fields)), spec.task, spec.classes)
    load_weights(student, read_tensors(weights), str(weights))
    student.eval()
    found = []
    teacher = None
    if spec.task == "face":
        teacher = open_teacher(TeacherConfig("onnx", spec.teacher), torch.device("cpu"), pooled=True)
    with torch.inference_mode():
        for first in range(0, len(packed), 100):
            rows = range(first, min(first + 100, len(packed)))
            pixels = (
                torch.from_numpy(np.stack([decoded(packed, k) for k in rows])).permute(0, 3, 1, 2).float()
            )
            output = student((pixels - 127.5) / 127.5)
            if teacher is not None:
                theirs = teacher(pixels).embedding
                assert theirs is not None
                found += F.cosine_similarity(output.embedding, theirs).tolist()
            else:
                assert packed.label is not None
                found += (output.logits.argmax(1).numpy() == packed.label[rows.start : rows.stop]).tolist()
    return statistics.fmean(found)


# -- comparison -------------------------------------------------------------------------------------------------------


def compare(
    name: str, spec: Spec, size: Size, turns: int, folder: Path, say: Callable[[str], None]
) -> dict[str, list[Trained]]:
    """Every way once a turn, each turn with its own seed. The first turn fills the cache, later ones find it."""
    method = "kd" if spec.task == "classification" else "embedding_cosine"
    found: dict[str, list[Trained]] = {PER_IMAGE: [], LIVE: [], CACHED: []}
    for turn in range(turns):
        one = dataclasses.replace(spec, seed=turn)
        place = folder / f"{name}-{turn}"
        runs: dict[str, Callable[[], Trained]] = {
            PER_IMAGE: partial(peer, one, place.with_name(f"{place.name}-peer")),
            LIVE: partial(ours, one, place.with_name(f"{place.name}-live"), method, views=0),
            CACHED: partial(ours, one, place.with_name(f"{place.name}-cached"), method, views=size.views),
        }
        for way, run in runs.items():
            found[way].append(run())
            said = found[way][-1]
            say(
                f"{name}, turn {turn + 1}, {way}: {size.images / statistics.median(said.seconds):,.0f} images/s, "
                f"loss {said.loss:.4f}, held out {said.held_out:.4f}"
            )
    return found


def spread(values: list[float]) -> str:
    """Mean and deviation."""
    deviation = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{deviation}"


def cases_of(title: str, found: dict[str, list[Trained]], size: Size) -> list[report.Case]:
    """The rows for the JSON file: milliseconds of an epoch."""
    cases = []
    for way, runs in found.items():
        times = [1e3 * s for run in runs for s in run.seconds]
        extra: dict[str, float | str] = {
            "images_per_s": round(size.images / statistics.median(times) * 1e3, 1),
            "images": size.images,
            "loss": spread([run.loss for run in runs]),
            "held_out": spread([run.held_out for run in runs]),
            "asking_s": round(runs[0].asking_s, 1),
        }
        cases.append(report.case(title, way, times, extra))
    return cases


def table_of(title: str, metric: str, found: dict[str, list[Trained]], size: Size) -> str:
    """As Markdown, with a sentence on the cost of the cache."""
    base = statistics.median(s for run in found[PER_IMAGE] for s in run.seconds)
    lines = [
        f"\n{title}\n",
        f"| way | images a second | IQR | | loss, last epoch | {metric} |",
        "|---|---|---|---|---|---|",
    ]
    for way, runs in found.items():
        speeds = [size.images / s for run in runs for s in run.seconds]
        low, _, high = statistics.quantiles(speeds, n=4) if len(speeds) > 1 else speeds * 3
        lines.append(
            f"| {way} | {statistics.median(speeds):,.0f} | {low:,.0f} to {high:,.0f} | "
            f"{statistics.median(speeds) / size.images * base:.2f}x | {spread([run.loss for run in runs])} | "
            f"{spread([run.held_out for run in runs])} |"
        )
    asked = found[CACHED][0].asking_s
    saved = base - statistics.median(s for run in found[CACHED] for s in run.seconds)
    worth = f", which is what {asked / saved:.1f} epochs save against the peer" if saved > 0 else ""
    lines.append(
        f"\nAsking the teacher about {size.views} views of {size.images:,} images took {asked:,.0f} s, once{worth}; "
        "later runs find the answers."
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Train, print and write out/bench/train_speed.json."""
    parser = argparse.ArgumentParser(description="Training speed against one image at a time.")
    parser.add_argument("--quick", action="store_true", help="tiny networks and few images, for CI")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the research data")
    parser.add_argument("--only", choices=("images", "faces"), help="one of the two cases")
    parser.add_argument("--turns", type=int, metavar="N", help="default 3, quick 1")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/training.md")
    args = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sizes, turns = (QUICK if args.quick else SIZES), args.turns or (1 if args.quick else 3)
    text, cases = report.machine_line(), list[report.Case]()

    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as name:
        for task in ("images", "faces"):
            if args.only in (task, None):
                folder, size = Path(name) / task, sizes[task]
                folder.mkdir()
                made = prepare(task, args.data, size, folder, quick=args.quick)
                if made is None:
                    say(f"{task}: left out, the research data is not below {args.data}; give --data")
                    continue
                title, metric, spec = made
                found = compare(task, spec, size, turns, folder, say)
                text += table_of(title, metric, found, size)
                cases += cases_of(title, found, size)
    print(text)
    about = {"torch": torch.__version__, "processes": CORES, "turns": turns, "quick": args.quick}
    say(f"written to {report.write('train_speed', cases, about)}")
    if args.document:
        report.into_document(args.document, "bench/train_speed.py", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
