"""One run from its first step to its last: phases in order, the cache between them, checkpoints and metrics.

preparation (some methods) -> the cache of what the teacher says -> the student -> last.safetensors
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from facekd.config import config_table
from facekd.distil.methods.base import Preparation
from facekd.distil.networks.stages import StagedOutput
from facekd.distil.training import preparing, runfolder
from facekd.distil.training.answers import answers_for, live
from facekd.distil.training.checkpoint import (
    BEST,
    LAST,
    PREPARATION,
    State,
    load_weights,
    pack_optimiser,
    random_states,
    read_state,
    read_tensors,
    restore_random_states,
    unpack_optimiser,
    write_state,
    write_tensors,
)
from facekd.distil.training.loop import Loop, Phase, Progress, StopRequest
from facekd.distil.training.meters import EpochMeter
from facekd.distil.training.optimisers import Schedule, build_optimiser
from facekd.distil.training.progress import Channel, Commands
from facekd.distil.training.run import Run
from facekd.distil.training.validation import BEST_BY, Figures, Validation
from facekd.protocol import Checkpoint, EpochEnd, Plan, Stopped


class Trainer:
    """Trains a run in its folder.

    Args:
        run: the objects.
        folder: of the run.
        channel, commands: what is said and heard.
    """

    def __init__(self, run: Run, folder: Path, channel: Channel, commands: Commands) -> None:
        self.run, self.folder = run, folder.resolve()
        self.channel = channel
        self.commands = commands
        self.checkpoints = self.folder / runfolder.CHECKPOINT
        self.curve: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.preparation_scores: dict[str, Any] | None = None
        self.stage_scores: list[float] = []  # of the student's branches and its head, at the end
        self.phase: Phase | None = None
        self.stopped: Stopped | None = None
        self._saved_at = time.monotonic()
        optimiser = run.config.optimiser
        self.loop = Loop(
            run.views,
            run.labels,
            optimiser,
            run.group,
            channel,
            commands,
            self._checkpoint_when_due,
        )
        config = run.config.data
        self.validation: Validation | None = None
        if run.data.validation is not None:
            pairs = Path(config.pairs) if config.pairs else None
            self.validation = Validation(run.data.validation, config.task, pairs, run.device)
            if not self.validation.is_possible:
                self._say("the validation images show too few people for pairs; nothing is measured by them")
                self.validation = None

    def train(self, *, resume: bool) -> Stopped | None:
        """Run all phases that are left; None when the end was reached.

        Raises:
            NotFinite, OSError, and what torch raises when memory ends; the last checkpoint stays in any case.
        """
        state = read_state(self.checkpoints) if resume else None
        with preparing.own_numbers():
            preparation = self.run.method.preparation()
        student_epochs = self.run.config.budget.epochs
        preparing_epochs = max(1, round(preparation.share * student_epochs)) if preparation else 0
        steps = self.run.order.steps
        before, in_all = preparing_epochs * steps, (preparing_epochs + student_epochs) * steps
        self.loop.progress = Progress("preparation" if preparation else "student")
        if state:
            self._restore_facts(state)
        self._plan(preparing_epochs + student_epochs)
        try:
            if preparation is not None:
                self._prepare(preparation, preparing_epochs, in_all, state)
            self._student(before, in_all, state)
        except StopRequest:
            path = self._write_checkpoint()
            return Stopped(self.loop.progress.epoch, str(path))
        return None

    def _plan(self, epochs: int) -> None:
        run = self.run
        teacher = run.teacher
        size = sum(p.numel() for p in teacher.parameters()) if isinstance(teacher, nn.Module) else 0
        names = tuple(run.method.terms())
        students = sum(p.numel() for p in run.method.student.parameters())
        self.channel.emit(Plan(epochs, run.order.steps, names, students, size))
        if run.order.batch_size != run.config.budget.batch_size:
            self._say(
                f"batches of {run.order.batch_size} instead of {run.config.budget.batch_size}: there are "
                f"{run.order.n} images and {run.group.world} processes"
            )
        counts = run.method.participants(run.labels)
        listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        self.channel.say(f"of {len(run.labels):,} training images take part in: {listed}")

    # -- phases ---------------------------------------------------------------------------------------------------

    def _prepare(self, preparation: Preparation, epochs: int, in_all: int, state: State | None) -> None:
        run, kept = self.run, self.checkpoints / PREPARATION
        preparation.to(run.device)
        shared = preparing.shared_file(run, preparation, epochs)
        facts = shared.with_suffix(".json")  # written last
        begins = self.loop.progress == Progress("preparation")
        found = run.group.largest([float(run.group.is_first and begins and facts.is_file())])[0]
        if self.loop.progress.phase == "student":  # done in an earlier session
            load_weights(preparation, read_tensors(kept), str(kept))
        else:
            if found:  # done by another run
                load_weights(preparation, read_tensors(shared), str(shared))
                self.preparation_scores = runfolder.read_json(facts)
                self.channel.say("the teacher was prepared by an earlier run; nothing of it has changed")
            else:
                self._train_preparation(preparation, epochs, in_all, state)
            if run.group.is_first:
                for path in (kept, *(() if found else (shared,))):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_tensors(path, preparation.state_dict())
                runfolder.write_json(facts, self.preparation_scores)
            self._say_scores(preparation)
            self.loop.progress = Progress("student", seconds=self.loop.progress.seconds)
            self.phase = None
        teacher = preparation.finish()
        run.teacher = teacher
        run.method.hold(teacher)

    def _train_preparation(
        self, preparation: Preparation, epochs: int, in_all: int, state: State | None
    ) -> None:
        run, order = self.run, preparing.order_of(self.run)
        optimiser = build_optimiser(preparation, preparing.OPTIMISER, preparing.RATE)
        schedule = Schedule(optimiser, preparing.OPTIMISER, epochs * order.steps)
        phase = Phase(
            "preparation",
            preparation,
            preparation,
            epochs,
            order,
            optimiser,
            schedule,
            live(run.teacher),
            lambda _answer, _labels: None,
        )
        self._begin(phase, state)
        self.loop.run(phase, self._preparation_epoch_done, 0, in_all)
        run.group.average_buffers(preparation)
        self.preparation_scores = preparing.score(preparation, run)

    def _say_scores(self, preparation: Preparation) -> None:
        scores = (self.preparation_scores or {}).get("scores", [])
        self.channel.say("the teacher's branches, shallow to deep: " + ", ".join(f"{x:.3f}" for x in scores))
        if warning := preparation.judge(scores):
            self._say(warning)

    def _student(self, before: int, in_all: int, state: State | None) -> None:
        run, config = self.run, self.run.config
        optimiser = build_optimiser(run.method, config.optimiser, config.budget.learning_rate or 0.0)
        steps = config.budget.epochs * run.order.steps
        phase = Phase(
            "student",
            run.method,
            run.method.student,
            config.budget.epochs,
            run.order,
            optimiser,
            Schedule(optimiser, config.optimiser, steps),
            answers_for(run, self.folder, self.channel, self.commands),
            self._verdicts,
        )
        self._begin(phase, state)
        if config.optimiser.compile:
            run.method.student.compile()
        self.loop.run(phase, self._student_epoch_done, before, in_all)
        if run.group.is_first:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            write_tensors(self.checkpoints / LAST, run.method.student.state_dict())
            self._write_metrics()
        self._write_checkpoint()

    def _begin(self, phase: Phase, state: State | None) -> None:
        """Make this the phase that checkpoints hold; go on from a checkpoint of the same phase."""
        self.phase = phase
        if state is None or state.facts["progress"]["phase"] != phase.name:
            return
        tensors, facts = state.tensors, state.facts

        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        restore_random_states(part("state."))
        if module := part("module."):  # none when the run was stopped while the teacher was being asked
            load_weights(phase.module, module, str(self.checkpoints))
            unpack_optimiser(phase.optimiser, part("optimiser."), facts["optimiser"])

    # -- ends of epochs -------------------------------------------------------------------------------------------

    def _verdicts(self, answer: StagedOutput, labels: Tensor) -> tuple[Tensor, Tensor] | None:
        if not (answer.stages or answer.embedding is not None or answer.logits is not None):
            return None
        with torch.no_grad():
            return self.run.method.teacher_correct(answer, labels)

    def _preparation_epoch_done(self, epoch: int, figures: dict[str, Any]) -> None:
        self.channel.emit(EpochEnd(epoch, dict(figures["losses"]), {}))

    def _student_epoch_done(self, epoch: int, figures: dict[str, Any]) -> None:
        run, budget = self.run, self.run.config.budget
        run.group.average_buffers(run.method)
        val: Figures = {}
        is_last = epoch == budget.epochs
        if self.validation and (epoch % budget.validate_every == 0 or is_last):
            val = self.validation(run.method.student, run.method.preprocess, run.group)
        if self.validation and is_last:
            self.stage_scores = self.validation.stages(run.method)
        seconds = self.loop.progress.seconds
        self.curve.append({"epoch": epoch, **figures, "val": val, "seconds": seconds})
        if not run.group.is_first:
            return
        self.channel.emit(EpochEnd(epoch, dict(figures["losses"]), val))
        if val:
            self._keep_best(epoch, val)
        self._write_metrics()

    def _keep_best(self, epoch: int, val: Figures) -> None:
        by = BEST_BY[self.run.config.data.task]
        if self.best is not None and val[by] <= self.best["val"][by]:
            return
        self.best = {"epoch": epoch, "val": val, "chosen_on": "validation", "by": by}
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        write_tensors(self.checkpoints / BEST, self.run.method.student.state_dict())
        self.channel.emit(Checkpoint(str(self.checkpoints / BEST), best=True))

    def _say(self, text: str) -> None:
        self.channel.say(text, warning=True)

    # -- files ----------------------------------------------------------------------------------------------------

    def _write_metrics(self) -> None:
        run = self.run
        last = self.curve[-1] if self.curve else None
        runfolder.write_json(
            self.folder / runfolder.METRICS,
            {
                "method": run.config.method.name,
                "student": run.config.student.name,
                "teacher": run.teacher.id if run.teacher is not None else None,
                "task": run.config.data.task,
                "seed": run.config.budget.seed,
                "last": last and {"epoch": last["epoch"], "val": last["val"]},
                "best": self.best,
                "seconds": self.loop.progress.seconds,
                "images": len(run.labels),
                "participants": run.method.participants(run.labels),
                "preparation": self.preparation_scores,
                "stages": self.stage_scores,
                "curve": self.curve,
            },
        )

    def _checkpoint_when_due(self) -> None:
        due = time.monotonic() - self._saved_at >= self.run.config.budget.checkpoint_s
        if self.run.group.world > 1:
            due = bool(self.run.group.largest([float(due and self.run.group.is_first)])[0])
        if due:
            self._write_checkpoint()

    def _write_checkpoint(self) -> Path:
        """Called on every process at the same step; the first one writes."""
        phase, run = self.phase, self.run
        path = self.checkpoints / "state.json"
        tensors: dict[str, Tensor] = {}
        others: dict[str, Any] = {}
        if phase is not None:
            run.group.average_buffers(phase.module)
            packed, others = pack_optimiser(phase.optimiser)
            tensors |= {f"module.{k}": v for k, v in phase.module.state_dict().items()}
            tensors |= {f"optimiser.{k}": v for k, v in packed.items()}
        if run.group.is_first:
            tensors |= {f"state.{k}": v for k, v in random_states().items()}
            facts = {
                "progress": asdict(self.loop.progress),
                "meter": self.loop.meter.facts(),
                "optimiser": others,
                "curve": self.curve,
                "best": self.best,
                "preparation": self.preparation_scores,
                "stages": self.stage_scores,
                "batch_size": run.order.batch_size,
                "world": run.group.world,
                "config": config_table(run.config),
            }
            write_state(self.checkpoints, State(tensors, facts))
            self.channel.emit(Checkpoint(str(path), best=False))
        self._saved_at = time.monotonic()
        return path

    def _restore_facts(self, state: State) -> None:
        facts = state.facts
        self.loop.progress = Progress(**facts["progress"])
        self.loop.meter = EpochMeter(facts["meter"])
        self.curve, self.best = facts["curve"], facts["best"]
        self.preparation_scores, self.stage_scores = facts["preparation"], facts["stages"]
        if changes := runfolder.config_changes(facts.get("config"), self.run.config):
            self._say(
                f"config.toml has changed since the checkpoint ({', '.join(changes)}): the run goes on with the new "
                "values, and no single configuration gives its result"
            )
        elif (facts["batch_size"], facts["world"]) != (self.run.order.batch_size, self.run.group.world):
            self._say(
                f"the run had batches of {facts['batch_size']} in {facts['world']} processes, now it has "
                f"{self.run.order.batch_size} in {self.run.group.world}: it goes on, but not bit for bit"
            )
