"""Several processes that share one batch (DistributedDataParallel): what a loss needs from the others.

DDP averages gradients over the processes. A mean over rows is then right by itself when every process has as many
rows; a sum divided by a count, and a relation between rows, are not. With one process these functions do nothing.
"""

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.nn.functional import all_gather


def divisor(total: Tensor, least: float) -> Tensor:
    """What a process divides its share of a sum by, so that DDP's average is the whole sum over max(least, total).

    Args:
        total: this process's part of the divisor (a count, a sum of weights), scalar.
        least: the divisor is no less than this, > 0.
    """
    return shared_mean(total).clamp(min=least / processes())


def shared_mean(value: Tensor) -> Tensor:
    """The mean of a value without gradient over all processes."""
    value = value.detach()
    if processes() == 1:
        return value
    value = value.clone()
    dist.all_reduce(value)
    return value / processes()


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes [world * B, ...]; gradients flow back to the process that a row came from.

    A loss over gathered rows has the same value everywhere, and DDP's averaged gradient is exactly that of one
    process with the whole batch. Every process must hold equally many rows.
    """
    return rows if processes() == 1 else torch.cat(all_gather(rows))  # type: ignore[no-untyped-call]  # torch has no types here


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
