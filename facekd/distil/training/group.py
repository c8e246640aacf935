"""The processes that share a run: PyTorch's own process group, gloo on CPUs, NCCL on GPUs.

`torchrun` starts them on any number of machines. On one machine `[budget] processes = N` does too: the first process
speaks with the window and starts the others, which say nothing.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from facekd.distil.methods.connectors import Connector
from facekd.distil.methods.processes import summed

WAIT = timedelta(days=7)  # a paused run keeps the others waiting


class Group:
    """This process among the others.

    Args:
        device: decides the backend.
    """

    def __init__(self, device: torch.device) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self._device = device
        if self.world > 1 and not dist.is_initialized():
            backend = "nccl" if device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=WAIT)

    @property
    def is_first(self) -> bool:
        """Whether this process speaks and writes."""
        return self.rank == 0

    def largest(self, values: Sequence[float]) -> list[float]:
        """The elementwise maximum over all processes."""
        if self.world == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self._device)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return list(map(float, tensor.tolist()))

    def mean(self, values: Sequence[float]) -> list[float]:
        """The elementwise mean over all processes."""
        if self.world == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self._device)
        dist.all_reduce(tensor)
        return list(map(float, (tensor / self.world).tolist()))

    def average_buffers(self, module: nn.Module) -> None:
        """Give all processes the same running statistics: their mean."""
        if self.world == 1:
            return
        for buffer in module.buffers():
            if buffer.is_floating_point():
                dist.all_reduce(buffer)
                buffer /= self.world

    def gather_rows(self, rows: Tensor, total: int) -> Tensor:
        """[total, ...] from every process's rows r, r + world, r + 2 world, ... (unequal numbers are fine)."""
        if self.world == 1:
            return rows
        parts: list[Any] = [None] * self.world
        dist.all_gather_object(parts, rows.cpu())
        out = torch.empty((total, *rows.shape[1:]), dtype=rows.dtype)
        for rank, part in enumerate(parts):
            out[rank :: self.world] = part
        return out

    def barrier(self) -> None:
        """Wait for the others."""
        if self.world > 1:
            dist.barrier()


def leave_group() -> None:
    """Give up the process group, if there is one."""
    if dist.is_initialized():
        dist.destroy_process_group()


def start_others(processes: int, arguments: Sequence[str]) -> list["subprocess.Popen[bytes]"]:
    """Start the other processes of this machine and tell this one where it belongs.

    Args:
        processes: all of them, this one included.
        arguments: of `python -m facekd` for the others.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes)}
    os.environ.update(common | {"RANK": "0", "LOCAL_RANK": "0"})
    return [
        subprocess.Popen(
            [sys.executable, "-m", "facekd", *arguments],
            env=os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for rank in range(1, processes)
    ]


def end_others(others: Sequence["subprocess.Popen[bytes]"], patience_s: float = 10.0) -> None:
    """Wait for the other processes; those that do not come to an end are ended."""
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        os.environ.pop(name, None)
    for other in others:
        try:
            other.wait(patience_s)
        except subprocess.TimeoutExpired:
            other.kill()
            other.wait()


class _Shared:
    """The forward pass of a batch norm over all processes; to be mixed into one of torch's."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C] or [B, C, H, W] normalised by mean and variance over the batches of all processes."""
        assert isinstance(self, nn.modules.batchnorm._BatchNorm)
        world = dist.get_world_size() if dist.is_initialized() else 1
        if not self.training or world == 1:
            usual: Tensor = super().forward(x)  # type: ignore[misc]  # torch's batch norm is next in line
            return usual
        wide = x.float()
        over = (0, *range(2, x.ndim))
        moments = torch.stack([wide.mean(over), (wide * wide).mean(over)])
        # every process holds as many rows, so the mean of the means is the mean
        mean, square = (summed(moments) / world).unbind(0)
        variance = square - mean * mean
        if self.running_mean is not None and self.running_var is not None:
            n = x.numel() // x.shape[1] * world
            momentum = 0.1 if self.momentum is None else self.momentum
            with torch.no_grad():
                self.running_mean.lerp_(mean, momentum)
                self.running_var.lerp_(variance * (n / max(n - 1, 1)), momentum)
        scale = torch.rsqrt(variance + self.eps)
        shift = -mean * scale
        if self.affine:
            scale, shift = scale * self.weight, shift * self.weight + self.bias
        shape = (1, -1, *(1,) * (x.ndim - 2))
        normalised: Tensor = wide * scale.view(shape) + shift.view(shape)
        return normalised.to(x.dtype)


class SharedBatchNorm1d(_Shared, nn.BatchNorm1d):
    """Batch norm with the statistics of all processes, on any backend (torch's own needs GPUs)."""


class SharedBatchNorm2d(_Shared, nn.BatchNorm2d):
    """Likewise for maps."""


class SharedConnector(Connector):
    """A connector whose statistics, which it takes from its input's covariance, are those of all processes."""

    def _statistics(self, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        if not self.training or not dist.is_initialized() or self.bn.momentum is None:
            return super()._statistics(x, weight)
        world = dist.get_world_size()
        count = x.shape[0] * x.shape[2]
        centre = summed(x.mean(dim=(0, 2))) / world
        centred = (x - centre[:, None]).transpose(0, 1).flatten(1)
        covariance = summed(centred @ centred.T / count) / world
        mean, variance = weight @ centre, ((weight @ covariance) * weight).sum(dim=1)
        n = count * world
        with torch.no_grad():
            for running, value in (
                (self.bn.running_mean, mean),
                (self.bn.running_var, variance * (n / max(n - 1, 1))),
            ):
                if running is not None:
                    running.lerp_(value, self.bn.momentum)
        return mean, variance


def share_batchnorm(module: nn.Module) -> None:
    """Make every batch norm in the module a shared one, weights and names unchanged."""
    shared: dict[type[nn.Module], type[nn.Module]] = {
        nn.BatchNorm1d: SharedBatchNorm1d,
        nn.BatchNorm2d: SharedBatchNorm2d,
        Connector: SharedConnector,
    }
    for child in module.modules():
        child.__class__ = shared.get(type(child), type(child))
