"""What a run will take, measured: a short run of the same kind on a part of the images, in a folder that goes again.

Time, memory and disk are scaled up from what its steps really took. On the way come what people want to see before
they start: images as the student will see them, and those about which the teacher is wrong.
"""

import dataclasses
import gc
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from facekd.config import RunConfig
from facekd.distil.data.imageset import ImageSet
from facekd.distil.data.readers import Data, cache_folder, open_data
from facekd.distil.teachers import Teacher
from facekd.distil.training import memory, runfolder
from facekd.distil.training.failures import batch_that_fits, is_out_of_memory
from facekd.distil.training.group import Group
from facekd.distil.training.progress import Channel, Commands
from facekd.distil.training.run import CUT_SEED, Run, build_run, choose_device, complete, set_threads
from facekd.distil.training.trainer import Trainer
from facekd.distil.training.validation import outputs
from facekd.protocol import Event, Step

IMAGES = 256
"""As many images, or one batch if that is more; whole classes, so that each has its centre."""
STEPS, WARM_UP = 16, 3
"""Steps of the student, of which the first are not counted."""
PATIENCE_S = 40.0
ASKED, PREVIEWS, MOST_WRONG = 64, 8, 24
HEADROOM = 0.9
"""Share of the free memory that a run may fill."""

Document = dict[str, Any]


def estimate(config: RunConfig, out: Path) -> Document:
    """Run a few steps and scale them up.

    Args:
        config: as for `train`.
        out: folder for PNG files of previews and of images about which the teacher is wrong.

    Raises:
        ConfigError, InputError, MethodError: as `build_run`. NotFinite: it goes wrong within the first steps.
    """
    free = memory.free() + memory.resident()
    config = complete(config)
    device = choose_device(config.budget.device)
    group = Group(device)
    set_threads(config, group)
    data = open_data(config.data, CUT_SEED)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as between:
        trial = _trial(config, len(data.train), Path(between))
        sample = dataclasses.replace(
            data, train=_sample(data.train, trial.budget.batch_size), validation=None
        )
        run = build_run(trial, group, device, lambda *_: True, sample)
        document = _facts(config, run, data)
        document["preview"] = _previews(run, out)
        asked_s = _asking(run)
        teacher = run.teacher
        memory.forget_peak()
        base = memory.resident()
        folder = Path(between) / "run"
        runfolder.prepare_folder(folder, trial)
        watch = Stopwatch()
        trainer = Trainer(run, folder, watch, watch.commands)
        watch.trainer = trainer
        try:
            trainer.train(resume=False)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            gc.collect()
            return document | _too_large(config, trainer, free)
        peak = memory.peak(device)
        document["teacher"] = _wrong(run, teacher, out)
        document |= _memory(config, run, base, peak, free)
        document |= _time(config, run, data, watch, asked_s)
        document |= _disk(config, run, data, folder, Path(between))
    return document


class Stopwatch(Channel):
    """Hears the steps of a trial, all of them, and ends it when it takes too long."""

    def __init__(self) -> None:
        super().__init__(None)
        self.commands = Commands()
        self.trainer: Trainer | None = None
        self.seconds: dict[str, list[float]] = {}  # phase -> of each step
        self._began = time.perf_counter()
        self._last: tuple[str, float] | None = None

    def emit(self, event: Event) -> None:
        """Keeps the time of a step."""
        if not isinstance(event, Step) or self.trainer is None:
            return
        now, phase = time.perf_counter(), self.trainer.loop.progress.phase
        if self._last is not None and self._last[0] == phase:
            self.seconds.setdefault(phase, []).append(now - self._last[1])
        self._last = phase, now
        counted = len(self.seconds.get("student", ()))
        if now - self._began > PATIENCE_S and counted > WARM_UP:
            self.commands.put("stop")

    def steps(self, phase: str) -> list[float]:
        """Seconds of the steps that count."""
        found = self.seconds.get(phase, [])
        return found[WARM_UP:] or found


