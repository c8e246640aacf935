"""Networks that show their stages, by name.

To add one: a file with a frozen `Config` dataclass and a builder, and one line here. `NETWORKS[name].build(config,
classes)` gives an `nn.Module` that is a `StagedNetwork`; with 0 classes it ends at the embedding.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import nn

from facekd.distil.networks import (
    cifar_resnet,
    desktop,
    iresnet,
    mobilefacenet,
    mobilenet,
    resnet,
    wide_resnet,
)


@dataclass(frozen=True, slots=True)
class NetworkType:
    """One family.

    Args:
        title: one line for lists.
        Config: frozen dataclass whose fields carry range and help.
        build: (config, classes) -> the network, randomly initialised from torch's generator.
        side: of the square images that it was designed for, pixels.
    """

    title: str
    Config: type[Any]
    build: Callable[[Any, int], nn.Module]
    side: int


NETWORKS: Mapping[str, NetworkType] = MappingProxyType(
    {
        "cifar_resnet": NetworkType(
            "ResNet for 32x32 images", cifar_resnet.Config, cifar_resnet.CifarResNet, 32
        ),
        "wide_resnet": NetworkType("Wide ResNet for 32x32", wide_resnet.Config, wide_resnet.WideResNet, 32),
        "mobilenet": NetworkType("MobileNetV2 for 32x32 images", mobilenet.Config, mobilenet.MobileNetV2, 32),
        "resnet": NetworkType("ResNet-18 and 34 with a 3x3 stem", resnet.Config, resnet.ResNet, 32),
        "iresnet": NetworkType("IResNet for faces", iresnet.Config, iresnet.IResNet, 112),
        "mobilefacenet": NetworkType("MobileFaceNet", mobilefacenet.Config, mobilefacenet.MobileFaceNet, 112),
        "desktop": NetworkType("Our own for desktops", desktop.Config, desktop.DesktopNet, 112),
    }
)
