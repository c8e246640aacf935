"""Questions that the people on file can answer themselves: each photograph against all others.

A photograph is first a probe, with its person's other photographs on file: is the right person found? Then its person
is left out, and it plays a stranger: is anybody named? Definitions as in `facekd.evaluation.identification`; pairs as
in `facekd.evaluation.verification`. Vectors are unit rows sorted by person; people are counted from 0 without gaps.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facekd.evaluation.paired import Outcomes, Paired, draws, not_asked, paired, with_replicates
from facekd.evaluation.verification import FARS, Refused, TrueAccepts, accepted, tar_at_far
from facekd.types import Floats, Ids

BLOCK = 512
ERRORS = 30
"""Accepted pairs of strangers on which a compared rate must rest (rule of 30: within 30 % at a confidence of 90 %)."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """For each of n photographs the most alike other one of the same person, and of anybody else."""

    own: Floats  # [n] cosine; -inf where the person has no other photograph
    own_row: Ids  # [n] which one
    other: Floats  # [n]; -inf where nobody else is on file
    other_row: Ids  # [n]

    def finds(self, line: float) -> NDArray[np.bool_]:
        """[n] True where the right person comes first and reaches the line."""
        return accepted(self.own, line) & (self.own > self.other)

    def named(self, line: float) -> NDArray[np.bool_]:
        """[n] True where somebody is named although the person is left out."""
        return accepted(self.other, line)


def left_out(vectors: Floats, people: Ids) -> LeftOut:
    """Compares [n, d] with itself, a block of rows at a time."""
    columns: list[list[NDArray[np.generic]]] = [[], [], [], []]
    for begin in range(0, len(people), BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, len(people)))
        scores = vectors[rows] @ vectors.T
        mine = people[rows, None] == people[None]
        own = np.where(mine, scores, np.float32(-np.inf))
        own[rows - begin, rows] = -np.inf
        other = np.where(mine, np.float32(-np.inf), scores)
        for where, found in ((0, own), (2, other)):
            columns[where].append(found.max(axis=1))
            columns[where + 1].append(found.argmax(axis=1))
    own, own_row, other, other_row = (np.concatenate(parts) for parts in columns)
    return LeftOut(own, own_row, other, other_row)


def finds_question(active: NDArray[np.bool_], candidate: NDArray[np.bool_], people: Ids) -> Paired:
    """ "Finds the right person", over people with two photographs or more; arrays [n] as `LeftOut.finds` gives them."""
    counts = np.bincount(people)
    several = counts > 1
    if not several.any():
        return not_asked("finds")
    before, after = (_shares(side, people)[several] for side in (active, candidate))
    return paired("finds", before, after, counts[several], draws(int(several.sum())))


def strangers_question(active: NDArray[np.bool_], candidate: NDArray[np.bool_], people: Ids) -> Paired:
    """ "Leaves strangers unnamed", each person in turn being the stranger; arrays [n] as `LeftOut.named` gives them."""
    counts = np.bincount(people)
    if len(counts) < 2:
        return not_asked("strangers")
    before, after = (_shares(~side, people) for side in (active, candidate))
    return paired("strangers", before, after, counts, draws(len(counts)))


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All pairs of photographs by one model: of one person, and of two."""

    genuine: Floats  # [g]
    whose: Ids  # [g]
    impostor: Floats  # [i], highest first
    first: Ids  # [i], the two people
    second: Ids  # [i]


def all_pairs(vectors: Floats, people: Ids) -> Pairs:
    """Every pair of [n, d] once; memory grows with n squared (100 MB for 3,000)."""
    a, b = np.triu_indices(len(people), 1)
    scores = (vectors @ vectors.T)[a, b]
    first, second = people[a], people[b]
    same = first == second
    order = np.argsort(-scores[~same], kind="stable")
    return Pairs(scores[same], first[same], scores[~same][order], first[~same][order], second[~same][order])


def true_accepts(pairs: Pairs) -> dict[str, TrueAccepts | Refused]:
    """TAR at each rate of `verification.FARS`, or how many pairs of strangers it would take. Nothing without pairs."""
    if not len(pairs.genuine) or not len(pairs.impostor):
        return {}
    genuine, impostor = np.sort(pairs.genuine), pairs.impostor[::-1]
    return {far: tar_at_far(genuine, impostor, float(far)) for far in FARS}


def same_question(active: Pairs, candidate: Pairs, people: Ids) -> Paired:
    """ "Same person, two pictures": TAR at the smallest rate that `ERRORS` pairs of strangers reach.

    In each draw both models get the line that leaves the rate of the people drawn: where strangers' highest scores
    come from a few people, the interval says so.
    """
    carried = [far for far in FARS if len(active.impostor) * float(far) >= ERRORS]
    if not carried or not len(active.genuine):
        return not_asked("same", FARS[0])
    far = carried[-1]
    counts = np.bincount(people)
    pairs_of = np.bincount(active.whose, minlength=len(counts))
    several = np.flatnonzero(pairs_of)
    weights = draws(len(counts))
    drawn = [_tars(pairs, counts, several, float(far), weights) for pairs in (active, candidate)]
    once = np.ones((1, len(counts)))
    before, after = (
        _accepted_shares(pairs, _lines(pairs, counts, float(far), once)[0], several)
        for pairs in (active, candidate)
    )
    return with_replicates("same", before, after, pairs_of[several], drawn[1] - drawn[0], far)


def _tars(pairs: Pairs, counts: Ids, several: Ids, far: float, weights: Outcomes) -> Outcomes:
    """[b] mean over the people drawn who have pairs."""
    lines = _lines(pairs, counts, far, weights)
    result = np.zeros(len(weights))
    for row, line in enumerate(lines):
        drawn = weights[row, several]
        if drawn.any():
            result[row] = drawn @ _accepted_shares(pairs, line, several) / drawn.sum()
    return result


def _lines(pairs: Pairs, counts: Ids, far: float, weights: Outcomes) -> Floats:
    """[b] the score that a pair must exceed, so that at most `far` of the pairs of different people drawn do.

    Pairs of copies of one person are left out. Only the highest pairs are looked at: four times as many as the rate
    needs when everybody is drawn once, and all of them where a draw needs more.
    """
    photos = weights * counts
    allowed = far * (photos.sum(axis=1) ** 2 - (photos**2).sum(axis=1)) / 2
    top = min(len(pairs.impostor), max(100, round(4 * far * len(pairs.impostor))))
    lines = np.empty(len(weights), np.float32)
    for row, drawn in enumerate(weights):
        for part in (slice(0, top), slice(None)):
            reached = np.cumsum(drawn[pairs.first[part]] * drawn[pairs.second[part]])
            if reached[-1] > allowed[row]:
                break
        beyond = int(np.searchsorted(reached, allowed[row], side="right"))
        lines[row] = pairs.impostor[beyond] if beyond < len(pairs.impostor) else -np.inf
    return lines


def _accepted_shares(pairs: Pairs, line: float, several: Ids) -> Outcomes:
    """[len(several)] share of each person's pairs above the line."""
    return _shares(pairs.genuine > line, pairs.whose)[several]


def _shares(right: NDArray[np.bool_], people: Ids) -> Outcomes:
    """[p] share of each person's rows that are True; 0 where there are none."""
    total = np.bincount(people)
    return np.bincount(people, right) / np.maximum(total, 1)
