"""Where a step gets the teacher's answer from: the live teacher, or the cache, filled first."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from facekd.config_table import ConfigError
from facekd.distil.data.knowledge import Knowledge
from facekd.distil.data.readers import cache_folder
from facekd.distil.data.views import Rows
from facekd.distil.networks.stages import StagedOutput
from facekd.distil.teachers import Teacher
from facekd.distil.teachers.misleading import Misleading
from facekd.distil.training.loop import StopRequest
from facekd.distil.training.progress import Channel, Commands
from facekd.distil.training.run import Run

Answer = Callable[[Rows, Rows, Tensor], StagedOutput]
NOTHING = StagedOutput(())
SAY_EVERY_S = 5.0


def live(teacher: Teacher | None) -> Answer:
    """Ask the teacher about the images of the step; without one there is no answer."""
    if teacher is None:
        return lambda _rows, _views, _images: NOTHING

    def ask(_rows: Rows, _views: Rows, images: Tensor) -> StagedOutput:
        with torch.no_grad():
            return teacher(images)

    return ask


def answers_for(run: Run, folder: Path, channel: Channel, commands: Commands) -> Answer:
    """From the cache where there is one: then a step costs the student only.

    Raises:
        ConfigError: wrong answers are asked of a teacher that knows no classes.
        StopRequest: somebody asked to stop while the teacher was being asked; what is done is kept.
    """
    teacher, budget = run.teacher, run.config.budget
    if teacher is None or not run.method.needs_teacher:
        return live(None)
    if not (budget.cache and budget.views):
        return _misled(live(teacher), run)
    knowledge = Knowledge(cache_folder(run.config.data), teacher, run.views, run.data.train.digest)
    _fill(knowledge, run, folder, channel, commands)
    run.method.hold(knowledge)
    return _misled(lambda rows, views, _images: knowledge.output(rows, views, run.device), run)


def _misled(answer: Answer, run: Run) -> Answer:
    """The same answer, wrong about the share of images that the configuration wants."""
    share = run.config.teacher.wrong
    if not share:
        return answer
    if not run.method.has_teacher_logits or run.config.data.task != "classification":
        raise ConfigError(
            f"[teacher] wrong = {share:g}: expected a classifier with the data's classes as teacher, which this one is "
            "not; set it to 0"
        )
    misleading = Misleading(run.labels, len(run.data.train.classes), share)
    return lambda rows, views, images: misleading(rows, answer(rows, views, images))


def _fill(knowledge: Knowledge, run: Run, folder: Path, channel: Channel, commands: Commands) -> None:
    group, began = run.group, time.monotonic()
    said = began
    flag = folder / ".stop-asking"  # every process asks at its own pace, and a file reaches them all
    if group.is_first:
        flag.unlink(missing_ok=True)
    group.barrier()

    def advance(done: int, of: int) -> bool:
        nonlocal said
        now = time.monotonic()
        if group.is_first:
            if commands.take() == "stop":
                flag.touch()
            if done and now - said > SAY_EVERY_S:
                left = (now - began) / done * (of - done)
                channel.say(f"asking the teacher: {done:,} of {of:,} chunks, {left:,.0f} s left")
                said = now
        return not flag.exists()

    stopped = not knowledge.build(group.rank, group.world, advance)
    if group.largest([float(stopped)])[0]:
        flag.unlink(missing_ok=True)
        raise StopRequest
