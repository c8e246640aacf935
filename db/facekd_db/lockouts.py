"""Queries on failed logins: the wait grows, survives a restart, and counts for all computers together."""

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa

from facekd_db.columns import folded
from facekd_db.errors import Conflict
from facekd_db.queries import Queries, unique
from facekd_db.schema import lockout

FREE = 4
"""So many wrong passwords in a row cost nothing but their own time; the fifth starts the waits."""
FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
FORGET = timedelta(days=1)


class Lockouts(Queries):
    """Queries on table `lockout`. Unknown names are counted like known ones, so a wait betrays nothing."""

    def attempt(self, name: str) -> datetime | None:
        """Counts a try as failed before the password is looked at, so that many at once gain nothing.

        Returns:
            None when the try may go on; else the moment until which this name is locked.
        """
        key = _key(name)
        self._c.execute(sa.delete(lockout).where(lockout.c.last_failure_at < self._now - FORGET))
        query = sa.select(lockout).where(lockout.c.name_hash == key).with_for_update()
        row = self._c.execute(query).first()
        if row is None:
            try:
                with unique(lambda: Conflict("another computer was first")):
                    self._c.execute(
                        sa.insert(lockout).values(name_hash=key, failures=1, last_failure_at=self._now)
                    )
            except Conflict:
                row = self._c.execute(query).one()
            else:
                return None
        until: datetime | None = row.locked_until
        if until is not None and self._now < until:
            return until
        failures = row.failures + 1
        self._c.execute(
            sa.update(lockout)
            .where(lockout.c.name_hash == key)
            .values(failures=failures, last_failure_at=self._now, locked_until=_until(self._now, failures))
        )
        return None

    def locked_until(self, name: str) -> datetime | None:
        """The moment until which the name is locked, or None."""
        until: datetime | None = self._c.execute(
            sa.select(lockout.c.locked_until).where(lockout.c.name_hash == _key(name))
        ).scalar()
        return until if until is not None and until > self._now else None

    def clear(self, name: str) -> None:
        """Forgets the failures of a name: after a right password, or by an administrator."""
        self._c.execute(sa.delete(lockout).where(lockout.c.name_hash == _key(name)))


def _until(now: datetime, failures: int) -> datetime | None:
    steps = failures - FREE - 1
    return None if steps < 0 else now + min(LONGEST, FIRST * 2 ** min(steps, 10))


def _key(name: str) -> str:
    return hashlib.sha256(b"facekd login\0" + folded(name).encode()).hexdigest()
