"""Faces turned, scaled and cut to 112x112 so that their five points fall on those of the ArcFace template.

With the extension one fused pass does it; without, cv2 and NumPy do the same within one grey level.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from facekd.native import extension
from facekd.types import Floats, Image

SIZE = 112
TEMPLATE: Floats = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)
"""[5, 2]: where left eye, right eye, nose and mouth corners lie in the crop; the ArcFace alignment (Deng et
al., CVPR 2019), a convention that every embedder of `weights/` was trained with."""

LARGEST_SCALE = 1000.0
"""Crop pixels per image pixel above which landmarks count as degenerate: a face of a tenth of a pixel."""

Channels = float | tuple[float, float, float]
"""One number for all channels, or one for each of the output's channels in their order."""


def similarity(landmarks: Floats) -> NDArray[np.float64]:
    """Matrices [n, 2, 3] that take image points to crop points: rotation, one scale, shift, no reflection.

    Least squares over the five points, in closed form: with both point sets p, t centred,
    a = sum(p . t) / sum(|p|^2) and b = sum(p x t) / sum(|p|^2) give [[a, -b], [b, a]]
    (Umeyama, PAMI 1991, in two dimensions).

    Args:
        landmarks: float [n, 5, 2], pixels of the image, in the order of `facekd.types`.

    Raises:
        TypeError: no float array.
        ValueError: another shape, a number that is not finite, or points that fix no similarity (all in one
            place, or mirrored so that no rotation fits).
    """
    if not isinstance(landmarks, np.ndarray) or landmarks.dtype.kind != "f":
        raise TypeError(f"landmarks: expected a float array [n, 5, 2], got {_kind(landmarks)}")
    if landmarks.ndim != 3 or landmarks.shape[1:] != (5, 2):
        raise ValueError(f"landmarks: expected shape (n, 5, 2), got {landmarks.shape}")
    points = landmarks.astype(np.float64)
    if not np.isfinite(points).all():
        raise ValueError(f"landmarks: expected finite pixels, face {_first(~np.isfinite(points))} has others")
    target = TEMPLATE.astype(np.float64)
    middle, target_middle = points.mean(1), target.mean(0)
    p, t = points - middle[:, None], target - target_middle
    spread = (p**2).sum((1, 2))
    dot, cross = (p * t).sum((1, 2)), (p[..., 0] * t[:, 1] - p[..., 1] * t[:, 0]).sum(1)
    # The scale is hypot(dot, cross) / spread; compared by products, for the spread may be zero.
    length = np.hypot(dot, cross)
    degenerate = ~((length <= LARGEST_SCALE * spread) & (length * LARGEST_SCALE >= spread) & (spread > 0))
    if degenerate.any():
        face = _first(degenerate)
        raise ValueError(
            f"landmarks: expected five points of a face, those of face {face} fix no similarity: "
            f"{landmarks[face].tolist()}"
        )
    a, b = dot / spread, cross / spread
    linear = np.stack([np.stack([a, -b], -1), np.stack([b, a], -1)], 1)
    shift = target_middle - np.einsum("nij,nj->ni", linear, middle)
    return np.concatenate([linear, shift[..., None]], -1)


