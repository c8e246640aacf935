"""Queries on deployments: which model is being prepared, which one a rollback brings back, and what was decided on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Conflict, NotFound
from facekd_db.queries import Queries
from facekd_db.schema import comparison, crop, deployment, model, operator, person, template

ALIVE = timedelta(seconds=20)
"""A worker that was not heard of for so long has died; another computer may go on in its place."""


class Stage(StrEnum):
    """How far a deployment came."""

    STAGING = "staging"  # templates are being made; nobody is matched with them
    LIVE = "live"  # its model speaks for the people on file, and `previous_id` can be brought back
    SETTLED = "settled"  # its model speaks, and what was before is gone
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled back"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One change of the model, planned, made or taken back."""

    id: int
    model_id: str
    model: str  # name
    previous_id: str | None
    previous: str | None
    stage: Stage
    desk: str  # that works at it, or did
    worker: str | None
    seen_at: datetime | None
    started_at: datetime
    started_by: str | None  # name of the operator
    live_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """Figures of two models on the people on file, and who vouched for the candidate in spite of them."""

    id: int
    candidate_id: str
    active_id: str
    figures: str  # JSON; whoever wrote it reads it
    made_at: datetime
    made_by: str | None  # name of the operator
    vouched_by: str | None
    vouched_at: datetime | None
    reason: str


