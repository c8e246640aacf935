"""Varied images as operations on whole batches, the same on every device, decided by a table of random numbers.

Nothing here draws: an image's view is a pure function of its pixels and of one row of numbers in 0..1, and no image
depends on its neighbours in the batch. So a view can be made again, alone or in another batch, bit for bit, and what a
teacher said about it stays true.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from facekd.config import AugmentConfig

COLUMNS = 24
"""Random numbers an image; each operation reads its own, so that switching one off leaves the others as they were."""

LOW_SIDES = (0.25, 0.375, 0.5)  # what is left of the side in an image of few pixels
JPEG_QUALITY = (10.0, 60.0)
BLUR_SIGMA = (0.5, 2.0)  # pixels of a 112 pixel image; scales with the side
BLUR_RADIUS = 4
COVERED = (0.15, 0.45)  # of the side


@dataclass(frozen=True, slots=True)
class Augment:
    """Makes views. Call with images [B, S, S, 3] uint8 and numbers [B, COLUMNS] in 0..1; gives [B, 3, S, S] uint8."""

    config: AugmentConfig  # resolved: no field is None

    def __call__(self, images: Tensor, numbers: Tensor) -> Tensor:
        """The views [B, 3, S, S] uint8 RGB, on the device of the images."""
        c = self.config
        if c.rotate_deg or c.zoom or c.shift:
            planar = images.permute(0, 3, 1, 2).float()
            x = warp(planar, numbers, c)
        else:
            # whole pixels: gathered, never resampled
            x = crop_and_flip(images, numbers, c.flip or 0.0, c.crop or 0).permute(0, 3, 1, 2).float()
        x = light(x, numbers, c)
        side = x.shape[-1]
        x = some(x, numbers[:, 9], c.low_resolution, numbers[:, 10:11], low_resolution)
        x = some(x, numbers[:, 11], c.blur, numbers[:, 12:13], lambda part, u: blur(part, u, side / 112))
        x = some(x, numbers[:, 13], c.jpeg, numbers[:, 14:15], jpeg)
        x = some(x, numbers[:, 15], c.cutout, numbers[:, 16:23], cover)
        return x.round_().clamp_(0, 255).to(torch.uint8)


def some(
    x: Tensor,
    chance: Tensor,
    share: float | None,
    numbers: Tensor,
    change: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """Apply `change(images, numbers)` to the rows whose number is below `share`; only they cost time."""
    if not share:
        return x
    rows = torch.nonzero(chance < share).squeeze(1)
    if len(rows):
        x[rows] = change(x[rows], numbers[rows])
    return x


def crop_and_flip(images: Tensor, numbers: Tensor, flip: float, border: int) -> Tensor:
    """[B, S, S, 3] moved by up to `border` whole pixels, the edge mirrored, and mirrored with chance `flip`."""
    batch, side = images.shape[:2]
    ticks = torch.arange(side, device=images.device)
    down, right = ((numbers[:, k] * (2 * border + 1)).long() - border for k in (0, 1))
    rows, columns = (_mirror(ticks + move[:, None], side) for move in (down, right))
    columns = torch.where((numbers[:, 2] < flip)[:, None], columns.flip(1), columns)
    return images[
        torch.arange(batch, device=images.device)[:, None, None], rows[:, :, None], columns[:, None, :]
    ]


def _mirror(index: Tensor, side: int) -> Tensor:
    """Indices outside 0..side-1 reflected at the edge pixel, as NumPy's pad mode `reflect`."""
    index = index.abs()
    return side - 1 - (side - 1 - index).abs()


def warp(x: Tensor, numbers: Tensor, c: AugmentConfig) -> Tensor:
    """[B, 3, S, S] turned, zoomed, moved (border included) and mirrored in one bilinear resampling."""
    side = x.shape[-1]

    def spread(column: int, size: float) -> Tensor:
        return (2 * numbers[:, column] - 1) * size

    angle = spread(3, (c.rotate_deg or 0.0) * torch.pi / 180)
    zoom = 1 + spread(4, c.zoom or 0.0)
    reach = 2 * (c.shift or 0.0) + 2 * (c.crop or 0) / side  # grid_sample's picture spans -1..1
    mirror = torch.where(numbers[:, 2] < (c.flip or 0.0), -1.0, 1.0)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across = torch.stack([cos * mirror, -sin, spread(0, reach)], dim=1)
    down = torch.stack([sin * mirror, cos, spread(1, reach)], dim=1)
    theta = torch.stack([across, down], dim=1)
    # The grid is spelt out instead of F.affine_grid: its matrix product may round differently in other batch sizes.
    ticks = (torch.arange(side, device=x.device) + 0.5) * (2 / side) - 1
    horizontal, vertical = ticks[None, None, :], ticks[None, :, None]
    t = theta[:, :, :, None, None]
    grid_x = t[:, 0, 0] * horizontal + t[:, 0, 1] * vertical + t[:, 0, 2]
    grid_y = t[:, 1, 0] * horizontal + t[:, 1, 1] * vertical + t[:, 1, 2]
    grid = torch.stack([grid_x, grid_y], dim=-1)
    sampled: Tensor = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return sampled


