"""ResNet-18 and 34 with a 3x3 stem and no pooling behind it: CCSKD's pair on images of 32 to 64 pixels.

Source: He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, table 1; the stem as in the
published CCSKD code (kd-spec, section 1.4).
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.cifar_resnet import BasicBlock
from facekd.distil.networks.layers import classifier, conv3x3, init_weights
from facekd.distil.networks.stages import StagedOutput, StageSpec

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    depth: Annotated[Literal[18, 34], Meta(description="layers")] = 18


class ResNet(nn.Module):
    """See the module's text. The embedding is the pooled last stage."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(3, WIDTHS[0])
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.stages = nn.ModuleList()
        inputs = (WIDTHS[0], *WIDTHS[:-1])
        for before, width, stride, blocks in zip(
            inputs, WIDTHS, (1, 2, 2, 2), BLOCKS[config.depth], strict=True
        ):
            first = BasicBlock(before, width, stride)
            self.stages.append(
                nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(blocks - 1)))
            )
        self.embedding_dim, self.classes = WIDTHS[-1], classes
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = tuple(
            StageSpec(f"stage{i + 1}", 2**i, width, signed=False) for i, width in enumerate(WIDTHS)
        )
        init_weights(self)

    def forward(self, images: Tensor) -> StagedOutput:
        """Images [B, 3, H, W], normalised."""
        x = F.relu(self.bn1(self.conv1(images)))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        embedding = x.mean(dim=(2, 3))
        return StagedOutput(tuple(maps), embedding, self.classifier(embedding) if self.classifier else None)
