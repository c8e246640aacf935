"""Pixels to a network's input, as its model card says."""

import torch
from torch import Tensor, nn

from facekd.modelcard import InputSpec


class Preprocess(nn.Module):
    """(pixel - mean) * scale in the network's colour order; a smaller network sees the middle of the image.

    Args:
        spec: as in the model card.
        any_size: take images as they come instead of cutting their middle out.

    Its numbers belong to the model card, not to the weights, so no state dict holds them.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, spec: InputSpec, *, any_size: bool = False) -> None:
        super().__init__()
        self._bgr = spec.colour == "bgr"
        self._size = (0, 0) if any_size else spec.size
        for name, values in (("mean", spec.mean), ("scale", spec.scale)):
            self.register_buffer(
                name, torch.tensor(values, dtype=torch.float32)[:, None, None], persistent=False
            )

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W] RGB, 0..255, to the network's input [B, 3, h, w]. A size of 0 takes any."""
        height, width = (want or have for want, have in zip(self._size, images.shape[2:], strict=True))
        top, left = (images.shape[2] - height) // 2, (images.shape[3] - width) // 2
        if top < 0 or left < 0:
            raise ValueError(
                f"expected images of at least {height}x{width} pixels, got {tuple(images.shape)}"
            )
        images = images[:, :, top : top + height, left : left + width]
        if self._bgr:
            images = images.flip(1)
        return (images.to(self.mean.dtype) - self.mean) * self.scale
