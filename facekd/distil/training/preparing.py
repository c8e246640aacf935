"""The phase before the student's: how it is trained, how good it became, and where its result is kept.

What the teacher's side learns does not depend on the student's weights, so neither does its seed: all runs that differ
in the student's seed only have the same prepared teacher, and with it one cache of knowledge.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facekd.config import OptimiserConfig
from facekd.distil.data.readers import cache_folder
from facekd.distil.data.views import Order
from facekd.distil.methods.base import Batch, Preparation
from facekd.distil.teachers.torch_network import weights_digest
from facekd.distil.training.answers import live
from facekd.distil.training.run import Run

OPTIMISER = OptimiserConfig(name="sgd", momentum=0.9, weight_decay=5e-4, warmup=0.0)
RATE = 0.05
"""Branches on a frozen teacher; source: HSAKD's recipe (kd-spec, section 2.2)."""
SEED = 0
SCORED = 2000  # training images on which branches are scored where no validation image has a known class
FORMAT = 2


@contextmanager
def own_numbers() -> Iterator[None]:
    """Draw the initial weights of this phase from its own seed; the student's numbers stay where they are."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


def order_of(run: Run) -> Order:
    """The order of the images in this phase, the same for every seed of the run."""
    order = run.order
    return Order(order.n, order.batch_size, SEED, order.rank, order.world)


def shared_file(run: Run, preparation: Preparation, epochs: int) -> Path:
    """Where the prepared teacher's weights are kept for other runs: named by all that decides them.

    The method's weights and the student are not among that, so a search over them prepares the teacher once.

    Args:
        run: whose teacher, images and order they are.
        preparation: as it was built; its first weights stand for its shape.
        epochs: of the phase.
    """
    config, teacher = run.config, run.teacher
    parts = [
        FORMAT,
        teacher.id if teacher is not None else "",
        run.data.train.digest,
        hashlib.sha256(run.data.train.labels.tobytes()).hexdigest(),
        weights_digest(preparation.state_dict()),
        preparation.identity,
        asdict(config.augment),
        [config.budget.views, run.views.seed, run.order.batch_size, run.order.world, epochs],
        [config.optimiser.precision, config.optimiser.clip],
    ]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return cache_folder(config.data) / "preparations" / f"{key[:20]}.safetensors"


def score(preparation: Preparation, run: Run) -> dict[str, Any]:
    """How good each of the teacher's new answers is, shallow to deep: on validation images where their classes are
    known ones, else on some training images."""
    validation = run.data.validation
    if run.config.data.task == "classification" and validation is not None:
        where, images, labels = "validation", torch.from_numpy(validation.images), validation.labels
        rows = np.arange(len(labels))
    else:
        where, images, labels = "training", run.images, run.data.train.labels
        rows = np.arange(min(SCORED, len(labels)))
    sums, counts = torch.zeros(1), torch.zeros(1)
    preparation.eval()
    ask = live(run.teacher)
    with torch.no_grad():
        for first in range(0, len(rows), 128):
            part = rows[first : first + 128]
            pixels = images[torch.from_numpy(part).to(images.device)].to(run.device)
            batch = pixels.permute(0, 3, 1, 2).float()
            known = torch.from_numpy(labels[part]).to(run.device)
            got, n = preparation.scores(Batch(batch, known), ask(part, part, batch))
            sums, counts = sums + got.cpu(), counts + n.cpu()
    return {"scores": (sums / counts.clamp(min=1)).tolist(), "on": where, "n": len(rows)}
