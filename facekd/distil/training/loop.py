"""The steps: one phase after another, each a module whose named terms are minimised, stoppable between any two steps.

A phase is the student's (`Method`) or comes before it (`Preparation`). Both take a batch and the teacher's answer and
give named terms, so one loop serves both. Everything that decides a step is a function of phase, epoch and step, which
is why a resumed run goes on bit for bit.
"""

import math
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from facekd.config import OptimiserConfig
from facekd.distil.data.views import Order, Rows, Views
from facekd.distil.methods.base import Batch, Epoch
from facekd.distil.networks.stages import StagedOutput
from facekd.distil.training.group import Group
from facekd.distil.training.meters import EpochMeter, culprits, gradient_shares
from facekd.distil.training.optimisers import Schedule, clip_gradients
from facekd.distil.training.progress import Channel, Commands
from facekd.errors import FacekdError
from facekd.protocol import Paused, Resumed, Step

Answer = Callable[[Rows, Rows, Tensor], StagedOutput]
"""(rows, views, images [B, 3, S, S] float) -> what the teacher says: live, from the cache, or nothing."""

GO, CHANGE, STOP = 0.0, 1.0, 2.0  # CHANGE: pause, or resume while paused


class NotFinite(FacekdError):
    """A loss term or its gradient is no number any more; the message names the term."""


class StopRequest(Exception):
    """Somebody asked to stop; raised between two steps."""


@dataclass(slots=True)
class Progress:
    """Where a run stands; with the weights this is what a checkpoint holds."""

    phase: str
    epoch: int = 1
    step: int = 0  # steps of this epoch that are done
    seconds: float = 0.0  # spent training, over all sessions


@dataclass(slots=True)
class Phase:
    """One stretch of training."""

    name: str
    module: nn.Module  # gives named terms
    student: nn.Module  # whose gradient the terms share
    epochs: int
    order: Order
    optimiser: torch.optim.Optimizer
    schedule: Schedule
    answer: Answer
    verdicts: Callable[[StagedOutput, Tensor], tuple[Tensor, Tensor] | None]


