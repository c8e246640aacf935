"""Wide ResNets for 32x32 images: fewer layers, more channels, norm and ReLU before each convolution.

Source: Zagoruyko and Komodakis, "Wide Residual Networks", arXiv:1605.07146, table 1 (depth 6n + 4), without dropout.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.layers import classifier, conv1x1, conv3x3, init_weights
from facekd.distil.networks.stages import StagedOutput, StageSpec


@dataclass(frozen=True, slots=True)
class Config:
    """WRN-depth-width."""

    depth: Annotated[Literal[10, 16, 22, 28, 34, 40], Meta(description="layers, 6n + 4")] = 40
    width: Annotated[int, Meta(ge=1, le=12, description="factor of the channels 16, 32, 64")] = 2
    stem_stride: Annotated[
        Literal[1, 2],
        Meta(description="2: half the resolution from the first layer on, a quarter of the cost"),
    ] = 1


class PreActivationBlock(nn.Module):
    """x + two times (norm, ReLU, 3x3 convolution); where the shape changes both ways begin behind the first ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = conv3x3(inputs, outputs, stride)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = conv3x3(outputs, outputs)
        self.shortcut = conv1x1(inputs, outputs, stride) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, outputs, H/stride, W/stride], with values below zero."""
        y: Tensor = F.relu(self.bn1(x))
        kept: Tensor = x if self.shortcut is None else self.shortcut(y)
        y = self.conv2(F.relu(self.bn2(self.conv1(y))))
        return kept + y


class WideResNet(nn.Module):
    """See the module's text. Only the last stage ends in a ReLU; the embedding is its mean."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        widths = tuple(width * config.width for width in (16, 32, 64))
        blocks = (config.depth - 4) // 6
        self.conv1 = conv3x3(3, 16, config.stem_stride)
        self.stages = nn.ModuleList()
        for inputs, width, stride in zip((16, *widths), widths, (1, 2, 2), strict=False):
            first = PreActivationBlock(inputs, width, stride)
            rest = (PreActivationBlock(width, width, 1) for _ in range(blocks - 1))
            self.stages.append(nn.Sequential(first, *rest))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.embedding_dim, self.classes = widths[-1], classes
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = tuple(
            StageSpec(f"stage{i + 1}", config.stem_stride * 2**i, width, signed=i < 2)
            for i, width in enumerate(widths)
        )
        init_weights(self)

    def forward(self, images: Tensor) -> StagedOutput:
        """Images [B, 3, H, W], normalised."""
        x = self.conv1(images)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps[-1] = F.relu(self.norm(x))
        embedding = maps[-1].mean(dim=(2, 3))
        return StagedOutput(tuple(maps), embedding, self.classifier(embedding) if self.classifier else None)
