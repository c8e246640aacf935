"""MobileNetV2 as the distillation literature uses it on 32x32 images, where half width is the usual student.

Sources: Sandler et al., "MobileNetV2", arXiv:1801.04381, table 2; the tables of CRD (arXiv:1910.10699), whose student
has expansion 6, keeps the resolution in the second group, and has the first 1x1 even where nothing is expanded.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.layers import classifier, conv1x1, conv3x3, init_weights
from facekd.distil.networks.stages import StagedOutput, StageSpec

GROUPS = (
    (1, 16, 1, 1),
    (6, 24, 2, 1),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, stride of the first block."""
STAGE_ENDS = (1, 2, 4, 6)
"""Groups after which the resolution changes, and the last: their outputs are the stages."""
LAST = 1280


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    width: Annotated[float, Meta(gt=0, le=2, description="factor of the channels")] = 0.5


class InvertedResidual(nn.Module):
    """Wide in the middle: 1x1 up, 3x3 for each channel, 1x1 down without ReLU, plus x where the shape allows."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            conv1x1(inputs, hidden),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            conv3x3(hidden, hidden, stride, hidden),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            conv1x1(hidden, outputs),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, outputs, H/stride, W/stride], with values below zero."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """See the module's text. The embedding is the mean of the last 1x1 convolution's map."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        inputs = int(32 * config.width)
        self.stem = nn.Sequential(conv3x3(3, inputs, 2), nn.BatchNorm2d(inputs), nn.ReLU())
        self.groups = nn.ModuleList()
        specs: list[StageSpec] = []
        stride = 2
        for index, (expansion, channels, blocks, first_stride) in enumerate(GROUPS):
            width = int(channels * config.width)
            group = [InvertedResidual(inputs, width, first_stride, expansion)]
            group += [InvertedResidual(width, width, 1, expansion) for _ in range(blocks - 1)]
            self.groups.append(nn.Sequential(*group))
            inputs, stride = width, stride * first_stride
            if index in STAGE_ENDS:
                specs.append(StageSpec(f"stage{len(specs) + 1}", stride, width, signed=True))
        self.stage_specs = tuple(specs)
        self.embedding_dim, self.classes = max(LAST, int(LAST * config.width)), classes
        self.last = nn.Sequential(
            conv1x1(inputs, self.embedding_dim), nn.BatchNorm2d(self.embedding_dim), nn.ReLU()
        )
        self.classifier = classifier(self.embedding_dim, classes)
        init_weights(self)

    def forward(self, images: Tensor) -> StagedOutput:
        """Images [B, 3, H, W], normalised."""
        x = self.stem(images)
        maps = []
        for index, group in enumerate(self.groups):
            x = group(x)
            if index in STAGE_ENDS:
                maps.append(x)
        embedding = self.last(x).mean(dim=(2, 3))
        return StagedOutput(tuple(maps), embedding, self.classifier(embedding) if self.classifier else None)
