"""Auxiliary branches: what a network would answer after each of its stages.

Source: kd-spec, section 2.2: light branches of depthwise-separable blocks, one for each stage that still follows, as
in OFA-KD's, whose cost does not depend on the backbone.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from facekd.distil.networks.layers import conv1x1, conv3x3, init_weights
from facekd.distil.networks.stages import StageSpec

FACE_DIM = 128
"""Bottleneck of a branch for faces."""


class Branch(nn.Module):
    """From one stage to an answer: down to the last stage's shape, averaged, and mapped.

    Args:
        stages: of the network.
        position: index of the stage that it starts at, not the last.
        outputs: classes, or for faces the length of the embedding.
        face: narrow to `FACE_DIM` before the answer, as face networks do.
    """

    def __init__(self, stages: Sequence[StageSpec], position: int, outputs: int, *, face: bool) -> None:
        super().__init__()
        blocks = []
        for here, following in zip(stages[position:], stages[position + 1 :], strict=False):
            blocks += [
                conv3x3(here.channels, here.channels, max(1, following.stride // here.stride), here.channels),
                nn.BatchNorm2d(here.channels),
                nn.ReLU(),
                conv1x1(here.channels, following.channels),
                nn.BatchNorm2d(following.channels),
                nn.ReLU(),
            ]
        self.blocks = nn.Sequential(*blocks)
        width = stages[-1].channels
        self.answer = (
            nn.Sequential(
                nn.Linear(width, FACE_DIM, bias=False),
                nn.BatchNorm1d(FACE_DIM),
                nn.Linear(FACE_DIM, outputs, bias=False),
            )
            if face
            else nn.Linear(width, outputs)
        )
        init_weights(self)

    def forward(self, stage: Tensor) -> Tensor:
        """A map [B, C, H, W] to [B, outputs]."""
        x: Tensor = self.answer(self.blocks(stage).mean(dim=(2, 3)))
        return x


class Branches(nn.Module):
    """One branch for each of the given stages.

    Args:
        stages: of the network.
        positions: indices of the stages that get one, shallow to deep.
        outputs, face: as `Branch`.
    """

    def __init__(
        self, stages: Sequence[StageSpec], positions: Sequence[int], outputs: int, *, face: bool
    ) -> None:
        super().__init__()
        self.positions = tuple(positions)
        self.each = nn.ModuleList(Branch(stages, position, outputs, face=face) for position in positions)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """All stages' maps to one answer [B, outputs] per branch. Means of maps (a cache's) are not enough."""
        for position in self.positions:
            if maps[position].ndim != 4:
                raise ValueError(
                    f"expected maps [B, C, H, W] for branches, got {tuple(maps[position].shape)}"
                )
        return tuple(branch(maps[i]) for branch, i in zip(self.each, self.positions, strict=True))