def light(x: Tensor, numbers: Tensor, c: AugmentConfig) -> Tensor:
    """Saturation, contrast about the image's mean and brightness, each a factor in 1 +- its size; changes x in place.

    With grey g and mean m of an image the three in a row are
    l (m + k (g + s (x - g) - m)) = l k s x + l k (1 - s) g + l (1 - k) m, for saturation keeps the mean.
    """
    if not (c.light or c.contrast or c.saturation):
        return x

    def factor(column: int, size: float | None) -> Tensor:
        return (1 + (2 * numbers[:, column] - 1) * (size or 0.0))[:, None, None, None]

    s, k, bright = factor(5, c.saturation), factor(6, c.contrast), factor(7, c.light)
    red, green, blue = x.unbind(1)
    grey = ((red + green + blue) / 3)[:, None]
    middle = grey.mean(dim=(2, 3), keepdim=True)
    shared = grey.mul_(bright * k * (1 - s)).add_(bright * (1 - k) * middle)
    return x.mul_(bright * k * s).add_(shared).clamp_(0, 255)


def low_resolution(x: Tensor, numbers: Tensor) -> Tensor:
    """Scaled down to one of three sizes and back."""
    side = x.shape[-1]
    out = torch.empty_like(x)
    choice = (numbers[:, 0] * len(LOW_SIDES)).long().clamp(max=len(LOW_SIDES) - 1)
    for k, share in enumerate(LOW_SIDES):
        rows = torch.nonzero(choice == k).squeeze(1)
        if len(rows):
            small = F.interpolate(x[rows], size=max(4, round(side * share)), mode="area")
            out[rows] = F.interpolate(small, size=side, mode="bilinear", align_corners=False)
    return out


def blur(x: Tensor, numbers: Tensor, scale: float) -> Tensor:
    """Gaussian blur, its own width for every image; edges repeated."""
    sigma = (BLUR_SIGMA[0] + numbers[:, 0] * (BLUR_SIGMA[1] - BLUR_SIGMA[0])) * scale
    ticks = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=x.device)
    weight = torch.exp(-(ticks**2) / (2 * sigma[:, None] ** 2))
    weight = (weight / weight.sum(dim=1, keepdim=True))[:, :, None, None, None]
    side = x.shape[-1]
    for dim in (2, 3):
        pad = (0, 0, BLUR_RADIUS, BLUR_RADIUS) if dim == 2 else (BLUR_RADIUS, BLUR_RADIUS, 0, 0)
        wide = F.pad(x, pad, mode="replicate")
        total = torch.zeros_like(x)
        for k in range(2 * BLUR_RADIUS + 1):
            total += weight[:, k] * wide.narrow(dim, k, side)
        x = total
    return x


# ITU-T T.81, annex K: the tables of luminance and chrominance.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *(((99,) * 8,) * 4),
)
# JFIF 1.02: RGB -> Y, Cb, Cr, each about 0 here
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def jpeg(x: Tensor, numbers: Tensor) -> Tensor:
    """What a JPEG of quality 10..60 (the scale of libjpeg) leaves, colour at full resolution."""
    batch, _, side, _ = x.shape
    edge = -side % 8
    ycc = _mix(F.pad(x, (0, edge, 0, edge), mode="replicate") - 128, _TO_YCC)
    wide = side + edge
    blocks = ycc.reshape(batch, 3, wide // 8, 8, wide // 8, 8)
    quality = JPEG_QUALITY[0] + numbers[:, 0] * (JPEG_QUALITY[1] - JPEG_QUALITY[0])
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    table = torch.tensor((_LUMINANCE, _CHROMINANCE, _CHROMINANCE), dtype=x.dtype, device=x.device)
    table = (table * scale[:, None, None, None]).round().clamp(1, 255)[:, :, None, :, None, :]
    basis = _dct(x)
    coded = _transform(_transform(blocks, basis, 3), basis, 5)
    coded = (coded / table).round() * table
    back = _transform(_transform(coded, basis.T, 3), basis.T, 5).reshape(batch, 3, wide, wide)
    rgb = _mix(back, _TO_RGB)[:, :, :side, :side] + 128
    return rgb.round().clamp(0, 255)


def _mix(x: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """A 3x3 change of colours about mid-grey: luminance's weights sum to 1, both chrominances' to 0."""
    channels = x.unbind(1)
    return torch.stack([sum_of(channels, row) for row in matrix], dim=1)


def sum_of(parts: tuple[Tensor, ...], weights: tuple[float, ...]) -> Tensor:
    """The weighted sum, term by term in order, so that it rounds the same in every batch."""
    total = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        total = total + part * weight
    return total


def _dct(x: Tensor) -> Tensor:
    """[8, 8] orthonormal DCT-II."""
    k = torch.arange(8, device=x.device, dtype=torch.float64)
    basis = torch.cos(torch.pi / 8 * (k[None, :] + 0.5) * k[:, None]) * (2 / 8) ** 0.5
    basis[0] /= 2**0.5
    rounded: Tensor = basis.to(x.dtype)
    return rounded


def _transform(blocks: Tensor, basis: Tensor, dim: int) -> Tensor:
    """Apply the basis along one axis of eight."""
    return (blocks.movedim(dim, -1) @ basis.T).movedim(-1, dim)


def cover(x: Tensor, numbers: Tensor) -> Tensor:
    """A rectangle of one colour somewhere in each image."""
    side = x.shape[-1]
    ticks = torch.arange(side, device=x.device) + 0.5
    size = (COVERED[0] + numbers[:, 0:2] * (COVERED[1] - COVERED[0])) * side
    start = numbers[:, 2:4] * (side - size)
    inside = [(ticks >= start[:, k : k + 1]) & (ticks < (start + size)[:, k : k + 1]) for k in (0, 1)]
    mask = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return torch.where(mask, (numbers[:, 4:7] * 255)[:, :, None, None], x)
