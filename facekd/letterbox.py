"""A frame made into a detector's input: resized by one ratio, put top left, padded, normalised."""

import cv2
import numpy as np

from facekd.align import Channels, buffer, check_frame, normalise, per_channel
from facekd.native import extension
from facekd.types import Floats, Image


def fitted(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, float]:
    """Height and width of a picture of `shape` (H, W) within `size` (h, w), and the ratio between them.

    The ratio is min(h / H, w / W). Each side is side * ratio rounded to the nearest whole number (halves to
    even, as cv2 does), at least 1; the longer one fills its side of `size` exactly, none is larger.
    """
    ratio = min(size[0] / shape[0], size[1] / shape[1])
    height, width = (max(1, min(limit, round(side * ratio))) for side, limit in zip(shape, size, strict=True))
    return height, width, ratio


def letterbox(
    frame: Image,
    size: tuple[int, int],
    mean: Channels | Floats,
    scale: Channels | Floats,
    *,
    rgb: bool,
    out: Floats | None = None,
) -> tuple[Floats, float]:
    """A frame as network input, and the ratio that leads back: x_image = x_input / ratio.

    Sampling is bilinear as cv2.INTER_LINEAR does it with that same ratio in both directions: pixel centres
    at x + 0.5, no smoothing when it shrinks. Padding is pixel value 0 before mean and scale.

    Args:
        frame: uint8 [H, W, 3] BGR, C order.
        size: (h, w) of the input.
        mean: grey levels 0..255, one or three in the order of the planes of the result.
        scale: per grey level, one or three in that order; a value is (pixel - mean) * scale.
        rgb: order of the planes: R, G, B, or as in the frame B, G, R.
        out: where to write, float32 [1, 3, h, w] in C order; a new array without it.

    Returns:
        float32 [1, 3, h, w], and the ratio of input pixels to image pixels.

    Raises:
        TypeError, ValueError: an argument of another form.
    """
    check_frame(frame)
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size: expected (h, w) of at least 1, got {size}")
    out = buffer("out", out, (1, 3, *size))
    height, width, ratio = fitted(frame.shape[:2], size)
    if extension is not None:
        extension.letterbox(frame, height, width, ratio, mean, scale, rgb, out)
        return out, ratio
    means, scales = per_channel("mean", mean), per_channel("scale", scale)
    canvas = np.zeros((1, *size, 3), np.uint8)
    canvas[0, :height, :width] = _resized(frame, height, width, ratio)
    normalise(canvas[..., ::-1] if rgb else canvas, means, scales, out)
    return out, ratio


def _resized(frame: Image, height: int, width: int, ratio: float) -> Image:
    """The picture at its new size. Without an explicit size cv2 samples at the very ratio that is given."""
    if min(frame.shape[:2]) * ratio <= 0.5:  # cv2 rounds such a side to 0 and refuses
        return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    resized = cv2.resize(frame, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)