def align(frame: Image, landmarks: Floats) -> Image:
    """Crops uint8 [n, 112, 112, 3] RGB of the faces of a BGR frame [H, W, 3]; black beyond its borders.

    Raises TypeError or ValueError as `similarity` does, and for a frame of another form.
    """
    if extension is not None:
        return extension.align(frame, landmarks)
    check_frame(frame)
    matrices = similarity(landmarks)
    crops = np.empty((len(matrices), SIZE, SIZE, 3), np.uint8)
    for crop, matrix in zip(crops, matrices, strict=True):
        warped = cv2.warpAffine(frame, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
        cv2.cvtColor(warped, cv2.COLOR_BGR2RGB, dst=crop)
    return crops


def align_batch(
    frame: Image,
    landmarks: Floats,
    mean: Channels | Floats,
    scale: Channels | Floats,
    out: Floats | None = None,
    statistics: Floats | None = None,
) -> Floats:
    """An embedder's input float32 [n, 3, 112, 112]: the crops of `align`, each value (pixel - mean) * scale.

    Args:
        frame: uint8 [H, W, 3] BGR, C order.
        landmarks: float [n, 5, 2] in pixels.
        mean: grey levels 0..255, one or three (R, G, B).
        scale: per grey level, one or three (R, G, B).
        out: where to write, float32 [n, 3, 112, 112] in C order; a new array without it.
        statistics: float32 [n, 3], filled with `crop_statistics` in the same pass.

    Raises:
        TypeError, ValueError: as `align`, and for mean, scale, out or statistics of another form.
    """
    if extension is not None:
        return extension.align_batch(frame, landmarks, mean, scale, out, statistics)
    crops = align(frame, landmarks)
    means, scales = per_channel("mean", mean), per_channel("scale", scale)
    out = buffer("out", out, (len(crops), 3, SIZE, SIZE))
    if statistics is not None:
        buffer("statistics", statistics, (len(crops), 3))
    normalise(crops, means, scales, out)
    if statistics is not None:
        statistics[:] = crop_statistics(crops)
    return out


def crop_statistics(crops: Image) -> Floats:
    """float32 [n, 3] of RGB crops uint8 [n, h, w, 3]: mean, contrast and Laplacian variance of the luma.

    Luma is cv2's 8-bit 0.299 R + 0.587 G + 0.114 B; contrast its standard deviation; the Laplacian is the
    four-neighbour one with mirrored borders (Pech-Pacheco et al., ICPR 2000: low variance means blur).
    """
    if extension is not None:
        return extension.crop_statistics(crops)
    if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
        raise TypeError(f"crops: expected uint8 [n, h, w, 3], got {_kind(crops)}")
    if crops.ndim != 4 or crops.shape[3] != 3 or 0 in crops.shape[1:]:
        raise ValueError(f"crops: expected shape (n, h, w, 3) with pixels, got {crops.shape}")
    figures = np.empty((len(crops), 3), np.float32)
    for row, crop in zip(figures, crops, strict=True):
        luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        row[:] = luma.mean(), luma.std(), cv2.Laplacian(luma, cv2.CV_64F).var()
    return figures


def normalise(pixels: Image, mean: Floats, scale: Floats, out: Floats) -> None:
    """out [n, 3, h, w] = (pixels [n, h, w, 3] - mean [3]) * scale [3], all float32."""
    np.subtract(pixels.transpose(0, 3, 1, 2), mean[:, None, None], out=out)
    out *= scale[:, None, None]


def check_frame(frame: Image) -> None:
    """TypeError or ValueError unless uint8 [H, W, 3] with pixels, in C order."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
        raise TypeError(f"frame: expected a uint8 array [H, W, 3], got {_kind(frame)}")
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise ValueError(f"frame: expected shape (H, W, 3) with pixels, got {frame.shape}")
    if not frame.flags.c_contiguous:
        raise ValueError(f"frame: expected C order without gaps, got strides {frame.strides}; copy it first")


def per_channel(name: str, value: Channels | Floats) -> Floats:
    """float32 [3] of a number or three; ValueError for anything else or for what is not finite."""
    array = np.asarray(value, np.float32)
    if array.shape not in ((), (3,)) or not np.isfinite(array).all():
        raise ValueError(f"{name}: expected one finite number or three, got {value!r}")
    return np.ascontiguousarray(np.broadcast_to(array, 3))


def buffer(name: str, array: Floats | None, shape: tuple[int, ...]) -> Floats:
    """The caller's array after a check of dtype, shape and layout, or a new one."""
    if array is None:
        return np.empty(shape, np.float32)
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        raise TypeError(f"{name}: expected a float32 array {shape}, got {_kind(array)}")
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    if not array.flags.c_contiguous or not array.flags.writeable:
        raise ValueError(f"{name}: expected a writeable array in C order without gaps")
    return array


def _kind(value: object) -> str:
    """What a value is, for a message."""
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _first(wrong: NDArray[np.bool_]) -> int:
    """Number of the first face for which anything is True."""
    return int(np.argmax(wrong.reshape(len(wrong), -1).any(1)))
