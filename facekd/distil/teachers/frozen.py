"""The one class that stands between a teacher and any way of changing it."""

import torch
from torch import Tensor, nn

from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.networks.stages import StagedNetwork, StagedOutput, StageSpec
from facekd.modelcard import InputSpec


class FrozenTeacher(nn.Module):
    """A network that only answers: in eval mode, without gradients, whatever is called on it.

    A teacher in train mode would answer by the statistics of the batch and let them drift, which is the defect of the
    published CCSKD code (kd-spec, section 1.5).

    Args:
        network: a `StagedNetwork`; taken over, not copied.
        id: SHA-256 of weights, stages and normalisation.
        spec: how it wants its pixels; None when it takes them as they are.

    Raises:
        TypeError: the network does not declare its stages.
    """

    def __init__(self, network: nn.Module, *, id: str, spec: InputSpec | None) -> None:  # noqa: A002
        super().__init__()
        if not isinstance(network, StagedNetwork):
            raise TypeError(f"expected a network that declares its stages, got {type(network).__name__}")
        self.id = id
        self.stage_specs: tuple[StageSpec, ...] = network.stage_specs
        self.embedding_dim: int = network.embedding_dim
        self.classes: int = network.classes
        self.preprocess = Preprocess(spec) if spec is not None else nn.Identity()
        self.network: nn.Module = network
        super().train(False)
        super().requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> StagedOutput:
        """What the teacher says about images [B, 3, H, W] RGB, 0..255."""
        output: StagedOutput = self.network(self.preprocess(images))
        return output

    def train(self, mode: bool = True) -> "FrozenTeacher":  # noqa: ARG002  # it has no other mode
        """Stays in eval mode."""
        return super().train(False)

    def requires_grad_(self, requires_grad: bool = True) -> "FrozenTeacher":  # noqa: ARG002
        """Stays without gradients."""
        return super().requires_grad_(False)
