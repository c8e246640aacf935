"""How alike strangers come: everyone on file tried once as a stranger against everybody else.

A stranger is compared with all people on file and a person's score is the best of that person's templates, as in
`facekd.gallery`. Every person on file plays the stranger once, all others being the gallery. Photographs of one person
are no independent trials, so a person is one trial and its photographs share its weight.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facekd.types import Floats, Ids

Doubles = NDArray[np.float64]
HITS = 4.0
"""The peaks are so many scores a stranger on average: enough to fit a tail, few enough to be one."""
SHARE = 0.05  # of the scores of a file that are peaks, but
FEWEST_PEAKS = 50  # not fewer than these
Compare = Callable[[NDArray[np.intp]], Floats]
BLOCK = 10_000_000  # scores at a time, bounds the memory
SAMPLE = 200  # photographs by which the floor of the peaks is first guessed
UNIT = 1e-3  # how far from 1 the length of a vector may be


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """The closest scores of strangers (peaks), and what is needed to make rates of them."""

    people: int  # with how many a stranger is compared at the door
    compared: int  # with how many each of these was
    tried: int  # people who played the stranger
    trials: float  # as many independent trials they are worth
    mean: float  # of all scores
    std: float
    floor: float  # every score above it is a peak
    scores: Doubles  # [k] peaks, ascending
    photo: Ids  # [k], which photograph of a stranger it was
    other: Ids  # [k], whom it resembled: position in `names`
    owner: Ids  # [photos], who is shown: position among the tried
    weight: Doubles  # [photos], 1 / photographs of that stranger
    best: Floats  # [photos], the best score of each
    names: tuple[str, ...]  # of the tried, then of everybody else: () for scores of a file

    def without(self, peaks: NDArray[np.bool_]) -> "Strangers":
        """The same without some peaks; `best` stays as it was seen."""
        kept = ~peaks
        return Strangers(
            self.people,
            self.compared,
            self.tried,
            self.trials,
            self.mean,
            self.std,
            self.floor,
            self.scores[kept],
            self.photo[kept],
            self.other[kept],
            self.owner,
            self.weight,
            self.best,
            self.names,
        )

    def count(self, threshold: float) -> float:
        """How many of the tried get a name at a threshold not below `floor`, photographs counting by weight."""
        first = int(np.searchsorted(self.scores, threshold))
        return float(self.weight[np.unique(self.photo[first:])].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Genuine:
    """How alike photographs of people on file are to the other photographs of the same person."""

    scores: Floats  # [photos]
    weight: Doubles  # [photos], 1 / photographs of that person
    people: int

    def missed(self, threshold: float) -> float:
        """Share of people, photographs counting by weight, who stay below."""
        return float(self.weight[self.scores < threshold].sum() / self.people) if self.people else 0.0


def strangers_of_gallery(
    vectors: Floats, people: Sequence[str], most: int, rng: np.random.Generator
) -> Strangers:
    """Tries at most `most` people, drawn at random, against everybody else on file.

    Args:
        vectors: [n, d], unit length.
        people: n names, at least two different ones.
    """
    names, code = np.unique(np.asarray(people, np.str_), return_inverse=True)
    n = len(names)
    chosen = rng.permutation(n)[:most]
    place = np.full(n, -1, np.int64)  # person -> position, the tried ones first
    place[chosen] = np.arange(len(chosen))
    place[place < 0] = np.arange(len(chosen), n)
    code = place[code]
    order = np.argsort(code, kind="stable")
    code, templates = code[order], np.ascontiguousarray(vectors[order])
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    photos = int(np.searchsorted(code, len(chosen)))
    owner = code[:photos]
    weight = 1 / np.bincount(owner)[owner]

    def compare(rows: NDArray[np.intp]) -> Floats:
        """[rows, people]: scores of photographs with everybody, -inf with themselves."""
        scores: Floats = np.maximum.reduceat(templates[rows] @ templates.T, starts, axis=1)
        scores[np.arange(len(rows)), owner[rows]] = -np.inf
        return scores

    few = compare(rng.permutation(photos)[:SAMPLE])
    guess = float(np.quantile(few[np.isfinite(few)], max(0.0, 1 - 2 * HITS / (n - 1))))
    while True:
        found = _peaks(compare, weight, guess, max(1, BLOCK // len(templates)))
        wanted = HITS * len(chosen)
        if found.total >= wanted or found.total >= 0.99 * len(chosen) * (n - 1) or guess <= -1:
            break
        guess -= 0.1  # the few were less alike than the many
    by_place = tuple(str(name) for name in names[np.argsort(place)])
    m = len(chosen)
    return _sample(found, wanted, n, n - 1, m, m / (1 + (m - 1) / (n - 1)), owner, weight, by_place)


def strangers_of_scores(impostor: Doubles) -> Strangers:
    """Scores of a file, one for each stranger, taken as they are."""
    n = len(impostor)
    ones = np.ones(n)
    found = _Peaks(
        impostor,
        np.arange(n, dtype=np.int64),
        np.zeros(n, np.int64),
        float(n),
        float(impostor.mean()),
        float(impostor.std()),
        impostor.astype(np.float32),
    )
    wanted = min(max(SHARE * n, FEWEST_PEAKS), n / 2)
    return _sample(found, wanted, 1, 1, n, float(n), np.arange(n, dtype=np.int64), ones, ())


def genuine_of_gallery(
    vectors: Floats, people: Sequence[str], most: int, rng: np.random.Generator
) -> Genuine:
    """Each photograph of at most `most` people with two or more, against the others of the same person."""
    code = np.unique(np.asarray(people, np.str_), return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    groups = [rows for rows in np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(rows) > 1]
    scores, weight = [], []
    for number in rng.permutation(len(groups))[:most].tolist():
        own = vectors[groups[number]]
        likeness = own @ own.T
        np.fill_diagonal(likeness, -np.inf)
        scores.append(likeness.max(axis=1))
        weight.append(np.full(len(own), 1 / len(own)))
    if not scores:
        return Genuine(np.zeros(0, np.float32), np.zeros(0), 0)
    return Genuine(np.concatenate(scores), np.concatenate(weight), len(scores))


@dataclass(frozen=True, slots=True, eq=False)
class _Peaks:
    scores: Doubles
    photo: Ids
    other: Ids
    total: float  # weight of the peaks
    mean: float
    std: float
    best: Floats


def _peaks(compare: Compare, weight: Doubles, floor: float, at_once: int) -> _Peaks:
    """One pass over all photographs: scores above `floor`, and the moments of all."""
    scores, photo, other, best = [], [], [], []
    sums = np.zeros(3)  # weight, weighted scores, weighted squares
    for start in range(0, len(weight), at_once):
        rows = np.arange(start, min(start + at_once, len(weight)))
        block = compare(rows)
        best.append(block.max(axis=1))
        row, column = np.nonzero(block > floor)
        scores.append(block[row, column].astype(np.float64))
        photo.append(rows[row])
        other.append(column)
        block[~np.isfinite(block)] = 0  # a stranger and itself: adds nothing to the sums
        each = block.sum(axis=1, dtype=np.float64), np.einsum("ij,ij->i", block, block, dtype=np.float64)
        sums += [
            weight[rows].sum() * (block.shape[1] - 1), weight[rows] @ each[0], weight[rows] @ each[1]
        ]  # fmt: skip
    mean = sums[1] / sums[0]
    places = np.concatenate(photo)
    return _Peaks(
        np.concatenate(scores),
        places,
        np.concatenate(other),
        float(weight[places].sum()),
        float(mean),
        float(np.sqrt(max(sums[2] / sums[0] - mean**2, 0.0))),
        np.concatenate(best),
    )


def _sample(
    found: _Peaks,
    wanted: float,
    people: int,
    compared: int,
    tried: int,
    trials: float,
    owner: Ids,
    weight: Doubles,
    names: tuple[str, ...],
) -> Strangers:
    """The peaks cut where they are as many as wanted."""
    order = np.argsort(found.scores, kind="stable")
    above = np.cumsum(weight[found.photo[order]][::-1])  # weight of the best one, two, ...
    cut = len(order) - int(np.searchsorted(above, wanted)) - 1
    floor = float(found.scores[order[max(cut, 0)]])
    order = order[found.scores[order] > floor]  # of equal scores all or none
    return Strangers(
        people,
        compared,
        tried,
        trials,
        found.mean,
        found.std,
        floor,
        found.scores[order],
        found.photo[order],
        found.other[order],
        owner,
        weight,
        found.best,
        names,
    )
