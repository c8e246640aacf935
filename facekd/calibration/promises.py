"""At most one wrong name in so many strangers: the threshold that keeps it, or why it cannot be promised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facekd.calibration.scores import (
    UNIT,
    Doubles,
    Genuine,
    Strangers,
    genuine_of_gallery,
    strangers_of_gallery,
    strangers_of_scores,
)
from facekd.calibration.tail import Tail, fit, surprising
from facekd.evaluation.intervals import CONFIDENCE, trials_needed, wilson_interval
from facekd.types import Floats

FEWEST_PEOPLE = 30
REACH = 5
"""A promise reaches so many times as far as strangers were tried: on real people the interval then spans at most about
two decades, and beyond that a line would be a guess."""
MOST_TRIED = 3000
"""People who play the stranger; more are tried where a promise beyond 15,000 asks for them."""
FEWEST_PEAKS = 10  # different scores
UNCERTAIN_RATIO = 30
MOST_UNCERTAIN = 0.3  # share of strangers who may be called uncertain
SCORES_SHAPE_STD = 0.1  # of scores from a file nobody knows how they came about
CLOSEST = 1.0  # cosine
LEAST = 1e-15  # a rate that is none


class Basis(StrEnum):
    """What a promise rests on."""

    COUNTED = "counted"  # by the rule of three enough strangers were tried to see such a rate
    ESTIMATED = "estimated"  # it goes beyond their number


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval."""

    value: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True, slots=True)
class Promise:
    """At most one in `strangers` strangers gets a wrong name, at `threshold` and with the people on file now."""

    strangers: int
    threshold: float  # a view at or above it speaks for a name
    uncertain: float  # wrong thirty times as often
    fpir: float  # estimate of the share of strangers who get a name
    lo: float  # 95 % interval of that share;
    hi: float  # at most 1 / strangers
    fnir: Rate | None  # photographs of people on file that stay below; None: nobody has two photographs
    people: int  # on file; strangers tried, for scores of a file
    basis: Basis


