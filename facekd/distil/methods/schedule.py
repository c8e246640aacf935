"""Weights as functions of the epoch. Marks are shares of the whole length, so any length keeps a schedule's shape.

The published schedules are those for 200 epochs: 0.30, 0.60 and 0.80 are epochs 60, 120 and 160.
Source: kd-spec, section 1.3.
"""

from collections.abc import Sequence

from facekd.distil.methods.base import Epoch

SLACK = 1e-9  # 0.15 * 20 is a hair above 3; a mark that falls on an epoch has to hit it


def begun(epoch: Epoch, share: float, epochs: int = 0) -> float:
    """0 during the first `share` of all epochs and the first `epochs`, 1 from then on."""
    return float(epoch.number > max(share * epoch.of, epochs) + SLACK)


def early_decay(epoch: Epoch, factor: float = 0.9, marks: Sequence[float] = (0.30, 0.80)) -> float:
    """`factor` to the power of how many marks are reached: the teacher's features matter less later on."""
    return float(factor ** sum(epoch.number >= mark * epoch.of - SLACK for mark in marks))


def ramp(epoch: Epoch, share: float) -> float:
    """From near 0 up to 1 at `share` of all epochs, in a line."""
    return min(1.0, epoch.number / (share * epoch.of)) if share > 0 else 1.0


def stepped(epoch: Epoch, marks: Sequence[float], factor: float) -> float:
    """`factor` to the power of how many marks are passed: the learning rate of the published recipes."""
    return float(factor ** sum(epoch.number > mark * epoch.of + SLACK for mark in marks))
