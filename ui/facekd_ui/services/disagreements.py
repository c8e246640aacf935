"""Photographs on which two models give different answers, with both answers."""

from dataclasses import dataclass

import numpy as np

from facekd.evaluation.leave_one_out import LeftOut
from facekd.policy import Policy
from facekd.types import Ids, State

MOST = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What one model says of a photograph."""

    state: State
    person_id: int | None  # when known, or perhaps
    crop_id: int | None  # the photograph of that person that is most alike
    score: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One photograph. As a stranger its person is left out, so that whoever is named is named wrongly."""

    crop_id: int
    person_id: int  # whom it shows
    stranger: bool
    active: Said
    candidate: Said


def disagreements(
    ids: Ids, people: Ids, active: tuple[LeftOut, Policy], candidate: tuple[LeftOut, Policy]
) -> tuple[Disagreement, ...]:
    """At most `MOST`; those where a wrong name is said come first, then those where the right one is."""
    found: list[tuple[int, Disagreement]] = []
    for row in range(len(ids)):
        for stranger in (False, True):
            answers = [_said(side, row, stranger, ids, people) for side in (active, candidate)]
            if (answers[0].state, answers[0].person_id) == (answers[1].state, answers[1].person_id):
                continue
            wrong = any(a.state is State.KNOWN and (stranger or a.person_id != people[row]) for a in answers)
            known = any(a.state is State.KNOWN for a in answers)
            rank = 0 if wrong else 1 if known else 2
            found.append((rank, Disagreement(int(ids[row]), int(people[row]), stranger, *answers)))
    found.sort(key=lambda each: each[0])
    return tuple(each for _, each in found[:MOST])


def _said(side: tuple[LeftOut, Policy], row: int, stranger: bool, ids: Ids, people: Ids) -> Said:
    left, policy = side
    own = not stranger and left.own[row] >= left.other[row]
    score, best = (left.own[row], left.own_row[row]) if own else (left.other[row], left.other_row[row])
    if score < policy.uncertain or not np.isfinite(score):
        return Said(State.UNKNOWN, None, None, float(score) if np.isfinite(score) else -1.0)
    state = State.KNOWN if score >= policy.known else State.UNCERTAIN
    return Said(state, int(people[best]), int(ids[best]), float(score))
