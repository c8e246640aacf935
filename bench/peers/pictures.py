"""What `bench/train_speed.py` trains on: packed training and held-out images, real or painted."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facekd.packed import Packed, write_packed

TRAIN, HELD_OUT = "train.npz", "held-out.npz"
CLASSES = 100


def write_class_images(data: Path, folder: Path, train: int, held_out: int) -> None:
    """Images of 32x32 in a hundred classes: Tiny-ImageNet's first ones where `data` has them, else painted ones."""
    real = data / "kd" / "tinyimagenet32_train_c000-099.npz"
    if real.is_file():
        packed = Packed.open(real)
        assert packed.label is not None
        files = [packed.encoded(k).tobytes() for k in range(len(packed))]
        labels = [int(label) for label in packed.label]
    else:
        files, labels = painted(train + held_out)
    # One image of every class, then the next of every class, so that both parts have all classes evenly.
    seen, rounds = dict.fromkeys(labels, 0), []
    for label in labels:
        rounds.append(seen[label])
        seen[label] += 1
    rows = np.argsort(rounds, kind="stable").tolist()
    for name, chosen in ((TRAIN, rows[:train]), (HELD_OUT, rows[train : train + held_out])):
        write_packed(folder / name, [files[k] for k in chosen], label=[labels[k] for k in chosen])


def painted(n: int) -> tuple[list[bytes], list[int]]:
    """PNG files: every class is a pattern of 8x8 fields, every image has its own noise."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (CLASSES, 8, 8, 3))
    files, labels = [], [number % CLASSES for number in range(n)]
    for label in labels:
        image = np.kron(patterns[label], np.ones((4, 4, 1))) + rng.normal(0, 60, (32, 32, 3))
        files.append(cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())
    return files, labels


def write_crops(data: Path, folder: Path, train: int, held_out: int) -> None:
    """Aligned faces of 112x112 without their names."""
    packed = Packed.open(data / "faces" / "celeba_train_112.npz")
    rows = np.random.default_rng(0).permutation(len(packed)).tolist()
    for name, chosen in ((TRAIN, rows[:train]), (HELD_OUT, rows[train : train + held_out])):
        write_packed(folder / name, [packed.encoded(k).tobytes() for k in chosen])


def decoded(packed: Packed, index: int) -> NDArray[np.uint8]:
    """[H, W, 3] RGB."""
    bgr = cv2.imdecode(packed.encoded(index), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
