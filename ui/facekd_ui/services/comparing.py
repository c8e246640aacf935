"""The figures of a comparison: two models over the same photographs of people on file."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np

from facekd.embed import Embedder
from facekd.evaluation.intervals import CONFIDENCE
from facekd.evaluation.leave_one_out import (
    LeftOut,
    all_pairs,
    finds_question,
    left_out,
    same_question,
    strangers_question,
    true_accepts,
)
from facekd.evaluation.paired import Paired, strangers_by_cards
from facekd.evaluation.parameters import count_parameters
from facekd.evaluation.verification import Refused, TrueAccepts, threshold_at
from facekd.models import ModelFile
from facekd.policy import Policy
from facekd.types import Floats, Ids, Image
from facekd_ui.services.disagreements import Disagreement, disagreements
from facekd_ui.services.prospective import NoLine, prospective

FEW_STRANGERS = 300
"""With fewer people on file, strangers come from the cards: nobody named out of 300 shows less than a point or so."""
TURNS = 40
UNCERTAIN_RATIO = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds for one face on this computer: the median with its 95 % interval (order statistics)."""

    median: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models."""

    model_id: str
    name: str
    dim: int
    megabytes: float
    parameters: int
    ms: Timing
    known: float  # cosine from which a name is said
    uncertain: float
    promised: bool  # by the promise in force; False: counted on these people, because nothing else is known


@dataclass(frozen=True, slots=True)
class FarRow:
    """Verification at one false accept rate; None with the pairs of strangers that it would take."""

    far: str
    active: TrueAccepts | None
    candidate: TrueAccepts | None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out of a comparison."""

    candidate: Side
    active: Side
    questions: tuple[Paired, ...]
    verification: tuple[FarRow, ...]
    people: int  # who took part
    photos: int
    of_people: int  # on file with a photograph
    of_photos: int
    unreadable: tuple[int, ...]  # ids of photographs


@dataclass(frozen=True, slots=True, eq=False)
class Photos:
    ids: Ids  # [n] of crops, sorted by person
    people: Ids  # [n] ids
    vectors: tuple[Floats, Floats]  # active, candidate; [n, d] each
    crop: Image  # one of them, for the clock
    of_people: int
    of_photos: int
    unreadable: tuple[int, ...]
    strangers: int  # the promise in force


def compared(
    files: tuple[ModelFile, ModelFile], sides: tuple[Embedder, Embedder], photos: Photos
) -> tuple[Figures, tuple[Disagreement, ...]]:
    """Every figure, and the photographs on which the two disagree; (active, candidate) throughout."""
    people = np.unique(photos.people, return_inverse=True)[1].astype(np.int64)
    left = [left_out(vectors, people) for vectors in photos.vectors]
    policies, promised = _policies(sides, photos, left)
    pairs = [all_pairs(vectors, people) for vectors in photos.vectors]
    finds = [each.finds(policy.known) for each, policy in zip(left, policies, strict=True)]
    named = [each.named(policy.known) for each, policy in zip(left, policies, strict=True)]
    strangers = strangers_question(named[0], named[1], people)
    questions = (
        finds_question(finds[0], finds[1], people),
        _strangers(strangers, sides, policies, photos.of_people) if promised else strangers,
        same_question(pairs[0], pairs[1], people),
    )
    one = photos.crop[None]
    clocks = timed([partial(side.embed, one) for side in sides])
    about = [
        _side(file, embedder, clock, policy, promised)
        for file, embedder, clock, policy in zip(files, sides, clocks, policies, strict=True)
    ]
    rates = [true_accepts(each) for each in pairs]
    rows = tuple(_row(far, rates[0][far], rates[1][far]) for far in rates[0])
    figures = Figures(
        about[1],
        about[0],
        questions,
        rows,
        int(people.max()) + 1,
        len(people),
        photos.of_people,
        photos.of_photos,
        photos.unreadable,
    )
    found = disagreements(photos.ids, photos.people, (left[0], policies[0]), (left[1], policies[1]))
    return figures, found


def _policies(
    sides: tuple[Embedder, Embedder], photos: Photos, left: list[LeftOut]
) -> tuple[list[Policy], bool]:
    """By the promise in force where both models can keep it; otherwise as few wrong names as these people can show."""
    names = [str(person) for person in photos.people]
    try:
        return [
            prospective(side, vectors, names, photos.strangers, photos.of_people)[0]
            for side, vectors in zip(sides, photos.vectors, strict=True)
        ], True
    except NoLine:
        rate = min(1.0, 3 / len(set(names)))
        found = []
        for each in left:
            scores = np.sort(each.other)
            known = threshold_at(scores, rate)
            found.append(Policy(known, min(known, threshold_at(scores, min(1.0, UNCERTAIN_RATIO * rate)))))
        return found, False


def _strangers(own: Paired, sides: tuple[Embedder, Embedder], policies: list[Policy], people: int) -> Paired:
    """Few people on file say little about strangers; what they do say against a model counts all the same."""
    tables = [side.card.threshold for side in sides]
    if own.people >= FEW_STRANGERS or own.interval()[1] < 0 or not all(tables):
        return own
    return strangers_by_cards(
        "strangers", (tables[0], policies[0].known), (tables[1], policies[1].known), people
    )


def _side(file: ModelFile, embedder: Embedder, clock: Timing, policy: Policy, promised: bool) -> Side:
    data = file.read()
    return Side(
        embedder.model_id,
        embedder.card.name,
        embedder.card.dim or 0,
        len(data) / 1e6,
        count_parameters(data),
        clock,
        policy.known,
        policy.uncertain,
        promised,
    )


def _row(far: str, active: TrueAccepts | Refused, candidate: TrueAccepts | Refused) -> FarRow:
    if isinstance(active, Refused) or isinstance(candidate, Refused):
        needed = next(each.needed for each in (active, candidate) if isinstance(each, Refused))
        return FarRow(far, None, None, needed)
    return FarRow(far, active, candidate)


def timed(acts: Sequence[Callable[[], object]], turns: int = TURNS) -> list[Timing]:
    """How long each takes on this computer; in turns, so that a disturbance of the computer meets all alike."""
    times: list[list[float]] = [[] for _ in acts]
    for turn in range(turns + 2):
        for each, act in zip(times, acts, strict=True):
            start = time.perf_counter()
            act()
            if turn >= 2:  # the first ones warm caches and pools
                each.append((time.perf_counter() - start) * 1e3)
    return [_timing(sorted(each)) for each in times]


def _timing(ms: list[float]) -> Timing:
    """Median and the order statistics between which it lies with 95 % (binomial, normal approximation)."""
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * math.sqrt(len(ms)) / 2
    middle = len(ms) / 2
    low, high = max(0, math.floor(middle - half) - 1), min(len(ms) - 1, math.ceil(middle + half))
    return Timing(statistics.median(ms), ms[low], ms[high], len(ms))
