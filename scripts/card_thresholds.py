"""Prints for an embedder's card which cosine strangers reach how often, and how alike two pictures of one person are.

    .venv/bin/python scripts/card_thresholds.py MODEL.onnx FACES.npz

FACES is a packed file of aligned crops with `identity`; only people of the training side belong here, never an
evaluation set. Every pair of crops of two different people is one impostor pair. Pairs that share a person are not
independent, so the interval comes from a bootstrap over people, not over pairs.

`genuine_mean` and `genuine_std` in the metrics are of all pairs of crops of one person, each person with the same
weight; the Photo and Records pages draw the curve of same people from them.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facekd.embed import Embedder
from facekd.models import open_model_file
from facekd.packed import Packed

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PER_PERSON = 5
RESAMPLES = 200


def impostor_tail(
    vectors: NDArray[np.float32], people: NDArray[np.int64], floor: float
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Scores above `floor` of pairs of different people, best first, with the two people of each."""
    scores, first, second = [], [], []
    for start in range(0, len(vectors), 512):
        block = vectors[start : start + 512] @ vectors.T
        rows, columns = np.nonzero(block > floor)
        apart = (columns > rows + start) & (people[rows + start] != people[columns])
        rows, columns = rows[apart], columns[apart]
        scores.append(block[rows, columns])
        first.append(people[rows + start])
        second.append(people[columns])
    joined = np.concatenate(scores)
    order = np.argsort(-joined)
    return joined[order], np.concatenate(first)[order], np.concatenate(second)[order]


def threshold_at(
    far: float, scores: NDArray[np.float32], weights: NDArray[np.float64], total: float
) -> float:
    """The smallest threshold that at most `far` of the pairs' weight reaches."""
    passed = int(np.searchsorted(np.cumsum(weights), far * total, side="right"))
    return float(np.nextafter(scores[passed], np.float32(2)))


def genuine_scores(
    vectors: NDArray[np.float32], people: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Scores of all pairs of one person's crops, the person of each, and weights that sum to 1 for each person."""
    scores, owners, weights = [], [], []
    for person in np.unique(people):
        own = vectors[people == person].astype(np.float64)
        rows, columns = np.triu_indices(len(own), 1)
        if len(rows):
            scores.append((own[rows] * own[columns]).sum(1))
            owners.append(np.full(len(rows), person))
            weights.append(np.full(len(rows), 1 / len(rows)))
    return np.concatenate(scores), np.concatenate(owners), np.concatenate(weights)


def mean_and_std(scores: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Weighted mean and standard deviation."""
    mean = float(np.average(scores, weights=weights))
    return mean, float(np.sqrt(np.average((scores - mean) ** 2, weights=weights)))


def print_genuine(
    scores: NDArray[np.float64],
    owners: NDArray[np.int64],
    weights: NDArray[np.float64],
    people: int,
    rng: np.random.Generator,
) -> None:
    """The two metrics of pairs of one person, with intervals from a bootstrap over people."""
    draws = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(people, size=people), minlength=people)
        draws.append(mean_and_std(scores, weights * drawn[owners]))
    spread = np.percentile(np.array(draws), [2.5, 97.5], axis=0)
    for place, (name, value) in enumerate(zip(("mean", "std"), mean_and_std(scores, weights), strict=True)):
        lo, hi = spread[:, place]
        print(
            f"\n[metrics.genuine_{name}]\nvalue = {value:.4f}\nn = {len(scores)}\nlo = {lo:.4f}\nhi = {hi:.4f}"
        )


def main(model_path: str, faces_path: str) -> int:
    """Print the table and the metrics."""
    embedder = Embedder(open_model_file(Path(model_path)))
    packed = Packed.open(Path(faces_path))
    if packed.identity is None:
        print(f"{faces_path}: expected a packed file with `identity`", file=sys.stderr)
        return 2
    names, labels = np.unique(np.asarray(packed.identity), return_inverse=True)
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [rng.permutation(np.flatnonzero(labels == p))[:PER_PERSON] for p in range(len(names))]
    )
    crops = (np.stack([packed.image_rgb(int(i)) for i in rows[s : s + 64]]) for s in range(0, len(rows), 64))
    vectors = np.concatenate([embedder.embed(block).vectors for block in crops])
    people = labels[rows].astype(np.int64)
    sizes = np.bincount(people).astype(np.float64)
    pairs = (sizes.sum() ** 2 - (sizes**2).sum()) / 2

    scores, first, second = impostor_tail(vectors, people, floor=0.1)
    ones = np.ones(len(scores))
    draws = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names)).astype(
            np.float64
        )
        weighted = drawn * sizes
        total = (weighted.sum() ** 2 - (weighted**2).sum()) / 2
        draws.append((drawn[first] * drawn[second], total))
    source = f"{len(rows)} crops of {Path(faces_path).name}"
    print(f"# {len(names)} people, {source}, {RESAMPLES} bootstrap resamples of people")
    for far in RATES:
        if pairs * far < 3:
            continue  # rule of three: so few pairs carry no such rate
        value = threshold_at(far, scores, ones, pairs)
        lo, hi = np.percentile([threshold_at(far, scores, *draw) for draw in draws], [2.5, 97.5])
        print(
            f"\n[[threshold]]\nfar = {far:g}\nvalue = {value:.4f}\nlo = {lo:.4f}\nhi = {hi:.4f}\nn = {pairs:.0f}"
        )
    print_genuine(*genuine_scores(vectors, people), len(names), rng)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
