"""The gate before a deployment: on every question the candidate must surely not be worse than a stated margin.

This is a test of non-inferiority: the lower end of the interval of the paired difference must lie above minus the
margin (Piaggio et al., "Reporting of noninferiority and equivalence randomized trials", JAMA 308 (2012)). The interval
is two-sided, so the chance of letting a worse candidate through is at most half of what the confidence leaves.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from facekd.evaluation.paired import OWN_PEOPLE, Paired

MOST_PEOPLE = 1_000_000
"""A question that takes more people than this is not settled by waiting for them."""


class Word(StrEnum):
    """What the data say of one question."""

    BETTER = "better"
    NOT_WORSE = "not worse"
    NOT_SURE = "not sure yet"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an administrator states: worse by at most so much (0.005 is half a point), and how sure they want to be."""

    margin: float
    confidence: float

    def __post_init__(self) -> None:
        if not (0 < self.margin < 1 and 0.5 <= self.confidence < 1):
            raise ValueError(
                f"expected a margin above 0 and below 1 and a confidence from 0.5 to below 1, got {self.margin} and "
                f"{self.confidence}"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """The gate's word on one question, with the interval that it rests on."""

    question: str
    word: Word
    difference: float
    lo: float
    hi: float
    more_people: (
        int | None
    )  # who would settle "not sure yet", roughly; None: not needed, or people would not do it

    @property
    def passes(self) -> bool:
        """Whether this question lets the candidate through."""
        return self.word in (Word.BETTER, Word.NOT_WORSE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All answers. Without a question nothing was shown, so the gate stays closed."""

    answers: tuple[Answer, ...]
    terms: Terms

    @property
    def open(self) -> bool:
        """Whether the candidate may be deployed."""
        return bool(self.answers) and not self.closed_by

    @property
    def closed_by(self) -> tuple[Answer, ...]:
        """The answers that keep it closed."""
        return tuple(answer for answer in self.answers if not answer.passes)


def decide(questions: Sequence[Paired], terms: Terms) -> Verdict:
    """The verdict on a comparison. Quick: it only looks at what the comparison resampled."""
    return Verdict(tuple(_answer(each, terms) for each in questions), terms)


def _answer(question: Paired, terms: Terms) -> Answer:
    lo, hi = question.interval(terms.confidence)
    if hi < -terms.margin:
        word = Word.WORSE
    elif lo <= -terms.margin:
        word = Word.NOT_SURE
    else:
        word = Word.BETTER if lo > 0 else Word.NOT_WORSE
    more = _more_people(question, terms, lo, hi) if word is Word.NOT_SURE else None
    return Answer(question.question, word, question.difference, lo, hi, more)


def _more_people(question: Paired, terms: Terms, lo: float, hi: float) -> int | None:
    """People to add until the interval would lie on one side of the margin, if the difference stayed as it is.

    Intervals shrink with the square root of the number of people. A question that nobody could be asked about takes
    as many as bound a change that never occurs (Wilson, no events) below the margin.
    """
    if question.basis != OWN_PEOPLE:
        return None
    if question.people == 0:
        z = NormalDist().inv_cdf(0.5 + terms.confidence / 2)
        return _in_reach(z * z * (1 - terms.margin) / terms.margin)
    room = question.difference + terms.margin
    half = question.difference - lo if room > 0 else hi - question.difference
    if room == 0:
        return None
    return _in_reach(question.people * ((half / room) ** 2 - 1))


def _in_reach(people: float) -> int | None:
    return max(1, math.ceil(people)) if people <= MOST_PEOPLE else None
