"""IResNet-18 and 50: the big networks of face recognition, for 112x112 crops.

Sources: Deng et al., "ArcFace", arXiv:1801.07698, section 3.1; Duta et al., "Improved Residual Networks",
arXiv:2004.04989. Blocks end without a ReLU, so every stage has values below zero.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.networks.layers import classifier, conv3x3, init_weights, projection
from facekd.distil.networks.stages import StagedOutput, StageSpec

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3)}
WIDTHS = (64, 128, 256, 512)
SIDE = 112


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    depth: Annotated[Literal[18, 34, 50], Meta(description="layers, roughly")] = 18
    embedding_dim: Annotated[int, Meta(ge=16, le=4096, description="length of the embedding")] = 512


class Block(nn.Module):
    """x + (norm, 3x3 convolution, norm, PReLU, 3x3 convolution with the stride, norm)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(inputs),
            conv3x3(inputs, outputs),
            nn.BatchNorm2d(outputs),
            nn.PReLU(outputs),
            conv3x3(outputs, outputs, stride),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, outputs, H/stride, W/stride], with values below zero."""
        y: Tensor = self.layers(x) + self.shortcut(x)
        return y


class IResNet(nn.Module):
    """See the module's text. The embedding is a full linear map of the last stage, so crops must be 112x112."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv3x3(3, WIDTHS[0]), nn.BatchNorm2d(WIDTHS[0]), nn.PReLU(WIDTHS[0]))
        self.stages = nn.ModuleList()
        for before, width, blocks in zip((64, *WIDTHS), WIDTHS, BLOCKS[config.depth], strict=False):
            first = Block(before, width, 2)
            self.stages.append(nn.Sequential(first, *(Block(width, width, 1) for _ in range(blocks - 1))))
        self.embedding_dim, self.classes = config.embedding_dim, classes
        scaled = nn.BatchNorm1d(self.embedding_dim)
        scaled.weight.requires_grad_(False)  # the embedding's length means nothing; a scale would only drift
        self.embed = nn.Sequential(
            nn.BatchNorm2d(WIDTHS[-1]),
            nn.Flatten(),
            nn.Linear(WIDTHS[-1] * (SIDE // 16) ** 2, self.embedding_dim),
            scaled,
        )
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = tuple(
            StageSpec(f"stage{i + 1}", 2 ** (i + 1), width, signed=True) for i, width in enumerate(WIDTHS)
        )
        init_weights(self)

    def forward(self, images: Tensor) -> StagedOutput:
        """Crops [B, 3, 112, 112], normalised."""
        if images.shape[2:] != (SIDE, SIDE):
            raise ValueError(f"expected crops [B, 3, {SIDE}, {SIDE}], got {tuple(images.shape)}")
        x = self.stem(images)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        embedding = self.embed(x)
        return StagedOutput(tuple(maps), embedding, self.classifier(embedding) if self.classifier else None)
