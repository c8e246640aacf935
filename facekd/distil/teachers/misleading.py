"""A teacher that is made to err: for studies of what a method does when its teacher cannot be trusted.

For a share of the training images its logits, and those of its branches, are dealt out to other classes. How sure it
is stays the same, only what it is sure of is wrong, so that nothing but the label gives it away. Stages and embedding
stay. It acts on answers, so a cache of knowledge keeps the honest ones and serves both.
"""

import numpy as np
import torch
from torch import Tensor

from facekd.distil.data.views import Rows
from facekd.distil.networks.stages import StagedOutput

SEED = 0
"""Which images it is does not depend on the run's seed: runs must be comparable."""


class Misleading:
    """The same images are always answered wrongly in the same way.

    Args:
        labels: [n] int64 of the training images; -1: unlabelled, then any other answer will do.
        classes: number of logits, 3 at least.
        share: of the images, 0..1.
    """

    def __init__(self, labels: Tensor, classes: int, share: float) -> None:
        if classes < 3:
            raise ValueError(f"expected three classes at least, got {classes}")
        generator = np.random.default_rng([SEED, 5])
        n = len(labels)
        self.is_wrong = np.zeros(n, np.bool_)
        self.is_wrong[generator.permutation(n)[: round(share * n)]] = True
        self._shifts = torch.from_numpy(generator.integers(1, classes - 1, n))
        self._labels = labels.cpu()

    def __call__(self, rows: Rows, output: StagedOutput) -> StagedOutput:
        """What the teacher says about the images `rows`, made wrong where it has to be."""
        chosen = np.flatnonzero(self.is_wrong[rows])
        if output.logits is None or not len(chosen):
            return output
        places, images = torch.from_numpy(chosen), torch.from_numpy(rows[chosen])
        shifts, labels = self._shifts[images], self._labels[images]

        def mislead(logits: Tensor) -> Tensor:
            index, wrong = places.to(logits.device), logits.clone()
            wrong[index] = moved(logits[index], labels.to(logits.device), shifts.to(logits.device))
            return wrong

        return output._replace(
            logits=mislead(output.logits), responses=tuple(mislead(one) for one in output.responses)
        )


def moved(logits: Tensor, labels: Tensor, shifts: Tensor) -> Tensor:
    """Logits [B, K] moved `shifts` [B] classes on, in a circle; one more where the largest would meet the label."""
    classes = logits.shape[1]
    shifts = shifts + ((logits.argmax(dim=1) + shifts) % classes == labels).to(shifts.dtype)
    source = (torch.arange(classes, device=logits.device)[None] - shifts[:, None]) % classes
    return logits.gather(1, source)
