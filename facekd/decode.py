"""From a detector's raw outputs to faces: one decoder a family, found by the shape of its outputs.

A decoder takes the network's outputs and the input's height and width, and returns boxes [m, 4], scores [m] and
landmarks [m, 5, 2] in input pixels, before non-maximum suppression, for cells that reach the score threshold.

Sources: YuNet, Wu et al., Machine Intelligence Research 20 (2023), and its published decoding; SCRFD, Guo et al.,
arXiv:2105.04714, whose boxes are distances from the anchor's centre in strides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from facekd.types import Faces, Floats

STRIDES = (8, 16, 32)
Outputs = Mapping[str, Floats]
Shape = tuple[int | str | None, ...]


def _centres(height: int, width: int, stride: int) -> Floats:
    """[cells, 2] (column, row) of each cell, row by row."""
    rows, columns = np.mgrid[0 : height // stride, 0 : width // stride]
    return np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)


def _joined(parts: list[tuple[Floats, Floats, Floats]]) -> Faces:
    boxes, scores, landmarks = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Faces(boxes, scores, landmarks.reshape(-1, 5, 2))


def decode_yunet(outputs: Outputs, height: int, width: int, threshold: float) -> Faces:
    """Score = sqrt(class * objectness); box centre and landmarks relative to the cell, sizes as exponents."""
    parts = []
    for stride in STRIDES:
        flat = {key: outputs[f"{key}_{stride}"][0] for key in ("cls", "obj", "bbox", "kps")}
        scores = np.sqrt(np.clip(flat["cls"][:, 0], 0, 1) * np.clip(flat["obj"][:, 0], 0, 1))
        keep = np.flatnonzero(scores >= threshold)
        cells = _centres(height, width, stride)[keep]
        centre = (cells + flat["bbox"][keep, :2]) * stride
        half = np.exp(flat["bbox"][keep, 2:]) * (stride / 2)
        points = (flat["kps"][keep].reshape(-1, 5, 2) + cells[:, None]) * stride
        parts.append((np.concatenate([centre - half, centre + half], axis=1), scores[keep], points))
    return _joined(parts)


def decode_scrfd(outputs: Outputs, height: int, width: int, threshold: float) -> Faces:
    """Two anchors a cell; box sides and landmarks are distances from the cell's corner, in strides."""
    levels: dict[int, dict[int, Floats]] = {}
    for value in outputs.values():
        flat = value.reshape(-1, value.shape[-1])
        levels.setdefault(len(flat), {})[flat.shape[1]] = flat
    parts = []
    for stride in STRIDES:
        cells = np.repeat(_centres(height, width, stride) * stride, 2, axis=0)
        level = levels[len(cells)]
        scores = level[1][:, 0]
        keep = np.flatnonzero(scores >= threshold)
        centre = cells[keep]
        sides = level[4][keep] * stride
        points = level[10][keep].reshape(-1, 5, 2) * stride + centre[:, None]
        parts.append(
            (np.concatenate([centre - sides[:, :2], centre + sides[:, 2:]], axis=1), scores[keep], points)
        )
    return _joined(parts)


@dataclass(frozen=True, slots=True)
class Decoder:
    """A family of detectors: how its outputs look and how they are read."""

    matches: Callable[[Mapping[str, Shape]], bool]
    decode: Callable[[Outputs, int, int, float], Faces]


def _is_yunet(shapes: Mapping[str, Shape]) -> bool:
    return set(shapes) == {f"{key}_{stride}" for key in ("cls", "obj", "bbox", "kps") for stride in STRIDES}


def _is_scrfd(shapes: Mapping[str, Shape]) -> bool:
    return len(shapes) == 9 and not _is_yunet(shapes)


DECODERS: dict[str, Decoder] = {
    "yunet": Decoder(_is_yunet, decode_yunet),
    "scrfd": Decoder(_is_scrfd, decode_scrfd),
}
