"""The tail of strangers' scores beyond what was counted: peaks over a floor, with an interval.

Beyond a high floor the excess of almost any quantity follows a generalised Pareto distribution (Pickands, "Statistical
inference using extreme order statistics", Annals of Statistics 3, 1975); its shape and scale come from probability
weighted moments (Hosking and Wallis, "Parameter and quantile estimation for the generalized Pareto distribution",
Technometrics 29, 1987), which stay sane with few peaks.

Cosines of unrelated faces are sums of many small products and so nearly normal, and on the scale of a normal variable
that theorem is approached so slowly that the shape still drifts over the decades that a promise spans. So the excess is
measured on the scale on which a normal tail is exactly exponential, -log(1 - Phi((score - mean) / std)); a change of
scale is allowed (Wadsworth, Tawn and Jonathan, "Accounting for choice of measurement scale in extreme value modeling",
Annals of Applied Statistics 4, 2010) and leaves the Pareto shape only the departure from normal to describe.
"""

import math
from dataclasses import dataclass

import numpy as np

from facekd.calibration.scores import Doubles, Strangers

RESAMPLES = 400
SHAPE_MEAN = 0.03
SHAPE_STD = 0.03
"""What is known of the shape beforehand; `docs/promise.md` says where from."""
WIDEST_SHAPE = 0.5
AT_ONCE = 4_000_000  # weights of resamples in memory


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Share of strangers who get a name, for thresholds from `floor` on, and how that share may be off."""

    floor: float
    mean: float
    std: float
    people: int  # with whom a stranger is compared
    beyond: Doubles  # [1 + resamples], share of single comparisons above `floor`; the first is the estimate
    shape: Doubles  # [1 + resamples]
    scale: Doubles  # [1 + resamples]

    def rates(self, threshold: float, people: int | None = None) -> Doubles:
        """[1 + resamples] shares of strangers; the first is the estimate.

        A stranger who resembles one person on file resembles another a little more often than chance has it, so
        the comparisons taken as independent make the share a little too large, never too small.
        """
        excess = normal_scale(max(threshold, self.floor), self.mean, self.std) - self._start
        single = self.beyond * survival(excess, self.shape, self.scale)
        return np.asarray(-np.expm1((people or self.people) * np.log1p(-np.minimum(single, 1 - 1e-12))))

    @property
    def _start(self) -> float:
        return normal_scale(self.floor, self.mean, self.std)


def normal_scale(score: float, mean: float, std: float) -> float:
    """-log of the share of a normal variable above `score`."""
    z = (score - mean) / std
    if z < 20:
        return -math.log(0.5 * math.erfc(z / math.sqrt(2)))
    return z * z / 2 + math.log(z * math.sqrt(2 * math.pi)) + 1 / (z * z)  # Mills' ratio, two terms


def survival(excess: float, shape: Doubles, scale: Doubles) -> Doubles:
    """Share of peaks beyond an excess: (1 + shape * excess / scale) ** (-1 / shape), exponential at shape 0."""
    flat = np.abs(shape) < 1e-8
    safe = np.where(flat, 1.0, shape)
    inside = np.maximum(1 + safe * excess / scale, 0.0)
    with np.errstate(divide="ignore"):  # beyond the end of a tail with negative shape: log 0, so a share of 0
        curved = np.exp(-np.log(inside) / safe)
    return np.where(flat, np.exp(-excess / scale), curved)


def weighted_moments(excess: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Mean excess and shape of peaks under several weightings, by probability weighted moments.

    Args:
        excess: [k], ascending, > 0.
        weights: [b, k].

    Returns:
        [b] mean and [b] shape; Hosking and Wallis (1987) write -k for the shape.
    """
    total = weights.sum(axis=1)
    above = (total[:, None] - np.cumsum(weights, axis=1) + weights / 2) / total[:, None]
    a0 = (weights @ excess) / total
    a1 = ((weights * above) @ excess) / total
    apart = np.maximum(a0 - 2 * a1, 1e-9 * a0)
    return a0, np.clip(2 - a0 / apart, -WIDEST_SHAPE, WIDEST_SHAPE)


def fit(
    strangers: Strangers,
    rng: np.random.Generator,
    shape_mean: float = SHAPE_MEAN,
    shape_std: float = SHAPE_STD,
) -> Tail:
    """The tail of the peaks, with resamples of the people who played the stranger.

    Pairs share people, so people are resampled and never pairs. Where the gallery plays the strangers itself each pair
    is seen from both sides: a resample is then half as large, because n people are worth n / 2 trials.

    The shape is what few peaks say least about. Each resample draws a shape from what is known beforehand and mixes it
    with its own by their variances; so the resamples spread as the posterior of a normal prior does.
    """
    excess = np.array([normal_scale(s, strangers.mean, strangers.std) for s in strangers.scores.tolist()])
    excess -= normal_scale(strangers.floor, strangers.mean, strangers.std)
    own = strangers.weight[strangers.photo]
    who = strangers.owner[strangers.photo]
    size = max(2, round(strangers.trials))
    drawn = rng.multinomial(size, np.full(strangers.tried, 1 / strangers.tried), RESAMPLES)
    drawn = np.concatenate([np.full((1, strangers.tried), 1, drawn.dtype), drawn])
    means, shapes, beyond = [], [], []
    step = max(1, AT_ONCE // max(len(excess), 1))
    for start in range(0, len(drawn), step):
        part = drawn[start : start + step]
        weights = part[:, who] * own
        hit = weights.sum(axis=1)
        beyond.append(hit / (part.sum(axis=1) * strangers.compared))
        weights[hit <= 0] = own  # no peak at all: the rate is zero and the rest does not matter
        mean, shape = weighted_moments(excess, weights)
        means.append(mean)
        shapes.append(shape)
    mean, shape = np.concatenate(means), np.concatenate(shapes)
    known = shape_std**2
    trust = known / (known + float(np.var(shape[1:])))
    prior = np.concatenate([[shape_mean], rng.normal(shape_mean, shape_std, RESAMPLES)])
    shape = trust * shape + (1 - trust) * prior
    return Tail(
        strangers.floor,
        strangers.mean,
        strangers.std,
        strangers.people,
        np.concatenate(beyond),
        shape,
        mean * (1 - shape),
    )


def surprising(strangers: Strangers, expected: float = 0.01) -> float:
    """The score beyond which less than `expected` peaks would lie, even under the heaviest tail thought possible.

    From the median excess, which a few odd pairs do not move.
    """
    if not len(strangers.scores):
        return math.inf
    start = normal_scale(strangers.floor, strangers.mean, strangers.std)
    middle = normal_scale(float(np.median(strangers.scores)), strangers.mean, strangers.std) - start
    shape = SHAPE_MEAN + 2 * SHAPE_STD
    scale = middle * shape / (2**shape - 1)
    peaks = float(strangers.weight[strangers.photo].sum())
    limit = start + scale / shape * ((peaks / expected) ** shape - 1)
    low, high = strangers.floor, 2.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (
            (middle, high) if normal_scale(middle, strangers.mean, strangers.std) < limit else (low, middle)
        )
    return high
