"""For an embedder's card: which cosine strangers reach how often, and how alike two pictures of one person are.

Every pair of crops of two different people is one impostor pair. Pairs that share a person are not independent, so the
intervals come from a bootstrap over people, never over pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facekd.modelcard import Metric, Threshold
from facekd.types import Floats, Ids

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PER_PERSON = 5
RESAMPLES = 200
BLOCK = 512
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a card says of a model's scores."""

    people: int
    crops: int
    thresholds: tuple[Threshold, ...]  # for the rates that so many pairs carry
    metrics: dict[str, Metric]  # `genuine_mean` and `genuine_std`; without a person of two crops none


def few_each(people: ArrayLike, seed: int = 0) -> Ids:
    """Rows of at most `PER_PERSON` crops a person, drawn at random. `people`: [n], whom each crop shows."""
    rng = np.random.default_rng(seed)
    codes = np.unique(np.asarray(people), return_inverse=True)[1]
    rows = [rng.permutation(np.flatnonzero(codes == one))[:PER_PERSON] for one in range(codes.max() + 1)]
    return np.concatenate(rows).astype(np.int64)


def measure_lines(vectors: Floats, people: ArrayLike, seed: int = 0) -> Lines:
    """Thresholds and metrics from people who are in no evaluation set.

    Args:
        vectors: float32 [n, d], unit length.
        people: [n], whom each shows; two or more different ones.
        seed: of the resamples.
    """
    names, codes = np.unique(np.asarray(people), return_inverse=True)
    count, codes = len(names), codes.astype(np.int64)
    sizes = np.bincount(codes).astype(np.float64)
    pairs = _pairs(sizes)
    rng = np.random.default_rng(seed)
    scores, first, second = _impostor_tail(vectors, codes, pairs)
    draws = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64)
        draws.append((drawn[first] * drawn[second], _pairs(drawn * sizes)))
    thresholds = []
    for far in RATES:
        if pairs * far < 3:
            continue  # rule of three: so few pairs carry no such rate
        value = _threshold_at(far, scores, np.ones(len(scores)), pairs)
        lo, hi = np.percentile([_threshold_at(far, scores, *draw) for draw in draws], [2.5, 97.5])
        ends = min(float(lo), value), max(float(hi), value)
        thresholds.append(
            Threshold(far, round(value, 4), round(ends[0], 4), round(ends[1], 4), n=round(pairs))
        )
    return Lines(count, len(vectors), tuple(thresholds), _genuine_metrics(vectors, codes, count, rng))


def _pairs(sizes: Doubles) -> float:
    """Pairs of crops of two different people."""
    return float((sizes.sum() ** 2 - (sizes**2).sum()) / 2)


def _impostor_tail(vectors: Floats, people: Ids, pairs: float) -> tuple[Floats, Ids, Ids]:
    """The best scores of pairs of different people, best first, with the two people of each.

    Three times as many as the widest rate can take: a resample may weigh some of them as nothing.
    """
    wanted = round(3 * RATES[0] * pairs)
    rng = np.random.default_rng(0)
    some = rng.permutation(len(vectors))[:BLOCK]
    floor = float(np.quantile(vectors[some] @ vectors.T, max(0.0, 1 - 6 * RATES[0])))
    while True:
        found = [_above(vectors, people, start, floor) for start in range(0, len(vectors), BLOCK)]
        scores, first, second = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if len(scores) >= min(wanted, pairs) or floor < -1:
            break
        floor -= 0.1
    order = np.argsort(-scores)
    return scores[order], first[order], second[order]


def _above(vectors: Floats, people: Ids, start: int, floor: float) -> tuple[Floats, Ids, Ids]:
    block = vectors[start : start + BLOCK] @ vectors.T
    rows, columns = np.nonzero(block > floor)
    apart = (columns > rows + start) & (people[rows + start] != people[columns])
    rows, columns = rows[apart], columns[apart]
    return block[rows, columns], people[rows + start], people[columns]


def _threshold_at(far: float, scores: Floats, weights: Doubles, total: float) -> float:
    """The smallest threshold that at most `far` of the pairs' weight reaches."""
    passed = int(np.searchsorted(np.cumsum(weights), far * total, side="right"))
    return float(np.nextafter(scores[min(passed, len(scores) - 1)], np.float32(2)))


def _genuine_metrics(vectors: Floats, people: Ids, count: int, rng: np.random.Generator) -> dict[str, Metric]:
    """Mean and deviation of all pairs of crops of one person, each person with the same weight."""
    parts: list[Doubles] = []
    owners: list[int] = []
    for person in range(count):
        own = vectors[people == person].astype(np.float64)
        rows, columns = np.triu_indices(len(own), 1)
        if len(rows):
            parts.append((own[rows] * own[columns]).sum(1))
            owners.append(person)
    if not parts:
        return {}
    scores = np.concatenate(parts)
    owner = np.repeat(owners, [len(part) for part in parts])
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part in parts])
    draws = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(count, size=count), minlength=count)[owner]
        draws.append(_moments(scores, weights * drawn if drawn.any() else weights))
    spread = np.percentile(np.array(draws), [2.5, 97.5], axis=0)
    return {
        f"genuine_{name}": Metric(round(value, 4), len(scores), *(round(float(x), 4) for x in spread[:, k]))
        for k, (name, value) in enumerate(zip(("mean", "std"), _moments(scores, weights), strict=True))
    }


def _moments(scores: Doubles, weights: Doubles) -> Sequence[float]:
    mean = float(np.average(scores, weights=weights))
    return mean, float(np.sqrt(np.average((scores - mean) ** 2, weights=weights)))