class Loop:
    """Runs phases on the images of one run.

    Args:
        views, labels: what is learned from; `labels` [n] int64 on the device.
        config: of the optimiser.
        group: the processes.
        channel, commands: what is said and heard; only the first process's are used.
        tick: called after every step; may write a checkpoint.
    """

    def __init__(
        self,
        views: Views,
        labels: Tensor,
        config: OptimiserConfig,
        group: Group,
        channel: Channel,
        commands: Commands,
        tick: Callable[[], None],
    ) -> None:
        self.views, self.labels = views, labels
        self.config, self.group = config, group
        self.channel, self.commands = channel, commands
        self.tick = tick
        self.progress = Progress("")
        self.meter = EpochMeter()
        self.last_terms: dict[str, float] = {}

    def run(
        self,
        phase: Phase,
        epoch_done: Callable[[int, dict[str, Any]], None],
        steps_before: int,
        steps_in_all: int,
    ) -> None:
        """All epochs of a phase that are left.

        Args:
            phase: to run, from where `self.progress` stands.
            epoch_done: called after each epoch with its number and figures, on every process.
            steps_before: of earlier phases. steps_in_all: of all phases; for progress and remaining time.

        Raises:
            StopRequest, NotFinite; and whatever torch raises when memory ends.
        """
        progress = self.progress
        phase.module.train()
        wrapped = self._wrapped(phase.module)
        while progress.epoch <= phase.epochs:
            epoch = Epoch(progress.epoch, phase.epochs)
            for rows in phase.order.batches(epoch.number, progress.step):
                done = (progress.epoch - 1) * phase.order.steps + progress.step
                self._obey()
                rate = phase.schedule.set(done)
                self._step(phase, wrapped, rows, epoch)
                progress.step += 1
                self._report(phase, epoch, rate, steps_before + done + 1, steps_in_all)
                self.tick()
            figures = self.meter.summary(self.group, phase.order.batch_size)
            figures["lr"] = phase.schedule.set(progress.epoch * phase.order.steps - 1)
            epoch_done(progress.epoch, figures)
            progress.epoch, progress.step = progress.epoch + 1, 0
            self.meter = EpochMeter()
        self._obey()

    def _wrapped(self, module: nn.Module) -> nn.Module:
        """With several processes DDP averages the gradients; a schedule may leave terms, hence parameters, out."""
        if self.group.world == 1:
            return module
        with warnings.catch_warnings():
            # newer versions have another name for the argument, older ones do not know that name
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(module, broadcast_buffers=False, find_unused_parameters=True)

    def _step(self, phase: Phase, wrapped: nn.Module, rows: Rows, epoch: Epoch) -> None:
        began = time.perf_counter()
        batch, answer = self.batch(phase, rows, epoch)
        with self._precision(batch.images.device):
            terms: dict[str, Tensor] = wrapped(batch, answer, epoch)
        if self.progress.step == 0:
            self.meter.shares = gradient_shares(terms, phase.student, self.group)
        values = torch.stack([term.detach().float() for term in terms.values()]).tolist()
        self.last_terms = dict(zip(terms, values, strict=True))
        phase.optimiser.zero_grad(set_to_none=True)
        if all(map(math.isfinite, values)):
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
            norm = clip_gradients(phase.module, self.config.clip)
        else:
            norm = math.nan
        # Nobody moves unless all can. Without DDP's averaging a broken gradient would stay on one process.
        if self.group.largest([float(not math.isfinite(norm))])[0]:
            raise NotFinite(self._explained(phase, batch, answer, epoch))
        phase.optimiser.step()
        if (verdicts := phase.verdicts(answer, batch.labels)) is not None:
            self.meter.add_verdicts(*verdicts)
        self.meter.add(self.last_terms, len(rows), time.perf_counter() - began)
        self.progress.seconds += time.perf_counter() - began

    def batch(self, phase: Phase, rows: Rows, epoch: Epoch) -> tuple[Batch, StagedOutput]:
        """The images of a step as the student sees them, their labels, and the teacher's answer."""
        views = self.views.views_of(rows, epoch.number)
        images = self.views.make(rows, views).float()
        answer = phase.answer(rows, views, images)
        side = self._side(epoch, images.shape[-1], phase)
        if side != images.shape[-1]:
            images = F.interpolate(images, size=side, mode="bilinear", antialias=True, align_corners=False)
        if self.config.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        labels = self.labels[torch.from_numpy(rows).to(self.labels.device)]
        return Batch(images, labels), answer

    def _side(self, epoch: Epoch, full: int, phase: Phase) -> int:
        """Progressive resizing: the student's early epochs see smaller images."""
        start = self.config.start_size
        if not start or start >= full or phase.name != "student":
            return full
        return start if epoch.number <= self.config.full_size_from * epoch.of else full

    def _precision(self, device: torch.device) -> Any:
        if self.config.precision == "fp32":
            return nullcontext()
        return torch.autocast(device.type, dtype=torch.bfloat16)

    def _explained(self, phase: Phase, batch: Batch, answer: StagedOutput, epoch: Epoch) -> str:
        terms: dict[str, Tensor] = phase.module(batch, answer, epoch)
        names = culprits(terms, phase.module)
        who = f"the term {' and '.join(map(repr, names))}" if names else "no single term, but their sum"
        return (
            f"epoch {epoch.number}, step {self.progress.step + 1}: {who} is no finite number any more "
            f"(terms of this step: {self.last_terms}); lower the learning rate or the weight of that term in the run "
            "folder's config.toml, and resume from the last checkpoint"
        )

    def _obey(self) -> None:
        """Act on a command; all processes do the same, because the first one's answer is everybody's."""
        wish = self._wish()
        if wish == CHANGE:
            where = {"epoch": self.progress.epoch, "step": self.progress.step}
            self.channel.emit(Paused(**where))
            while (wish := self._wish(paused=True)) == GO:
                pass
            if wish != STOP:
                self.channel.emit(Resumed(**where))
        if wish == STOP:
            raise StopRequest

    def _wish(self, *, paused: bool = False) -> float:
        wish = GO
        if self.group.is_first:
            command = self.commands.take(0.5 if paused else 0.0)
            known = {"stop": STOP, "resume": CHANGE} if paused else {"stop": STOP, "pause": CHANGE}
            wish = known.get(command or "", GO)
        return self.group.largest([wish])[0]

    def _report(self, phase: Phase, epoch: Epoch, rate: float, done: int, of: int) -> None:
        if not self.group.is_first:
            return
        meter = self.meter
        speed = meter.steps * phase.order.batch_size / meter.seconds if meter.seconds else 0.0
        self.channel.emit(
            Step(
                epoch.number,
                self.progress.step,
                done / max(of, 1),
                self.last_terms,
                rate,
                speed,
                (of - done) * phase.order.batch_size / speed if speed else 0.0,
            )
        )
