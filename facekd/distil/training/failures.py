"""What went wrong, in the protocol's words: its kind decides what the window offers, its text what people read."""

import errno
import gc

import numpy as np
import torch

from facekd.config_table import ConfigError
from facekd.distil.data.views import Order
from facekd.distil.methods.base import Epoch, MethodError
from facekd.distil.training.checkpoint import CheckpointError
from facekd.distil.training.loop import NotFinite
from facekd.distil.training.trainer import Trainer
from facekd.errors import FacekdError
from facekd.protocol import Error

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ended, on the device or on the machine."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # on a CPU torch raises a plain RuntimeError
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def describe_failure(error: BaseException, trainer: Trainer | None) -> Error:
    """The event for a failure.

    Args:
        error: what was raised.
        trainer: when it got that far; asked which batch size would fit.
    """
    if isinstance(error, NotFinite):
        return Error("nan", str(error))
    if isinstance(error, ConfigError | MethodError | CheckpointError):
        return Error("config", str(error))
    if isinstance(error, FacekdError):
        return Error("data", str(error))
    if is_out_of_memory(error):
        return Error("memory", _memory(trainer))
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        place = f" ({error.filename})" if error.filename else ""
        return Error(
            "disk",
            f"the disk is full{place}; free some space and resume: the last complete checkpoint is kept",
        )
    return Error("internal", f"{type(error).__name__}: {error}")


def _memory(trainer: Trainer | None) -> str:
    if trainer is None:
        return "memory ended while reading the data or asking the teacher; close other programs or use fewer images"
    size, world = trainer.run.order.batch_size, trainer.run.group.world
    if world > 1:  # the others are not in this function, so nothing can be tried
        half = size // 2
        return (
            f"memory ended with a batch of {size} in {world} processes; set [budget] batch_size = {half} in its "
            "config.toml and resume"
        )
    if fits := batch_that_fits(trainer):
        return (
            f"memory ended with a batch of {size}; a batch of {fits} fits: set [budget] batch_size in its config.toml "
            "and resume"
        )
    return f"memory ended with a batch of {size}, and not even two images fit; choose a smaller network"


def batch_that_fits(trainer: Trainer) -> int | None:
    """The largest half, quarter, ... of the batch with which a whole step fits; None when none does."""
    run, phase = trainer.run, trainer.phase
    if phase is None:
        return None
    size = run.order.batch_size // 2
    while size >= 2:
        phase.optimiser.zero_grad(set_to_none=True)
        gc.collect()
        if run.device.type == "cuda":
            torch.cuda.empty_cache()
        try:
            rows = next(Order(run.order.n, size, 0).batches(1))
            epoch = Epoch(min(trainer.loop.progress.epoch, phase.epochs), phase.epochs)
            batch, answer = trainer.loop.batch(phase, np.asarray(rows), epoch)
            terms = phase.module(batch, answer, epoch)
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            size //= 2
            continue
        phase.optimiser.zero_grad(set_to_none=True)
        return size
    return None
