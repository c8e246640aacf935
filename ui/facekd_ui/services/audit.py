"""The audit log: read, checked, taken along. Nothing here changes it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from facekd_db.audit import AuditFilter
from facekd_db.records import AuditReport, AuditRow
from facekd_db.store import Tables
from facekd_ui.services.base import Service
from facekd_ui.services.progress import UNWATCHED, Telling, Watch
from facekd_ui.services.sealing import write_whole

STEP = 1000


@dataclass(frozen=True, slots=True)
class AuditExport:
    """What an export wrote, with the state of the chain at that moment."""

    path: Path
    rows: int
    report: AuditReport


class Audit(Service):
    """For administrators and auditors. That the log was checked or exported is in the log itself."""

    name = "audit"

    def page(
        self, *, limit: int = 100, before: int | None = None, **wanted: Unpack[AuditFilter]
    ) -> tuple[AuditRow, ...]:
        """Newest rows first; `before` is the sequence of the last row of the page before."""
        with self._store.reading() as t:
            return t.audit.page(limit=limit, before=before, **wanted)

    def verify(self, watch: Watch = UNWATCHED) -> AuditReport:
        """Walks the whole chain and names the first row that does not fit. Raises Stopped when it was cancelled."""
        with self._store.reading() as t:
            report = t.audit.verify(Telling(watch))
        self._write(lambda t: self._note(t, "audit.verify", report))
        return report

    def export(self, path: Path, watch: Watch = UNWATCHED) -> AuditExport:
        """Every row as a JSON line, newest first, with the hashes that prove the chain.

        Raises Stopped when it was cancelled; then no file is left.
        """
        lines: list[str] = []
        with self._store.reading() as t:
            told = Telling(watch, of=2)  # the walk, then the writing
            report = t.audit.verify(told)
            before: int | None = None
            while rows := t.audit.page(limit=STEP, before=before):
                lines += [_line(row) for row in rows]
                before = rows[-1].sequence
                told(report.rows + len(lines), max(report.rows, len(lines)))
        write_whole(path, "".join(lines).encode())
        self._write(lambda t: self._note(t, "audit.export", report))
        return AuditExport(path, len(lines), report)

    def _note(self, t: Tables, act: str, report: AuditReport) -> None:
        self._audit(t, act, detail={"rows": report.rows, "broken": report.broken})


def _line(row: AuditRow) -> str:
    fields = {
        "sequence": row.sequence,
        "at": row.at.isoformat(),
        "operator_id": row.operator_id,
        "operator": row.operator,
        "act": row.act,
        "subject": row.subject,
        "detail": dict(row.detail),
        "previous": row.previous,
        "hash": row.hash,
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"
