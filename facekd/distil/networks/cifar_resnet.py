"""ResNets for 32x32 images: depth 6n+2, three stages of basic blocks, and their four times wider kin.

Source: He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2. A shortcut whose
shape changes is a 1x1 convolution with batch norm, as in the distillation literature (CRD's 8x4 and 32x4 included),
so counts lie a little above that paper's, whose shortcuts have no weights.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.layers import classifier, conv3x3, init_weights, projection
from facekd.distil.networks.stages import StagedOutput, StageSpec


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    depth: Annotated[Literal[8, 14, 20, 32, 44, 56, 110], Meta(description="layers, 6n + 2")] = 20
    wide: Annotated[bool, Meta(description='four times the channels: the "x4" networks')] = False


class BasicBlock(nn.Module):
    """ReLU(x + two 3x3 convolutions)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = conv3x3(outputs, outputs)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, outputs, H/stride, W/stride]."""
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class CifarResNet(nn.Module):
    """See the module's text. The embedding is the pooled last stage."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        widths = (64, 128, 256) if config.wide else (16, 32, 64)
        stem = 32 if config.wide else 16
        blocks = (config.depth - 2) // 6
        self.conv1 = conv3x3(3, stem)
        self.bn1 = nn.BatchNorm2d(stem)
        self.stages = nn.ModuleList()
        for inputs, width, stride in zip((stem, *widths), widths, (1, 2, 2), strict=False):
            first = BasicBlock(inputs, width, stride)
            self.stages.append(
                nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(blocks - 1)))
            )
        self.embedding_dim, self.classes = widths[-1], classes
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = tuple(
            StageSpec(f"stage{i + 1}", 2**i, width, signed=False) for i, width in enumerate(widths)
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
