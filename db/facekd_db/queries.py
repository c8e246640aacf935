"""What every family of queries stands on: one connection, one moment, one vault."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from facekd_db.errors import StoreError
from facekd_db.records import DamagedRow
from facekd_db.vault import Vault

T = TypeVar("T")
ROWS = 1000
BYTES = 4_000_000
"""One statement carries at most so much: a MySQL server may refuse packets above 16 MB."""


@dataclass(frozen=True, slots=True)
class Context:
    """One transaction as the queries see it."""

    connection: sa.Connection
    now: datetime
    vault: Vault
    damaged: list[DamagedRow] = field(default_factory=list)  # the store sets these aside when the block ends


class Queries:
    """Base of the query classes; an instance lives inside one transaction."""

    def __init__(self, context: Context) -> None:
        self._c = context.connection
        self._now = context.now
        self._vault = context.vault
        self._damaged = context.damaged

    def _insert(self, table: sa.Table, **values: object) -> int:
        """Inserts one row and returns the key that the database gave it."""
        result = self._c.execute(sa.insert(table).values(**values))
        return int(result.inserted_primary_key[0])  # type: ignore[index]  # one row was inserted

    def _insert_all(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        for part in portions(rows):
            self._c.execute(sa.insert(table), part)


def portions(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cuts rows into lists that one statement may carry."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        weight = sum(2 * len(v) if isinstance(v, bytes | str) else 16 for v in row.values())
        if part and (len(part) == ROWS or size + weight > BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += weight
    if part:
        yield part


def chunks(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Slices for IN (...), which databases limit."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@contextmanager
def unique(otherwise: Callable[[], StoreError]) -> Iterator[None]:
    """Raises `otherwise()` when the statement in the block would store a unique value a second time.

    Both kinds of database undo that one statement only, so the transaction can go on.
    """
    try:
        yield
    except IntegrityError as e:
        code = getattr(e.orig, "sqlite_errorcode", None) or getattr(e.orig, "errno", None)
        if code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, 1062):
            raise otherwise() from e
        raise
