"""What is said of models and deployments: which one speaks, which one may, which one did, and what would be lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from facekd.evaluation.gate import Verdict
from facekd_db.deployments import Deployment
from facekd_db.errors import NotFound
from facekd_db.queries import chunks
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, listed
from facekd_ui.services.comparison import QUESTIONS, WORDS
from facekd_ui.services.errors import ServiceError

NAMED_MOST = 5
ROW_BYTES = 300
"""Of a template in the database, its numbers apart."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody on file."""

    person_id: int
    name: str


@dataclass(frozen=True, slots=True)
class LostPhoto:
    """A photograph that the new model cannot use."""

    crop_id: int
    person: Named
    why: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that the store knows."""

    model_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Staging:
    """A deployment on its way."""

    model_id: str
    name: str
    done: int  # photographs
    total: int
    by: str | None
    desk: str
    since: datetime
    working: bool  # some computer is at it now


@dataclass(frozen=True, slots=True)
class Offer:
    """What a rollback would bring back."""

    model_id: str
    name: str
    since: datetime  # when the model in use was switched on
    enrolled_since: int  # people
    complete: bool  # everybody has templates of both, so it takes less than a second


@dataclass(frozen=True, slots=True)
class Standing:
    """Which model speaks, which one may, and which one did."""

    active: ModelRow | None
    staging: Staging | None
    rollback: Offer | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment would mean; people who would have to be enrolled anew come first."""

    model_id: str
    name: str
    without_photos: tuple[Named, ...]
    photos: int
    staged: int  # of them renewed already
    megabytes: float  # that the database grows by, until the rows of the model before are purged
    gate: Verdict | None  # None: never compared with the model in use
    overridden_by: str | None
    may_begin: bool


@dataclass(frozen=True, slots=True)
class Staged:
    """How far the preparation came."""

    model_id: str
    done: int
    total: int
    unreadable: tuple[LostPhoto, ...]
    lost: tuple[Named, ...]  # who would have to be enrolled anew
    complete: bool  # False: paused
    known_now: float  # cosine from which a name is said
    known_then: float


@dataclass(frozen=True, slots=True)
class Switched:
    """Another model speaks."""

    model_id: str
    previous_id: str
    revision: int
    people: int  # on file by the model that speaks now
    photos: int


class GateClosed(ServiceError):
    """The candidate was not shown to be good enough; `verdict` says why, None: it was never compared."""

    def __init__(self, name: str, verdict: Verdict | None) -> None:
        super().__init__(
            T("{name} was not compared with the recogniser in use. Compare them first.", name=name)
            if verdict is None
            else T(
                "The gate is not open for {name}: {questions}.",
                name=name,
                questions=listed(
                    T("{question} ({word})", question=QUESTIONS[each.question], word=WORDS[each.word])
                    for each in verdict.closed_by
                ),
            )
        )
        self.verdict = verdict


class PeopleLost(ServiceError):
    """Some people would not be recognised any more; whoever decides that names them."""

    def __init__(self, people: Sequence[Named]) -> None:
        super().__init__(
            T(
                "{n} people would have to be enrolled anew: {names}. Nothing was changed.",
                n=len(people),
                names=listed(
                    [each.name for each in people[:NAMED_MOST]] + ["..."] * (len(people) > NAMED_MOST)
                ),
            )
        )
        self.people = tuple(people)


def passes(t: Tables, active: str, verdict: Verdict | None, overridden_by: str | None) -> bool:
    """Nobody on file: nobody can be lost, and there is nothing to judge by."""
    return (
        (verdict is not None and verdict.open) or overridden_by is not None or t.templates.count(active) == 0
    )


def active_model(t: Tables) -> str:
    """The model that speaks. Raises NotFound before one was chosen."""
    model_id = t.gallery.state().model_id
    if model_id is None:
        raise NotFound("expected a recogniser in use, found none; open the live page or enrol somebody first")
    return model_id


def staging_of(t: Tables, staging: Deployment, total: int) -> Staging:
    """How far it is, of so many photographs on file."""
    return Staging(
        staging.model_id,
        staging.model,
        total - t.crops.count_without_template(staging.model_id),
        total,
        staging.started_by,
        staging.desk,
        staging.started_at,
        t.deployments.is_alive(staging),
    )


def offer_of(t: Tables, live: Deployment | None, active_id: str | None) -> Offer | None:
    """What a rollback would bring back, if anything."""
    if live is None or live.previous_id is None or live.live_at is None or live.model_id != active_id:
        return None
    complete = not t.crops.count_without_template(live.previous_id)
    return Offer(
        live.previous_id,
        live.previous or "",
        live.live_at,
        t.deployments.enrolled_since(live.live_at),
        complete,
    )


def named(t: Tables, ids: Sequence[int]) -> tuple[Named, ...]:
    """People by id, in that order; who is gone is left out."""
    people = {key: person for part in chunks(list(ids)) for key, person in t.people.many(part).items()}
    return tuple(Named(key, people[key].name) for key in ids if key in people)


def subject(model_id: str) -> str:
    """What an audit row calls a model."""
    return f"model:{model_id[:12]}"