@dataclass(frozen=True, slots=True)
class Refusal:
    """The data cannot carry the promise."""

    strangers: int
    people: int  # on file; strangers tried, for scores of a file
    people_needed: int  # altogether


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What a gallery says about strangers and about its own people; ask it for promises."""

    people: int  # on file; strangers tried, for scores of a file
    strangers: Strangers | None  # None: too few people to try
    tail: Tail | None  # None: too few people, or scores that have no tail
    genuine: Genuine
    alike: tuple[tuple[str, str, float], ...] = ()  # pairs so close that they are left out: one person twice?

    def promise(self, strangers: int) -> Promise | Refusal:
        """The threshold for one wrong name in so many strangers.

        The threshold is where the upper end of the interval, not the estimate, meets 1 / `strangers`: "at most" is
        what an administrator reads. Raises ValueError unless `strangers` is at least 1.
        """
        if strangers < 1:
            raise ValueError(f"promise: expected at least 1 stranger, got {strangers}")
        tried = self.strangers.tried if self.strangers else 0
        needed = max(FEWEST_PEOPLE, math.ceil(strangers / REACH))
        if self.tail is None or self.strangers is None or tried < needed:
            return Refusal(strangers, self.people, max(needed, self.people + 1))
        threshold = self._keeping(1 / strangers)
        if threshold is None:
            return Refusal(strangers, self.people, self._needed(strangers))
        rates = self.tail.rates(threshold)
        lo, hi = self._interval(rates)
        seen = strangers == 1 or trials_needed(1 / strangers) <= self.strangers.trials
        unsure = self._keeping(min(UNCERTAIN_RATIO / strangers, MOST_UNCERTAIN))
        return Promise(
            strangers,
            threshold,
            min(threshold, unsure if unsure is not None else threshold),
            float(rates[0]),
            lo,
            hi,
            self.missed(threshold),
            self.people,
            Basis.COUNTED if seen else Basis.ESTIMATED,
        )

    def missed(self, threshold: float) -> Rate | None:
        """Photographs of people on file that stay below a threshold when compared with that person's others."""
        if not self.genuine.people:
            return None
        share = self.genuine.missed(threshold)
        lo, hi = wilson_interval(
            min(round(share * self.genuine.people), self.genuine.people), self.genuine.people
        )
        return Rate(share, min(lo, share), max(hi, share), self.genuine.people)

    def _keeping(self, rate: float) -> float | None:
        """The lowest threshold whose interval ends at or below a rate and that the count does not contradict."""
        assert self.tail is not None
        assert self.strangers is not None
        tail, found = self.tail, self.strangers
        trials = round(found.trials)

        def kept(threshold: float) -> bool:
            rates = tail.rates(threshold)
            upper = self._interval(rates)[1]
            counted = round(found.count(threshold) / found.tried * trials)
            return upper <= rate and wilson_interval(counted, trials)[0] <= rate

        low, high = tail.floor, CLOSEST
        if not kept(high):
            return None
        if kept(low):
            return low
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (low, middle) if kept(middle) else (middle, high)
        return high

    def _interval(self, rates: Doubles) -> tuple[float, float]:
        """What the resamples give, stretched about the estimate on the scale of logarithms as Student's t is
        beside the normal: the spread of few people is itself known badly.

        Source of the stretch: the first term of t's expansion, Abramowitz and Stegun (1964), 26.7.5.
        """
        assert self.strangers is not None
        z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
        stretch = 1 + (z * z + 1) / (4 * max(self.strangers.trials - 1, 1))
        estimate = max(float(rates[0]), LEAST)  # a tail with an end gives no rate beyond it
        ends = np.quantile(rates[1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        away = stretch * np.log(np.maximum(ends, LEAST) / estimate)
        lo, hi = np.minimum(estimate * np.exp(away), 1.0).tolist()
        return min(lo, float(rates[0])), max(hi, estimate)

    def _needed(self, strangers: int) -> int:
        """People who would do, if more of them are like these: the interval narrows by the root of their number."""
        assert self.tail is not None
        rates = self.tail.rates(CLOSEST)
        estimate, upper = float(rates[0]), self._interval(rates)[1]
        factor = 2
        while factor < 2**16:
            narrowed = estimate * factor * (upper / max(estimate, LEAST)) ** (factor**-0.5)
            if narrowed <= 1 / strangers:
                break
            factor *= 2
        return self.people * factor


def promise(
    vectors: Floats, people: Sequence[str], *, strangers: int = 1000, seed: int = 0
) -> Promise | Refusal:
    """`calibrate`, asked for one promise; tries as many people as that one needs."""
    most = max(MOST_TRIED, math.ceil(strangers / REACH))
    return calibrate(vectors, people, seed=seed, most=most).promise(strangers)


def calibrate(
    vectors: Floats, people: Sequence[str], *, seed: int = 0, most: int = MOST_TRIED
) -> Calibration:
    """What a gallery says about strangers.

    Args:
        vectors: float32 [n, d], templates of one model, unit length.
        people: whom each shows, n names.
        seed: of the draws; equal data and seed give equal promises.
        most: people who play the stranger when there are more.

    Raises:
        ValueError: another shape, different lengths, values that are not finite, or vectors not of unit length.
    """
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2 or len(vectors) != len(people):
        raise ValueError(
            f"calibrate: expected vectors [n, d] and n names, got {list(vectors.shape)} and {len(people)}"
        )
    off = np.abs(np.linalg.norm(vectors, axis=1) - 1) if len(vectors) else np.zeros(0)
    if not (np.isfinite(off).all() and (off <= UNIT).all()):
        raise ValueError(
            f"calibrate: expected finite vectors of length 1 within {UNIT}, got one off by {off.max():.3g}; "
            "normalise the embeddings"
        )
    rng = np.random.default_rng(seed)
    genuine = genuine_of_gallery(vectors, people, most, rng)
    n = len(set(people))
    if n < FEWEST_PEOPLE:
        return Calibration(n, None, None, genuine)
    return _calibration(n, strangers_of_gallery(vectors, people, most, rng), genuine, rng)


def calibrate_scores(genuine: ArrayLike, impostor: ArrayLike, *, seed: int = 0) -> Calibration:
    """As `calibrate`, from scores that somebody else computed.

    Args:
        genuine: [g], of photographs of people on file with themselves; one a person.
        impostor: [n], the best score that each of n strangers reached with anybody on file.

    Raises:
        ValueError: not one-dimensional, or not finite.
    """
    own, other = np.asarray(genuine, np.float64), np.asarray(impostor, np.float64)
    for name, scores in (("genuine", own), ("impostor", other)):
        if scores.ndim != 1 or not np.isfinite(scores).all():
            raise ValueError(f"calibrate_scores: expected finite {name} scores [n], got {list(scores.shape)}")
    same = Genuine(own.astype(np.float32), np.ones(len(own)), len(own))
    if len(other) < FEWEST_PEOPLE:
        few = strangers_of_scores(other) if len(other) else None
        return Calibration(len(other), few, None, same)
    rng = np.random.default_rng(seed)
    return _calibration(len(other), strangers_of_scores(other), same, rng, SCORES_SHAPE_STD)


def _calibration(
    people: int, found: Strangers, genuine: Genuine, rng: np.random.Generator, shape_std: float | None = None
) -> Calibration:
    alike: tuple[tuple[str, str, float], ...] = ()
    if found.std <= 0:
        return Calibration(people, found, None, genuine)
    if found.names:
        odd = found.scores > surprising(found)
        alike = _named(found, odd)
        found = found.without(odd)
    if len(np.unique(found.scores)) < FEWEST_PEAKS:
        return Calibration(people, found, None, genuine, alike)
    tail = fit(found, rng) if shape_std is None else fit(found, rng, shape_std=shape_std)
    return Calibration(people, found, tail, genuine, alike)


def _named(found: Strangers, odd: NDArray[np.bool_]) -> tuple[tuple[str, str, float], ...]:
    """Each pair once, most alike first."""
    pairs: dict[tuple[str, str], float] = {}
    for row in np.flatnonzero(odd)[::-1].tolist():
        one, other = found.names[found.owner[found.photo[row]]], found.names[found.other[row]]
        pairs.setdefault((min(one, other), max(one, other)), float(found.scores[row]))
    return tuple((*pair, score) for pair, score in pairs.items())
