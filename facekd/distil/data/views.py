"""Views by number: which random numbers make view v of image i, and which view an epoch shows.

With a fixed number of views the same ones come back in later epochs, in another order for every image, so that
answers of the teacher can be kept. With none, every epoch has new ones.
"""

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facekd.distil.data.augment import COLUMNS, Augment

Rows = NDArray[np.int64]


class Views:
    """The views of one set of images.

    Args:
        images: [n, S, S, 3] uint8 on the device on which views are made.
        augment: makes them.
        count: of fixed views; 0: each epoch has its own.
        seed: of the numbers; the same for all seeds of a comparison keeps the cache useful.
    """

    KEPT = 32  # tables of numbers in memory

    def __init__(self, images: Tensor, augment: Augment, count: int, seed: int) -> None:
        self.images = images
        self.augment = augment
        self.count = count
        self.seed = seed
        self._tables: OrderedDict[int, Tensor] = OrderedDict()
        # where each image begins its walk through the views
        self._start = np.random.default_rng([seed, 1]).integers(0, max(count, 1), len(images))

    def __len__(self) -> int:
        return len(self.images)

    def views_of(self, rows: Rows, epoch: int) -> Rows:
        """The view that each of `rows` shows in this epoch (from 1)."""
        if not self.count:
            return np.full(len(rows), epoch - 1, np.int64)
        return np.asarray((self._start[rows] + epoch - 1) % self.count, np.int64)

    def make(self, rows: Rows, views: Rows) -> Tensor:
        """[B, 3, S, S] uint8: view `views[k]` of image `rows[k]`."""
        numbers = torch.empty(len(rows), COLUMNS)
        for view in np.unique(views).tolist():
            chosen = torch.from_numpy(np.flatnonzero(views == view))
            numbers[chosen] = self._table(view)[torch.from_numpy(rows)[chosen]]
        device = self.images.device
        return self.augment(self.images[torch.from_numpy(rows).to(device)], numbers.to(device))

    def _table(self, view: int) -> Tensor:
        """[n, COLUMNS] numbers in 0..1 of one view."""
        if view in self._tables:
            self._tables.move_to_end(view)
            return self._tables[view]
        generator = np.random.default_rng([self.seed, 2, view])
        table = torch.from_numpy(generator.random((len(self), COLUMNS), np.float32))
        self._tables[view] = table
        if len(self._tables) > self.KEPT:
            self._tables.popitem(last=False)
        return table


class Order:
    """The order of the images: a permutation for every epoch, cut into global batches, dealt out to processes.

    Args:
        n: images.
        batch_size: of all processes together; more than n is n.
        seed: of the permutations.
        rank: of this process. world: processes; each takes every world-th image of a batch.
    """

    def __init__(self, n: int, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self.n = n
        self.seed = seed
        self.rank = rank
        self.world = world
        size = min(batch_size, n)
        self.batch_size = max(size - size % world, world)
        self.steps = max(n // self.batch_size, 1)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Rows]:
        """This process's rows of each batch of an epoch, from step `start` on; a smaller last batch is left out."""
        order = np.random.default_rng([self.seed, 3, epoch]).permutation(self.n)
        for step in range(start, self.steps):
            batch = order[step * self.batch_size : (step + 1) * self.batch_size]
            yield np.asarray(batch[self.rank :: self.world], np.int64)
