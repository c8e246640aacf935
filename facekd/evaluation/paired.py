"""Two models asked the same questions about the same people: differences with intervals, by resampling people.

Every question has an outcome of 0 to 1 for each person: the share of that person's photographs, or pairs, that were
answered rightly. Photographs of one person are not independent, people are; so people are what is drawn again
(percentile bootstrap: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13), both models with
the same draw. Where hardly anybody's outcome changed, a bootstrap believes that nobody's ever will: there the Wilson
bound of the number of people who changed (`facekd.evaluation.intervals`) keeps the interval honest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from facekd.evaluation.intervals import CONFIDENCE, wilson_interval
from facekd.modelcard import Threshold

RESAMPLES = 1000
OWN_PEOPLE, MODEL_CARDS = "own people", "model cards"
"""Where the strangers of a question come from."""
Outcomes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A share with its 95 % interval over so many people."""

    value: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True, slots=True)
class Changed:
    """People whose outcome went one way, and how far on average (where nobody's did: by one photograph or pair)."""

    people: int
    size: float


@dataclass(frozen=True, slots=True)
class Paired:
    """One question, answered by both models on the same people. Positive differences speak for the candidate."""

    question: str
    active: Figure
    candidate: Figure
    difference: float
    people: int  # who were asked about; 0: the question could not be asked
    trials: int  # photographs or pairs
    basis: str = OWN_PEOPLE
    replicates: tuple[float, ...] = ()  # of the difference
    gains: Changed = Changed(0, 1.0)
    losses: Changed = Changed(0, 1.0)
    detail: str = ""  # what the question depends on, such as the false accept rate

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The two-sided interval of the difference; (-1, 1) when the question could not be asked."""
        if not self.replicates:
            return -1.0, 1.0
        lo, hi = (
            float(q) for q in np.quantile(self.replicates, [0.5 - confidence / 2, 0.5 + confidence / 2])
        )
        if self.basis == OWN_PEOPLE:
            gain, loss = (each.people / self.people * each.size for each in (self.gains, self.losses))
            most_gain, most_loss = (
                wilson_interval(each.people, self.people, confidence)[1] * each.size
                for each in (self.gains, self.losses)
            )
            lo, hi = min(lo, gain - most_loss), max(hi, most_gain - loss)
        return max(lo, -1.0), min(hi, 1.0)


def not_asked(question: str, detail: str = "") -> Paired:
    """A question for which the people on file have too few photographs."""
    nothing = Figure(0.0, 0.0, 1.0, 0)
    return Paired(question, nothing, nothing, 0.0, 0, 0, detail=detail)


def paired(
    question: str, active: Outcomes, candidate: Outcomes, trials: NDArray[np.int64], weights: Outcomes
) -> Paired:
    """The difference of two models whose lines are given beforehand.

    Args:
        active, candidate: [p], share of each person's trials that was answered rightly.
        trials: [p], how many each person had; above 0.
        weights: [b, p] from `draws`.
    """
    change = candidate - active
    return with_replicates(question, active, candidate, trials, weights @ change / len(change))


def with_replicates(
    question: str,
    active: Outcomes,
    candidate: Outcomes,
    trials: NDArray[np.int64],
    replicates: Outcomes,
    detail: str = "",
) -> Paired:
    """`paired` where each draw had lines of its own, so that their uncertainty counts, too."""
    change = candidate - active
    return Paired(
        question,
        figure(active),
        figure(candidate),
        float(change.mean()),
        len(change),
        int(trials.sum()),
        OWN_PEOPLE,
        tuple(round(float(value), 6) for value in replicates),
        _changed(change, trials),
        _changed(-change, trials),
        detail,
    )


def draws(people: int, resamples: int = RESAMPLES, seed: int = 0) -> Outcomes:
    """[resamples, people]: how often each person is drawn when so many are drawn with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(people, np.full(people, 1 / people), resamples).astype(np.float64)


def figure(outcomes: Outcomes) -> Figure:
    """The mean over people, with the Wilson interval of as many trials as there are people: never too narrow."""
    mean, n = float(outcomes.mean()), len(outcomes)
    lo, hi = wilson_interval(min(n, max(0, round(mean * n))), n)
    return Figure(mean, min(lo, mean), max(hi, mean), n)


def strangers_by_cards(
    question: str,
    active: tuple[Sequence[Threshold], float],
    candidate: tuple[Sequence[Threshold], float],
    people: int,
    seed: int = 0,
) -> Paired:
    """How many strangers stay unnamed among so many people on file, by what the models' cards measured.

    A card's row says at which cosine pairs of strangers are accepted with rate `far`, with its interval; between rows
    log(far) runs straight, as in `facekd.policy.threshold_at`. The two cards' errors are taken as independent.

    Args:
        active, candidate: the card's table, and the cosine from which a name is said.
    """
    rng = np.random.default_rng(seed)
    figures, drawn = [], []
    for rows, line in (active, candidate):
        middle, low, high = (_log_far(rows, line, which) for which in ("value", "lo", "hi"))
        low, high = min(low, middle), max(high, middle)
        spread = (high - low) / (2 * NormalDist().inv_cdf(0.5 + CONFIDENCE / 2))
        unnamed = [float((1 - np.exp(each)) ** people) for each in (middle, high, low)]
        figures.append(Figure(unnamed[0], unnamed[1], unnamed[2], min(row.n for row in rows)))
        far = np.minimum(np.exp(middle + spread * rng.standard_normal(RESAMPLES)), 1.0)
        drawn.append((1 - far) ** people)
    return Paired(
        question,
        figures[0],
        figures[1],
        figures[1].value - figures[0].value,
        people,
        min(figures[0].n, figures[1].n),
        MODEL_CARDS,
        tuple(round(float(value), 6) for value in drawn[1] - drawn[0]),
    )


def _log_far(rows: Sequence[Threshold], line: float, which: str) -> float:
    curve = sorted((float(getattr(row, which)), float(np.log(row.far))) for row in rows)
    values, logs = zip(*curve, strict=True)
    return float(np.interp(line, values, logs))


def _changed(change: Outcomes, trials: NDArray[np.int64]) -> Changed:
    up = change > 0
    size = float(change[up].mean()) if up.any() else float(np.mean(1 / trials))
    return Changed(int(up.sum()), size)
