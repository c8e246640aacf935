"""MobileFaceNet: the usual small network of face recognition, one million parameters, for 112x112 crops.

Source: Chen et al., "MobileFaceNets", arXiv:1804.07573, table 1. Stages as in kd-spec, section 4.3.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.layers import GlobalDepthwise, classifier, conv1x1, conv3x3, init_weights
from facekd.distil.networks.stages import StagedOutput, StageSpec

SIDE = 112
STEM, LAST = 64, 512
GROUPS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, channels, blocks, stride of the first block."""


@dataclass(frozen=True, slots=True)
class Config:
    """The published network gives 128 numbers."""

    embedding_dim: Annotated[int, Meta(ge=16, le=4096, description="length of the embedding")] = 128


def convolved(conv: nn.Conv2d) -> nn.Sequential:
    """A convolution with batch norm and PReLU."""
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.PReLU(conv.out_channels))


class Bottleneck(nn.Module):
    """1x1 up, 3x3 for each channel, 1x1 down without activation, plus x where the shape allows."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            convolved(conv1x1(inputs, hidden)),
            convolved(conv3x3(hidden, hidden, stride, hidden)),
            conv1x1(hidden, outputs),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, outputs, H/stride, W/stride], with values below zero."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class MobileFaceNet(nn.Module):
    """See the module's text."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolved(conv3x3(3, STEM, 2)), convolved(conv3x3(STEM, STEM, 1, STEM)))
        groups = []
        inputs = STEM
        for expansion, width, blocks, stride in GROUPS:
            group = [Bottleneck(inputs, width, stride, expansion)]
            group += [Bottleneck(width, width, 1, expansion) for _ in range(blocks - 1)]
            groups.append(nn.Sequential(*group))
            inputs = width
        self.stage2 = groups[0]
        self.stage3 = nn.Sequential(*groups[1:3])
        self.stage4 = nn.Sequential(*groups[3:5], convolved(conv1x1(inputs, LAST)))
        self.embedding_dim, self.classes = config.embedding_dim, classes
        self.pool = nn.Sequential(GlobalDepthwise(LAST, SIDE // 16), nn.BatchNorm1d(LAST))
        self.embed = nn.Sequential(
            nn.Linear(LAST, self.embedding_dim, bias=False), nn.BatchNorm1d(self.embedding_dim)
        )
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = (
            StageSpec("stage1", 2, STEM, signed=True),
            StageSpec("stage2", 4, 64, signed=True),
            StageSpec("stage3", 8, 128, signed=True),
            StageSpec("stage4", 16, LAST, signed=True),
        )
        init_weights(self)

    def forward(self, images: Tensor) -> StagedOutput:
        """Crops [B, 3, H, W], normalised; 112x112 is full resolution, less serves the beginning of training."""
        one = self.stem(images)
        two = self.stage2(one)
        three = self.stage3(two)
        four = self.stage4(three)
        embedding = self.embed(self.pool(four))
        logits = self.classifier(embedding) if self.classifier else None
        return StagedOutput((one, two, three, four), embedding, logits)
