"""The line for a name that rests on the organisation's own people: computed now and then, kept in the store.

All desks read the same line, so they name alike, and nobody waits for it: it is computed anew when people came or
went, at once for a small gallery and aside for a large one. Until a gallery carries the promise, the model card's table
serves.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from facekd.calibration import FEWEST_PEOPLE, Promise, Refusal, promise
from facekd.policy import STRANGERS
from facekd.types import Floats
from facekd_db.store import Tables

log = logging.getLogger(__name__)
STRANGERS_KEY = "promise.strangers"
FEWEST_STRANGERS, MOST_STRANGERS = 10, 1_000_000
DRIFT = 0.05
"""People or photographs may change by this share before the line is computed anew; the promise moves by as much."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was promised, or refused, and for whom."""

    people: int
    photos: int
    promise: Promise | None
    refusal: Refusal | None = None

    @property
    def strangers(self) -> int:
        """The promise that was asked for."""
        answer = self.promise or self.refusal
        assert answer is not None  # `line_for` sets one of the two
        return answer.strangers

    def serves(self, strangers: int, people: int, photos: int) -> bool:
        """Whether it is still good: the same promise, and about as many people and photographs."""
        return (
            self.strangers == strangers
            and abs(people - self.people) <= DRIFT * self.people
            and abs(photos - self.photos) <= DRIFT * self.photos
        )


def line_for(vectors: Floats, people: Sequence[str], strangers: int) -> Line | None:
    """The line for a gallery [n, d] with the person of each row; None below `FEWEST_PEOPLE` people."""
    count = len(set(people))
    if count < FEWEST_PEOPLE:
        return None
    answer = promise(vectors, people, strangers=strangers)
    if isinstance(answer, Promise):
        return Line(count, len(people), answer)
    return Line(count, len(people), None, answer)


def strangers_of(t: Tables) -> int:
    """The promise that the administrator chose, or the default."""
    value = t.settings.get(STRANGERS_KEY, STRANGERS)
    return value if fits(value) and isinstance(value, int) else STRANGERS


def fits(value: object) -> bool:
    """Whether a value can be a number of strangers."""
    return (
        isinstance(value, int) and not isinstance(value, bool) and FEWEST_STRANGERS <= value <= MOST_STRANGERS
    )


def read_line(t: Tables, model_id: str) -> Line | None:
    """The line of a model; None where there is none that can be read."""
    stored = t.settings.get(_key(model_id))
    if stored is None:
        return None
    try:
        return msgspec.convert(stored, Line)
    except msgspec.ValidationError as error:
        log.warning("the stored line of %s is computed anew: %s", model_id[:12], error)
        return None


def write_line(t: Tables, model_id: str, line: Line) -> None:
    """Keeps a line for every desk. Whoever changes the promise itself bumps the gallery as well."""
    t.settings.put(_key(model_id), msgspec.to_builtins(line))


def _key(model_id: str) -> str:
    return f"promise.line.{model_id[:16]}"
