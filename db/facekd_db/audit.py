"""The audit log: rows chained by hash, so that changing, deleting or inserting one is noticed."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa

from facekd_db.errors import StoreDamaged
from facekd_db.queries import Queries
from facekd_db.records import AuditReport, AuditRow, Json
from facekd_db.schema import audit, audit_head

START = "0" * 64
_STEP = 5000


class AuditFilter(TypedDict, total=False):
    """Which rows are wanted; without a key, any."""

    act: str  # its beginning, such as "login"
    operator_id: int
    subject: str
    since: datetime
    until: datetime  # not itself


class Audit(Queries):
    """Queries on table `audit`. Rows are only ever added.

    `subject` and `detail` name people by id ("person:12"), never by name: the row outlives the person's erasure.
    """

    def record(
        self,
        act: str,
        *,
        operator_id: int | None = None,
        operator: str = "",
        subject: str = "",
        detail: Mapping[str, Json] | None = None,
    ) -> AuditRow:
        """Appends one row within this transaction, so that the act and its trace stand or fall together.

        Args:
            act: what was done, such as "person.add" or "login.refused".
            operator_id, operator: who did it; neither for the program itself.
            subject: on what, as "kind:id".
            detail: what else is worth keeping, as JSON.
        """
        last, link = self.head()
        text = json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        sequence = last + 1
        own = digest(sequence, self._now, operator_id, operator, act, subject, text, link)
        self._c.execute(
            sa.insert(audit).values(
                sequence=sequence,
                at=self._now,
                operator_id=operator_id,
                operator=operator,
                act=act,
                subject=subject,
                detail=text,
                previous=link,
                hash=own,
            )
        )
        self._c.execute(sa.update(audit_head).values(sequence=sequence, hash=own))
        return AuditRow(
            sequence, self._now, operator_id, operator, act, subject, dict(detail or {}), link, own
        )

    def head(self, *, lock: bool = True) -> tuple[int, str]:
        """Sequence and hash of the last row; locked, nobody else can append until this transaction ends."""
        query = sa.select(audit_head)
        row = self._c.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise StoreDamaged("expected one row in table audit_head, found none; restore a backup")
        return row.sequence, row.hash

    def page(
        self, *, limit: int = 100, before: int | None = None, **wanted: Unpack[AuditFilter]
    ) -> tuple[AuditRow, ...]:
        """Newest rows first.

        Args:
            before: only rows with a smaller sequence; the last one of the page before.
        """
        query = sa.select(audit).order_by(audit.c.sequence.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.sequence < before)
        if "act" in wanted:
            query = query.where(audit.c.act.startswith(wanted["act"], autoescape=True))
        if "operator_id" in wanted:
            query = query.where(audit.c.operator_id == wanted["operator_id"])
        if "subject" in wanted:
            query = query.where(audit.c.subject == wanted["subject"])
        if "since" in wanted:
            query = query.where(audit.c.at >= wanted["since"])
        if "until" in wanted:
            query = query.where(audit.c.at < wanted["until"])
        return tuple(_row(row) for row in self._c.execute(query))

    def verify(self, told: Callable[[int, int], None] | None = None) -> AuditReport:
        """Walks the chain from the first row to the head and names the first row that does not fit.

        Args:
            told: called now and then with the rows done and the rows there are; what it raises ends the walk.
        """
        head = self.head(lock=False)
        expected, previous = 1, START
        for row in self._walk():
            sequence, at, operator_id, operator, act, subject, detail, link, stored = row
            if sequence != expected:
                return AuditReport(expected - 1, previous, expected, f"row {expected} is missing")
            if link != previous:
                return AuditReport(
                    expected - 1, previous, sequence, f"row {sequence} does not follow the one before"
                )
            if stored != digest(sequence, at, operator_id, operator, act, subject, detail, link):
                return AuditReport(expected - 1, previous, sequence, f"row {sequence} was changed")
            expected, previous = sequence + 1, stored
            if told is not None and sequence % _STEP == 0:
                told(sequence, head[0])
        if head != (expected - 1, previous):
            return AuditReport(expected - 1, previous, expected, f"rows from {expected} on are missing")
        return AuditReport(expected - 1, previous)

    def _walk(self) -> Iterator[sa.Row[Any]]:
        query = sa.select(audit).order_by(audit.c.sequence).limit(_STEP)
        last = -(2**62)
        while rows := self._c.execute(query.where(audit.c.sequence > last)).all():
            yield from rows
            last = rows[-1].sequence


def digest(
    sequence: int,
    at: datetime,
    operator_id: int | None,
    operator: str,
    act: str,
    subject: str,
    detail: str,
    previous: str,
) -> str:
    """The hash that a row must have: SHA-256 of its fields as a JSON list, `detail` as the stored text.

    Anybody can recompute it from an exported log.
    """
    text = json.dumps([sequence, at.isoformat(), operator_id, operator, act, subject, detail, previous])
    return hashlib.sha256(text.encode()).hexdigest()


def _row(row: sa.Row[Any]) -> AuditRow:
    return AuditRow(
        sequence=row.sequence,
        at=row.at,
        operator_id=row.operator_id,
        operator=row.operator,
        act=row.act,
        subject=row.subject,
        detail=json.loads(row.detail),
        previous=row.previous,
        hash=row.hash,
    )
