"""ResNets for 32x32 images: depth 6n+2, three stages of basic blocks, and their four times wider kin.

Source: He et al., "Deep Residual Learning for Image Recognition", arXiv:1512.03385, section 4.2. A shortcut whose
shape changes is a 1x1 convolution with batch norm, as in the distillation literature (CRD's 8x4 and 32x4 included),
so counts lie a little above that paper's, whose shortcuts have no weights.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from facekd.distil.networks.basic_resnet import BasicResNet


@dataclass(frozen=True, slots=True)
class Config:
    """Which member of the family."""

    depth: Annotated[Literal[8, 14, 20, 32, 44, 56, 110], Meta(description="layers, 6n + 2")] = 20
    wide: Annotated[bool, Meta(description='four times the channels: the "x4" networks')] = False
    stem_stride: Annotated[
        Literal[1, 2],
        Meta(description="2: half the resolution from the first layer on, a quarter of the cost"),
    ] = 1


class CifarResNet(BasicResNet):
    """See the module's text."""

    def __init__(self, config: Config, classes: int) -> None:
        stem, widths = (32, (64, 128, 256)) if config.wide else (16, (16, 32, 64))
        super().__init__(stem, widths, [(config.depth - 2) // 6] * 3, classes, config.stem_stride)