class Deployments(Queries):
    """Queries on tables `deployment` and `comparison`. Whoever decides something calls `gallery.lock()` first."""

    def staging(self) -> Deployment | None:
        """The one that is being prepared."""
        return self._newest(Stage.STAGING)

    def live(self) -> Deployment | None:
        """The one that can be rolled back."""
        return self._newest(Stage.LIVE)

    def all(self) -> tuple[Deployment, ...]:
        """Every one, newest first."""
        return tuple(map(_deployment, self._c.execute(_DEPLOYMENTS.order_by(deployment.c.id.desc()))))

    def begin(self, model_id: str, *, desk: str, worker: str, by: int | None) -> Deployment:
        """Takes the one that is being prepared, or begins one; `worker` writes from now on, nobody else does.

        Raises:
            Conflict: another model is being deployed, or another computer works at this one.
        """
        found = self.staging()
        if found is None:
            self._insert(
                deployment,
                model_id=model_id,
                state=Stage.STAGING.value,
                desk=desk,
                started_at=self._now,
                started_by=by,
            )
            found = self.staging()
            assert found is not None  # it was inserted
        who = f"{found.started_by or 'another program'}, since {found.started_at:%Y-%m-%d %H:%M} UTC"
        if found.model_id != model_id:
            raise Conflict(
                f"{found.model} is being deployed ({who}); finish or cancel that before another model is deployed"
            )
        if found.worker is not None and found.desk != desk and self.is_alive(found):
            raise Conflict(
                f"{found.desk} is deploying {found.model} already ({who}); wait for it, or stop it there"
            )
        self._set(found.id, desk=desk, worker=worker, seen_at=self._now)
        return self._get(found.id)

    def is_alive(self, found: Deployment) -> bool:
        """Whether somebody works at it now."""
        return found.worker is not None and found.seen_at is not None and self._now - found.seen_at < ALIVE

    def beat(self, deployment_id: int, worker: str) -> None:
        """The worker lives. Raises Conflict when the deployment was cancelled, or is another's now."""
        mine = sa.and_(
            deployment.c.id == deployment_id,
            deployment.c.worker == worker,
            deployment.c.state == Stage.STAGING.value,
        )
        if not self._c.execute(sa.update(deployment).where(mine).values(seen_at=self._now)).rowcount:
            found = self._get(deployment_id)
            if found.stage is not Stage.STAGING:
                raise Conflict(
                    f"the deployment of {found.model} is {found.stage} meanwhile; nothing more was done"
                )
            raise Conflict(
                f"{found.desk} took over the deployment of {found.model}; nothing more was done here"
            )

    def rest(self, deployment_id: int, worker: str) -> None:
        """The worker pauses: any computer may go on."""
        mine = sa.and_(deployment.c.id == deployment_id, deployment.c.worker == worker)
        self._c.execute(sa.update(deployment).where(mine).values(worker=None))

    def go_live(self, deployment_id: int, previous_id: str | None) -> None:
        """Its model speaks for the people on file; the one before can be brought back."""
        self.close(self.live(), Stage.SUPERSEDED)
        self._set(
            deployment_id,
            state=Stage.LIVE.value,
            previous_id=previous_id,
            live_at=self._now,
            worker=None,
            seen_at=None,
        )

    def close(self, found: Deployment | None, stage: Stage) -> None:
        """It is over in the way that `stage` says."""
        if found is not None:
            self._set(found.id, state=stage.value, ended_at=self._now, worker=None)

    # -- what a decision rests on

    def lost(self, model_id: str, previous_id: str) -> tuple[int, ...]:
        """People whom `previous_id` knows and `model_id` does not, deleted ones included: they can be restored."""

        def knows(which: str) -> sa.Exists:
            return sa.exists().where(
                template.c.person_id == person.c.id,
                template.c.model_id == which,
                ~template.c.rejects,
                template.c.quarantined_at.is_(None),
            )

        query = sa.select(person.c.id).where(knows(previous_id), ~knows(model_id)).order_by(person.c.id)
        return tuple(self._c.execute(query).scalars())

    def enrolled_since(self, moment: datetime) -> int:
        """People who got a photograph since then."""
        query = sa.select(sa.func.count(sa.distinct(crop.c.person_id)))
        return int(self._c.execute(query.where(crop.c.created_at >= moment, ~crop.c.rejects)).scalar_one())

    def strays(self, keep: Iterable[str]) -> tuple[str, ...]:
        """Models that have templates and are none of these."""
        query = sa.select(template.c.model_id).distinct().where(template.c.model_id.not_in(list(keep)))
        return tuple(self._c.execute(query).scalars())

    # -- comparisons

    def compared(self, candidate_id: str, active_id: str, figures: str, by: int | None) -> int:
        """Keeps what came out; returns its id. Earlier ones of the same two models are replaced."""
        both = sa.and_(comparison.c.candidate_id == candidate_id, comparison.c.active_id == active_id)
        self._c.execute(sa.delete(comparison).where(both))
        return self._insert(
            comparison,
            candidate_id=candidate_id,
            active_id=active_id,
            figures=figures,
            made_at=self._now,
            made_by=by,
        )

    def comparison(self, candidate_id: str, active_id: str) -> StoredComparison | None:
        """The newest of two models."""
        voucher = operator.alias("voucher")
        query = (
            sa.select(comparison, operator.c.name.label("maker"), voucher.c.name.label("voucher"))
            .join(operator, operator.c.id == comparison.c.made_by, isouter=True)
            .join(voucher, voucher.c.id == comparison.c.vouched_by, isouter=True)
            .where(comparison.c.candidate_id == candidate_id, comparison.c.active_id == active_id)
            .order_by(comparison.c.id.desc())
        )
        row = self._c.execute(query).first()
        if row is None:
            return None
        return StoredComparison(
            row.id,
            row.candidate_id,
            row.active_id,
            row.figures,
            row.made_at,
            row.maker,
            row.voucher,
            row.vouched_at,
            row.reason or "",
        )

    def vouch(self, comparison_id: int, by: int, reason: str) -> None:
        """Somebody answers for the candidate although the figures do not speak for it."""
        self._c.execute(
            sa.update(comparison)
            .where(comparison.c.id == comparison_id)
            .values(vouched_by=by, vouched_at=self._now, reason=reason)
        )

    def _newest(self, stage: Stage) -> Deployment | None:
        query = (
            _DEPLOYMENTS.where(deployment.c.state == stage.value).order_by(deployment.c.id.desc()).limit(1)
        )
        row = self._c.execute(query).first()
        return None if row is None else _deployment(row)

    def _get(self, deployment_id: int) -> Deployment:
        row = self._c.execute(_DEPLOYMENTS.where(deployment.c.id == deployment_id)).first()
        if row is None:
            raise NotFound(f"there is no deployment {deployment_id} (any more)")
        return _deployment(row)

    def _set(self, deployment_id: int, **values: object) -> None:
        self._c.execute(sa.update(deployment).where(deployment.c.id == deployment_id).values(**values))


_PREVIOUS = model.alias("previous")
_DEPLOYMENTS = (
    sa.select(
        deployment,
        model.c.name.label("model"),
        _PREVIOUS.c.name.label("previous"),
        operator.c.name.label("operator"),
    )
    .join(model, model.c.id == deployment.c.model_id)
    .join(_PREVIOUS, _PREVIOUS.c.id == deployment.c.previous_id, isouter=True)
    .join(operator, operator.c.id == deployment.c.started_by, isouter=True)
)


def _deployment(row: sa.Row[Any]) -> Deployment:
    return Deployment(
        row.id,
        row.model_id,
        row.model,
        row.previous_id,
        row.previous,
        Stage(row.state),
        row.desk,
        row.worker,
        row.seen_at,
        row.started_at,
        row.operator,
        row.live_at,
        row.ended_at,
    )
