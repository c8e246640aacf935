"""ResNet-18 and 34 with a 3x3 stem and no pooling behind it: CCSKD's pair on images of 32 to 64 pixels.

Source: He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, table 1; the stem as in the
published CCSKD code (kd-spec, section 1.4).
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from facekd.distil.networks.basic_resnet import BasicResNet

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    depth: Annotated[Literal[18, 34], Meta(description="layers")] = 18


class ResNet(BasicResNet):
    """See the module's text."""

    def __init__(self, config: Config, classes: int) -> None:
        super().__init__(WIDTHS[0], WIDTHS, BLOCKS[config.depth], classes)