def _trial(config: RunConfig, n: int, between: Path) -> RunConfig:
    """The same run, shorter: one process, one view, caches of its own."""
    budget = config.budget
    batch = max(2, budget.batch_size // budget.processes)
    steps = max(1, min(n, max(IMAGES, batch)) // min(batch, n))
    return dataclasses.replace(
        config,
        data=dataclasses.replace(config.data, cache=str(between)),
        budget=dataclasses.replace(
            budget,
            batch_size=batch,
            processes=1,
            epochs=max(1, math.ceil((STEPS + 1) / steps)),
            views=1 if budget.views else 0,
            checkpoint_s=86_400.0,
            validate_every=100_000,
        ),
        optimiser=dataclasses.replace(config.optimiser, start_size=0, compile=False),
    )


def _sample(images: ImageSet, batch: int) -> ImageSet:
    """Whole classes until there are enough images; the rest of them unlabelled ones, or whatever comes."""
    wanted = min(len(images), max(IMAGES, batch))
    generator = np.random.default_rng(CUT_SEED)
    order = generator.permutation(len(images.classes))
    chosen: list[NDArray[np.intp]] = []
    for number in order.tolist():
        if sum(map(len, chosen)) >= wanted:
            break
        chosen.append(np.flatnonzero(images.labels == number))
    rows = np.concatenate(chosen) if chosen else np.zeros(0, np.intp)
    if len(rows) < wanted:
        others = np.setdiff1d(np.arange(len(images)), rows)
        rows = np.concatenate([rows, generator.permutation(others)[: wanted - len(rows)]])
    return images.take(np.sort(rows[:wanted]), images.classes)


def _facts(config: RunConfig, run: Run, data: Data) -> Document:
    teacher = run.teacher
    return {
        "device": str(run.device),
        "threads": torch.get_num_threads(),
        "images": len(data.train),
        "people": len(data.train.classes),
        "validation_images": len(data.validation) if data.validation is not None else 0,
        "validation_people": len(data.validation.classes) if data.validation is not None else 0,
        "batch": config.budget.batch_size,
        "terms": list(run.method.terms()),
        "student_params": sum(p.numel() for p in run.method.student.parameters()),
        "teacher_params": sum(p.numel() for p in teacher.parameters())
        if isinstance(teacher, nn.Module)
        else 0,
        "remarks": list(data.remarks),
        "out_of_memory": False,
        "preview": [],
        "teacher": {"judged": 0, "count": 0, "wrong": []},
    }


def _previews(run: Run, out: Path) -> list[Document]:
    rows = np.linspace(0, len(run.labels) - 1, min(PREVIEWS, len(run.labels))).astype(np.int64)
    views = run.views.make(rows, run.views.views_of(rows, 1)).permute(0, 2, 3, 1).cpu().numpy()
    return [
        {"file": _png(out / f"preview-{place}.png", view), "label": _class(run, int(run.labels[row]))}
        for place, (row, view) in enumerate(zip(rows.tolist(), views, strict=True))
    ]


def _chunks(run: Run) -> Iterator[NDArray[np.int64]]:
    for first in range(0, len(run.labels), ASKED):
        yield np.arange(first, min(first + ASKED, len(run.labels)))


def _asking(run: Run) -> float:
    """Seconds of the teacher's answer about one view of one image, making the view included; 0 without a teacher."""
    if run.teacher is None or not run.method.needs_teacher:
        return 0.0
    seconds = []
    with torch.no_grad():
        for rows in _chunks(run):
            began = time.perf_counter()
            answer = run.teacher(run.views.make(rows, np.zeros_like(rows)).float()).pooled()
            if answer.embedding is not None:
                answer.embedding.cpu()
            seconds.append((time.perf_counter() - began) / len(rows))
            if len(seconds) == 4:
                break
    return statistics.median(seconds)


def _wrong(run: Run, teacher: Teacher | None, out: Path) -> Document:
    """The images of the sample about which the teacher is wrong, with what it says."""
    judged, found = 0, []
    if teacher is None:
        return {"judged": 0, "count": 0, "wrong": []}
    with torch.no_grad():
        for rows in _chunks(run):
            labels = run.labels[torch.from_numpy(rows).to(run.device)]
            images = run.images[torch.from_numpy(rows).to(run.device)].permute(0, 3, 1, 2).float()
            answer = teacher(images).pooled()
            logits = run.method.teacher_logits(answer)
            if logits is None:
                break
            correct, can = run.method.teacher_correct(answer, labels)
            judged += int(can.sum())
            says = logits.argmax(dim=1).tolist()
            bad = (can & ~correct).cpu().numpy()
            found += [(int(row), int(say)) for row, say, b in zip(rows, says, bad, strict=True) if b]
    shown = [
        {
            "file": _png(out / f"wrong-{row}.png", run.images[row].cpu().numpy()),
            "label": _class(run, int(run.labels[row])),
            "says": _class(run, say),
        }
        for row, say in found[:MOST_WRONG]
    ]
    return {"judged": judged, "count": len(found), "wrong": shown}


def _memory(config: RunConfig, run: Run, base: int, peak: int, free: int) -> Document:
    """Of all processes together; what a batch of another size would need follows in a line."""
    processes, batch = config.budget.processes, run.order.batch_size
    if run.device.type == "cuda":
        base, free = 0, int(torch.cuda.mem_get_info(run.device)[0]) + peak
    each = max(0, peak - base) / max(1, batch)
    fits = batch
    while fits > 2 and processes * (base + each * fits) > HEADROOM * free:
        fits //= 2
    return {
        "memory": processes * peak,
        "memory_free": free,
        "fits_batch": fits * processes if fits < batch else None,
    }


def _too_large(config: RunConfig, trainer: Trainer, free: int) -> Document:
    fits = batch_that_fits(trainer)
    return {
        "out_of_memory": True,
        "memory": None,
        "memory_free": free,
        "fits_batch": fits * config.budget.processes if fits else None,
    }


def _time(config: RunConfig, run: Run, data: Data, watch: Stopwatch, asked_s: float) -> Document:
    budget = config.budget
    step = watch.steps("student")
    middle = statistics.median(step)
    low, high = np.percentile(step, (10, 90)) if len(step) > 1 else (middle, middle)
    live = 0.0 if budget.cache and budget.views else asked_s * run.order.batch_size
    validate_s = _validating(run, data) / budget.validate_every
    preparation = watch.steps("preparation")
    prepared = run.method.preparation() if preparation else None
    share = prepared.share if prepared is not None else 0.0
    pace = {
        "step_s": max(1e-6, middle - live),
        "image_ask_s": asked_s,
        "prepare_step_s": statistics.median(preparation) if preparation else 0.0,
        "prepare_share": share,
        "validate_s": validate_s,
        "images": len(data.train),
        "batch": budget.batch_size,
    }
    n, batch = len(data.train), min(budget.batch_size, len(data.train))
    steps = max(1, n // batch)
    asked = asked_s * n * (budget.views if not live else 0) / budget.processes
    if config.data.task == "face" and asked_s:
        asked += asked_s * n / budget.processes  # class centres, from the images as they are
    before = max(1, round(share * budget.epochs)) * steps * pace["prepare_step_s"] if share else 0.0

    def whole(step_s: float) -> float:
        return asked + before + budget.epochs * (steps * step_s + validate_s)

    return {
        "steps_measured": len(step),
        "images_per_s": budget.batch_size / middle,
        "seconds": whole(middle),
        "seconds_low": whole(float(low)),
        "seconds_high": whole(float(high)),
        "caching_s": asked,
        "pace": pace,
    }


def _validating(run: Run, data: Data) -> float:
    """Seconds of one validation."""
    if data.validation is None:
        return 0.0
    name = "logits" if run.config.data.task == "classification" else "embedding"
    rows = np.arange(min(ASKED, len(run.labels)))
    outputs(run.method.student, run.method.preprocess, run.images, rows, run.group, name)
    began = time.perf_counter()
    outputs(run.method.student, run.method.preprocess, run.images, rows, run.group, name)
    return (time.perf_counter() - began) / len(rows) * len(data.validation)


def _disk(config: RunConfig, run: Run, data: Data, folder: Path, between: Path) -> Document:
    """Checkpoints while one replaces the other, and the teacher's answers about every view."""
    checkpoint = _size(folder / runfolder.CHECKPOINT)
    row = _size(between / "knowledge") / max(1, len(run.labels))
    views = config.budget.views if config.budget.cache else 0
    place = cache_folder(config.data)
    place.mkdir(parents=True, exist_ok=True)
    return {
        "disk": int(2 * checkpoint + row * len(data.train) * max(1, views)),
        "disk_free": shutil.disk_usage(place).free,
    }


def _class(run: Run, number: int) -> str:
    return run.data.train.classes[number] if number >= 0 else ""


def _png(path: Path, image: NDArray[np.uint8]) -> str:
    path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))[1].tobytes())
    return str(path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
