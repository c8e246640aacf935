"""Several processes that share one batch (DistributedDataParallel): what a loss needs from the others.

DDP averages gradients over the processes. A mean over rows is then right by itself when every process has as many
rows; a sum divided by a count, and a relation between rows, are not. With one process these functions do nothing.

The two collectives with gradients stand here because torch's own are deprecated, and what shall replace them is private
and has another name in every release.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


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
    return rows if processes() == 1 else _Gathered.apply(rows)  # type: ignore[no-untyped-call]


def summed(value: Tensor) -> Tensor:
    """The sum over all processes; gradients flow back to every one of them."""
    return value if processes() == 1 else _Summed.apply(value)  # type: ignore[no-untyped-call]


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(processes())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        return _total(gradient).chunk(processes())[dist.get_rank()]


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, value: Tensor) -> Tensor:
        return _total(value)

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        return _total(gradient)


def _total(value: Tensor) -> Tensor:
    value = value.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(value)
    return value
