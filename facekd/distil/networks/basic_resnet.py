"""What the ResNets of basic blocks share: a 3x3 stem without pooling, stages of blocks, a mean, a linear map.

Source: He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 3.3.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from facekd.distil.networks.layers import classifier, conv3x3, init_weights, projection
from facekd.distil.networks.stages import StagedOutput, StageSpec


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


class BasicResNet(nn.Module):
    """Every stage but the first halves the map; the embedding is the pooled last stage.

    Args:
        stem: channels of the first convolution.
        widths: channels of the stages.
        blocks: of each stage.
        classes: 0 ends at the embedding.
        stem_stride: 2 halves every map.
    """

    def __init__(
        self, stem: int, widths: Sequence[int], blocks: Sequence[int], classes: int, stem_stride: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(3, stem, stem_stride)
        self.bn1 = nn.BatchNorm2d(stem)
        self.stages = nn.ModuleList()
        for i, (inputs, width, n) in enumerate(zip((stem, *widths[:-1]), widths, blocks, strict=True)):
            first = BasicBlock(inputs, width, 2 if i else 1)
            self.stages.append(nn.Sequential(first, *(BasicBlock(width, width, 1) for _ in range(n - 1))))
        self.embedding_dim, self.classes = widths[-1], classes
        self.classifier = classifier(self.embedding_dim, classes)
        self.stage_specs = tuple(
            StageSpec(f"stage{i + 1}", stem_stride * 2**i, width, signed=False)
            for i, width in enumerate(widths)
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
