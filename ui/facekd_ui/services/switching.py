"""The moment in which another model begins to speak: what must hold is looked at in the transaction that does it."""

from collections.abc import Collection, Mapping
from typing import Protocol

from facekd.embed import Embedder
from facekd.modelcard import ModelCard
from facekd_db.deployments import Stage
from facekd_db.errors import Conflict
from facekd_db.records import Json
from facekd_db.store import Tables
from facekd_ui.services.comparison import judged
from facekd_ui.services.line import Line, write_line
from facekd_ui.services.renewing import renew_last
from facekd_ui.services.standing import GateClosed, PeopleLost, Switched, named, passes, subject

LAST = 32
"""So many photographs that came since the last step are renewed within the switch itself: well under a second."""


class Records(Protocol):
    """Writes an audit row."""

    def __call__(
        self, t: Tables, act: str, subject: str = "", detail: Mapping[str, Json] | None = None, /
    ) -> None:
        """For whoever acts."""


def flip(
    t: Tables, *, record: Records, embedder: Embedder, line: Line | None, accept: frozenset[int]
) -> Switched | None:
    """Lets a prepared model speak. None: more photographs came meanwhile than can be renewed while everybody waits.

    Args:
        line: for a name, by the promise in force; every desk has it from the first moment.
        accept: people who may be lost by it.

    Raises:
        Conflict: the model is not being deployed (any more).
        GateClosed, PeopleLost
    """
    previous = t.gallery.lock().model_id
    assert previous is not None  # somebody spoke when it was prepared
    staging, model_id = t.deployments.staging(), embedder.model_id
    if staging is None or staging.model_id != model_id:
        raise Conflict(f"{embedder.card.name} is not being deployed (any more); deploy it first")
    require_gate(t, embedder.card, previous)
    unreadable, complete = renew_last(t, embedder, LAST)
    if not complete:
        return None
    left_out = _left_out(t, model_id, previous, accept)
    t.deployments.go_live(staging.id, previous)
    if line is not None:
        write_line(t, model_id, line)
    done, detail = _activate(t, model_id, previous, len(unreadable), left_out)
    record(t, "model.switch", subject(model_id), detail)
    return done


def back(t: Tables, *, record: Records, embedder: Embedder, accept: frozenset[int]) -> Switched | None:
    """Lets the model before speak again. None: as `flip`.

    Raises:
        Conflict: it is not the model before (any more).
        PeopleLost
    """
    state, live, model_id = t.gallery.lock(), t.deployments.live(), embedder.model_id
    if live is None or live.previous_id != model_id or live.model_id != state.model_id:
        raise Conflict("the recogniser was changed meanwhile, or its forerunner was removed; look again")
    unreadable, complete = renew_last(t, embedder, LAST)
    if not complete:
        return None
    left_out = _left_out(t, model_id, live.model_id, accept)
    t.deployments.close(live, Stage.ROLLED_BACK)
    done, detail = _activate(t, model_id, live.model_id, len(unreadable), left_out)
    record(t, "model.roll_back", subject(model_id), detail)
    return done


def require_gate(t: Tables, card: ModelCard, active: str) -> None:
    """Raises GateClosed for a candidate that was not shown to be good enough, and that nobody vouched for."""
    verdict, by = judged(t, card.id, active)
    if not passes(t, active, verdict, by):
        raise GateClosed(card.name, verdict)


def remove_stray(t: Tables, model_id: str) -> None:
    """Removes the rows of a model that neither speaks nor can be rolled back to."""
    state, live, staging = t.gallery.lock(), t.deployments.live(), t.deployments.staging()
    if model_id in (state.model_id, live and live.previous_id, staging and staging.model_id):
        return  # it was brought back, or taken up again, a moment ago
    t.templates.remove_model(model_id)
    t.models.drop_file(model_id)


def _left_out(t: Tables, model_id: str, previous: str, accept: Collection[int]) -> list[int]:
    """People who are lost, all of whom were accepted."""
    lost = t.deployments.lost(model_id, previous)
    if others := [key for key in lost if key not in accept]:
        raise PeopleLost(named(t, others))
    return list(lost)


def _activate(
    t: Tables, model_id: str, previous: str, unreadable: int, left_out: list[int]
) -> tuple[Switched, dict[str, Json]]:
    revision = t.gallery.activate(model_id).revision
    people, photos = t.templates.tally(model_id)
    detail: dict[str, Json] = {
        "before": subject(previous),
        "people": people,
        "photos": photos,
        "unreadable": unreadable,
        "left_out": [f"person:{key}" for key in left_out],
    }
    return Switched(model_id, previous, revision, people, photos), detail
