"""Pieces that several networks are made of."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv3x3(inputs: int, outputs: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size (divided by the stride), without bias: a batch norm follows."""
    return nn.Conv2d(inputs, outputs, 3, stride, 1, groups=groups, bias=False)


def conv1x1(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 1x1 convolution without bias."""
    return nn.Conv2d(inputs, outputs, 1, stride, bias=False)


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """A residual block's shortcut: the identity where shapes allow, else a 1x1 convolution with batch norm."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs))


def classifier(inputs: int, classes: int) -> nn.Linear | None:
    """The last layer of a classification network; None when there are no classes."""
    return nn.Linear(inputs, classes) if classes else None


def init_weights(network: nn.Module) -> None:
    """Convolutions by He's rule (arXiv:1502.01852, fan out); norms to the identity, as torch has them."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class GlobalDepthwise(nn.Module):
    """One weight per channel and place, summed over the map: a depthwise convolution as large as the map.

    Faces are aligned, so places mean something that a mean over them would lose (MobileFaceNet, arXiv:1804.07573,
    section 3.1). Training may begin at a lower resolution: the smaller map is then stretched to full size, so that
    every weight keeps its place on the face and a constant map its answer.

    Args:
        channels: of the map.
        side: of the map at full resolution.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, 1, side, side))
        nn.init.normal_(self.weight, mean=1 / side**2, std=1 / side)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] to [B, C]."""
        if x.shape[2:] != self.weight.shape[2:]:
            x = F.interpolate(x, size=self.weight.shape[2:], mode="bilinear", align_corners=False)
        return F.conv2d(x, self.weight, groups=x.shape[1]).flatten(1)
