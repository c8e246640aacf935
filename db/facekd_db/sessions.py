"""Queries on sessions: logins that end by idling, by age, by hand, or with the account."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import SessionEnded
from facekd_db.operators import Operators
from facekd_db.queries import Context, Queries
from facekd_db.records import Operator, Session
from facekd_db.schema import session

IDLE = timedelta(minutes=15)
LIFETIME = timedelta(hours=12)

_WORDS = {
    "idle": "you were away for too long",
    "expired": "the login is too old",
    "ended": "the session was ended",
    "disabled": "the account was switched off",
    "unknown": "nobody is logged in",
}


class Sessions(Queries):
    """Queries on table `session`. The token is a secret; only its hash is stored."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._operators = Operators(context)

    def start(
        self, operator_id: int, client: str, *, idle: timedelta = IDLE, lifetime: timedelta = LIFETIME
    ) -> tuple[Session, str]:
        """A new session and its token."""
        token = secrets.token_urlsafe(32)
        key = self._insert(
            session,
            operator_id=operator_id,
            token_hash=_hash(token),
            client=client[:255],
            started_at=self._now,
            last_seen_at=self._now,
            idle_s=int(idle.total_seconds()),
            expires_at=self._now + lifetime,
        )
        return self._by_id(key), token

    def touch(self, token: str, *, active: bool = True) -> tuple[Session, Operator]:
        """The session and its account as it is now, role included.

        Args:
            active: the operator did something; False looks without postponing the idle lock.

        Raises:
            SessionEnded: with the reason. That it ended is stored by whoever commits, or noticed again.
        """
        row = self._c.execute(sa.select(session).where(session.c.token_hash == _hash(token))).first()
        if row is None:
            raise _ended("unknown")
        found = _session(row)
        if found.ended_at is not None:
            raise _ended(found.end_reason or "ended")
        account = self._operators.get(found.operator_id)
        if not account.enabled:
            raise _ended("disabled")
        if self._now >= found.expires_at:
            raise _ended("expired")
        if self._now - found.last_seen_at >= timedelta(seconds=found.idle_s):
            raise _ended("idle")
        if active:
            self._c.execute(sa.update(session).where(session.c.id == found.id).values(last_seen_at=self._now))
            found = self._by_id(found.id)
        return found, account

    def end(self, session_id: int, reason: str = "ended") -> None:
        """Ends a session; one that is over stays as it is."""
        statement = sa.update(session).where(session.c.id == session_id, session.c.ended_at.is_(None))
        self._c.execute(statement.values(ended_at=self._now, end_reason=reason))

    def end_all(self, operator_id: int, *, but: int | None = None) -> int:
        """Ends an account's sessions, apart from one, and returns how many."""
        statement = sa.update(session).where(
            session.c.operator_id == operator_id, session.c.ended_at.is_(None)
        )
        if but is not None:
            statement = statement.where(session.c.id != but)
        return int(self._c.execute(statement.values(ended_at=self._now, end_reason="ended")).rowcount)

    def end_everybody(self) -> int:
        """Ends every session, such as after a restore, and returns how many."""
        statement = sa.update(session).where(session.c.ended_at.is_(None))
        return int(self._c.execute(statement.values(ended_at=self._now, end_reason="ended")).rowcount)

    def open(self, operator_id: int | None = None) -> tuple[Session, ...]:
        """Sessions that are neither ended nor over, newest first."""
        query = sa.select(session).where(session.c.ended_at.is_(None), session.c.expires_at > self._now)
        if operator_id is not None:
            query = query.where(session.c.operator_id == operator_id)
        found = [_session(row) for row in self._c.execute(query.order_by(session.c.id.desc()))]
        return tuple(s for s in found if self._now - s.last_seen_at < timedelta(seconds=s.idle_s))

    def _by_id(self, session_id: int) -> Session:
        return _session(self._c.execute(sa.select(session).where(session.c.id == session_id)).one())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _ended(reason: str) -> SessionEnded:
    return SessionEnded(f"{_WORDS.get(reason, _WORDS['ended'])}; log in again", reason)


def _session(row: sa.Row[Any]) -> Session:
    return Session(
        id=row.id,
        operator_id=row.operator_id,
        client=row.client,
        started_at=row.started_at,
        last_seen_at=row.last_seen_at,
        idle_s=row.idle_s,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
    )
