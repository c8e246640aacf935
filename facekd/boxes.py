"""Geometry of boxes [x1, y1, x2, y2]."""

import numpy as np

from facekd.types import Floats


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union of every box of `a` [n, 4] with every box of `b` [m, 4]: [n, m], 0 for empty boxes."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(right_bottom - left_top, 0), axis=2)
    union = areas(a)[:, None] + areas(b)[None] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0), np.float32)


def areas(boxes: Floats) -> Floats:
    """[n] square pixels of boxes [n, 4]."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), np.float32)


def centre_distances(a: Floats, b: Floats) -> Floats:
    """[n, m] pixels between the centres of boxes `a` [n, 4] and `b` [m, 4]."""
    centres_a, centres_b = (a[:, :2] + a[:, 2:]) / 2, (b[:, :2] + b[:, 2:]) / 2
    return np.asarray(np.linalg.norm(centres_a[:, None] - centres_b[None], axis=2), np.float32)
