"""Moving everything from one store to another, of whatever kind, and checking it row by row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Conflict, StoreDamaged
from facekd_db.queries import portions
from facekd_db.schema import (
    audit_head,
    data_key,
    erasure,
    gallery,
    metadata,
    person,
    setting,
    store_key,
)
from facekd_db.store import Store

STEP = 500
FIXED = (audit_head, gallery)
"""Tables of exactly one row, which is changed rather than replaced."""
FURNITURE = (*FIXED, store_key, data_key, setting)
"""What a new store may hold and still count as empty."""

Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; raising stops the copy, and nothing was changed."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied and found equal: rows by table."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def copy_store(
    source: Store, target: Store, *, replace: bool = False, progress: Progress | None = None
) -> CopyReport:
    """Copies every row of `source` into `target` and compares both, in one transaction of the target.

    Faces stay encrypted on the way: the target's computers need the store key of the source.

    Args:
        target: upgraded to the same schema, and empty.
        replace: empty the target first instead of refusing one that is not.

    Raises:
        Conflict: the target is not empty.
        StoreDamaged: a row did not arrive as it was sent; nothing was changed.
    """
    with source.connection(reading=True) as read, target.connection(reading=False) as write:
        return transfer(read, write, target.where, replace=replace, progress=progress)


def transfer(
    read: sa.Connection, write: sa.Connection, where: str, *, replace: bool, progress: Progress | None
) -> CopyReport:
    """`copy_store` within transactions that are open already; `where` names the target in messages."""
    if not replace:
        _refuse_content(write, where)
    total = 2 * sum(_count(read, table) for table in metadata.sorted_tables)
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, total)

    _empty(write)
    copied: dict[str, int] = {}
    for table in metadata.sorted_tables:
        copied[table.name] = 0
        for step in _steps(read, table):
            _send(write, table, step)
            copied[table.name] += len(step)
            advance(len(step))
    for table in metadata.sorted_tables:
        for ours, theirs in _pairs(read, write, table):
            _compare(table, ours, theirs)
            advance(len(ours))
    _reserve_ids(write)
    return CopyReport(copied)


def _refuse_content(connection: sa.Connection, where: str) -> None:
    for table in metadata.sorted_tables:
        if table not in FURNITURE and (count := _count(connection, table)):
            raise Conflict(
                f"expected an empty store to copy into, found {count} rows of {table.name} in {where}; "
                "choose a new one, or say that it is to be replaced"
            )


def _empty(connection: sa.Connection) -> None:
    connection.execute(sa.update(gallery).values(model_id=None))
    for table in reversed(metadata.sorted_tables):
        # An account that may not delete audit rows can still copy into a store that has none.
        if table not in FIXED and connection.execute(sa.select(_key(table)).limit(1)).first() is not None:
            connection.execute(sa.delete(table))


def _send(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if table in FIXED:
        connection.execute(sa.update(table).where(_key(table) == rows[0]["id"]).values(**rows[0]))
        return
    for part in portions(rows):
        connection.execute(sa.insert(table), part)


def _steps(connection: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    key = _key(table)
    query = sa.select(table).order_by(key).limit(STEP)
    rows = connection.execute(query).mappings().all()
    while rows:
        yield [dict(row) for row in rows]
        rows = connection.execute(query.where(key > rows[-1][key.name])).mappings().all()


def _pairs(
    read: sa.Connection, write: sa.Connection, table: sa.Table
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    sent, arrived = _steps(read, table), _steps(write, table)
    while True:
        ours, theirs = next(sent, []), next(arrived, [])
        if not ours and not theirs:
            return
        yield ours, theirs


def _compare(table: sa.Table, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    if len(ours) != len(theirs):
        raise StoreDamaged(
            f"expected {len(ours)} rows of {table.name}, got {len(theirs)}; nothing was changed"
        )
    for sent, arrived in zip(ours, theirs, strict=True):
        for column, value in sent.items():
            if arrived[column] != value:
                key = sent[_key(table).name]
                raise StoreDamaged(
                    f"{column} of {table.name} {key} did not arrive as sent; nothing was changed"
                )


def _reserve_ids(connection: sa.Connection) -> None:
    """Keeps the ids of erased people from being given to new ones: certificates and audit rows name them."""
    erased = connection.execute(sa.select(sa.func.max(erasure.c.person_id))).scalar()
    highest = connection.execute(sa.select(sa.func.max(person.c.id))).scalar() or 0
    if erased is None or erased <= highest:
        return
    moment = connection.execute(sa.select(sa.func.max(erasure.c.erased_at))).scalar()
    connection.execute(
        sa.insert(person).values(
            id=erased,
            name="",
            name_key="",
            department="",
            note="",
            search="",
            version=1,
            created_at=moment,
            updated_at=moment,
            deleted=True,
            on_hold=False,
        )
    )
    connection.execute(sa.delete(person).where(person.c.id == erased))


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _key(table: sa.Table) -> sa.Column[Any]:
    (key,) = table.primary_key
    return key
