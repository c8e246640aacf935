"""What one step is given: images with their labels, and where training stands."""

from typing import NamedTuple

from torch import Tensor

UNLABELLED = -1


class Batch(NamedTuple):
    """Images and what is known about them."""

    images: Tensor
    """[B, 3, H, W] float RGB, 0..255, after augmentation."""
    labels: Tensor
    """[B] int64: class or identity, -1 = unlabelled."""


class Epoch(NamedTuple):
    """Where training stands; every schedule is a function of this and of nothing else."""

    number: int
    """Counted from 1."""
    of: int
    """Length of the phase."""
