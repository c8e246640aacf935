"""Connectors: the student's stages in the teacher's channels, for the losses only.

The student's own forward path never sees them; they are trained with it and thrown away with the method.
Source: kd-spec, sections 1.3 and 6.0.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from facekd.distil.networks.layers import conv1x1
from facekd.distil.networks.stages import StagedOutput, StageSpec, pair_stages, pool

Activation = Annotated[
    Literal["auto", "relu", "none"],
    Meta(description="end of a connector; auto: a ReLU where the teacher's stage has no values below zero"),
]


CACHED_VALUES = 2**18
"""One mebibyte of float32: about what a core's own cache holds."""


class Connector(nn.Module):
    """Conv1x1 without bias, batch norm, a ReLU where the teacher's stage ends in one, and the mean over H and W.

    Only the mean is ever compared, and the map before it, in the teacher's many channels, costs more on a CPU than a
    small student does. So it is not made: a 1x1 convolution's batch mean and variance follow from those of its input
    (variance of w x = w Cov(x) w), norm and convolution become one matrix, and without a ReLU the mean goes through
    it. With one, maps are made a few images at a time and forgotten (`_ReluMeans`). Values and gradients are those of
    the four modules in a row.
    """

    def __init__(self, inputs: int, outputs: int, *, relu: bool) -> None:
        super().__init__()
        self.conv = conv1x1(inputs, outputs)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, stage: Tensor) -> Tensor:
        """A map [B, inputs, H, W] to channel means [B, outputs]."""
        x, weight = stage.flatten(2), self.conv.weight.flatten(1)
        mean, variance = self._statistics(x, weight)
        scale = self.bn.weight * (variance + self.bn.eps).rsqrt()
        matrix, shift = weight * scale[:, None], self.bn.bias - mean * scale
        if not self.relu:
            return F.linear(x.mean(dim=2), matrix, shift)
        means: Tensor = _ReluMeans.apply(x, matrix, shift)  # type: ignore[no-untyped-call]
        return means

    def _statistics(self, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance [outputs] of weight @ x over the batch, or the running ones outside of training."""
        running_mean, running_variance = self.bn.running_mean, self.bn.running_var
        if running_mean is None or running_variance is None or self.bn.momentum is None:
            raise ValueError("expected a batch norm with running statistics")
        if not self.training:
            return running_mean, running_variance
        count = x.shape[0] * x.shape[2]
        centre = x.mean(dim=(0, 2))
        centred = (x - centre[:, None]).transpose(0, 1).flatten(1)
        covariance = centred @ centred.T / count
        mean, variance = weight @ centre, ((weight @ covariance) * weight).sum(dim=1)
        with torch.no_grad():
            running_mean.lerp_(mean, self.bn.momentum)
            running_variance.lerp_(variance * (count / max(count - 1, 1)), self.bn.momentum)
            if self.bn.num_batches_tracked is not None:
                self.bn.num_batches_tracked.add_(1)
        return mean, variance


class _ReluMeans(torch.autograd.Function):
    """mean over P of ReLU(matrix @ x + shift) for x [B, C, P], without keeping the [B, outputs, P] between."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, matrix: Tensor, shift: Tensor) -> Tensor:
        ctx.save_for_backward(x, matrix, shift)
        return torch.cat([(matrix @ part + shift[:, None]).relu_().mean(dim=2) for part in _parts(x, matrix)])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, matrix, shift = ctx.saved_tensors
        of_x = []
        of_matrix, of_shift = torch.zeros_like(matrix), torch.zeros_like(shift)
        parts = _parts(x, matrix)
        shares = torch.split(gradient / x.shape[2], [len(part) for part in parts])
        for part, share in zip(parts, shares, strict=True):
            active = (matrix @ part + shift[:, None]) > 0
            inner = active * share[:, :, None]
            of_x.append(matrix.T @ inner)
            of_matrix += (inner @ part.mT).sum(dim=0)
            of_shift += inner.sum(dim=(0, 2))
        return torch.cat(of_x), of_matrix, of_shift


def _parts(x: Tensor, matrix: Tensor) -> tuple[Tensor, ...]:
    """The images [B, C, P] in parts whose maps stay in a CPU's cache; a GPU takes all at once."""
    images = len(x) if x.is_cuda else max(1, CACHED_VALUES // (len(matrix) * x.shape[2]))
    return torch.split(x, images)


class Connectors(nn.Module):
    """One connector for every pair of stages.

    Args:
        student, teacher: the stages of both.
        activation: see `Activation`. A ReLU before a stage with values below zero could never meet its means.
    """

    def __init__(
        self, student: Sequence[StageSpec], teacher: Sequence[StageSpec], activation: Activation = "auto"
    ) -> None:
        super().__init__()
        self.pairs = pair_stages(student, teacher)
        self.each = nn.ModuleList(
            Connector(
                student[ours].channels,
                teacher[theirs].channels,
                relu=activation == "relu" or (activation == "auto" and not teacher[theirs].signed),
            )
            for ours, theirs in self.pairs
        )

    def forward(self, student: StagedOutput, teacher: StagedOutput) -> list[tuple[Tensor, Tensor]]:
        """For every pair the channel means [B, C_teacher] of the student, behind its connector, and of the teacher."""
        return [
            (pool(connector(student.stages[ours])), pool(teacher.stages[theirs]))
            for connector, (ours, theirs) in zip(self.each, self.pairs, strict=True)
        ]
