"""Backups: a SQLite file with everything, whatever the store runs on, and the way back.

Faces stay encrypted in it. The store key is not in it: keep it apart (`Store.export_key`), or the faces are lost.
"""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from facekd_db.copying import CopyReport, Progress, copy_store, transfer
from facekd_db.engine import file_of
from facekd_db.errors import Conflict, NotFound, StoreDamaged
from facekd_db.store import LINEAGE_SETTING, Store, Tables


def back_up(store: Store, path: Path, *, progress: Progress | None = None) -> CopyReport:
    """Writes a backup into a new file, verified row by row; either the whole file appears or none.

    Raises:
        Conflict: the file exists already.
    """
    if path.exists():
        raise Conflict(f"expected a new file for the backup, {path} exists already; choose another name")
    part = path.with_name(path.name + ".part")
    _remove(part)
    target = Store(f"sqlite:///{part.absolute()}")
    try:
        target.upgrade()
        report = copy_store(store, target, progress=progress)
        target.close()
        with closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # one file, readable from read-only media
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        target.close()
        _remove(part)
    return report


def restore(
    path: Path,
    store: Store,
    *,
    replace: bool = False,
    by: int | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Brings a backup into a store. People who were erased since the backup was made are erased again.

    Everybody is logged out, and the audit log says what was replaced.

    Args:
        store: upgraded; empty unless `replace` is true.
        by: the operator, for the audit log of the restored store.

    Raises:
        NotFound, StoreDamaged, SchemaTooNew: there is no usable backup at `path`.
        Conflict: the store is not empty.
    """
    if not path.is_file():
        raise NotFound(f"expected a backup at {path}, found no such file")
    with tempfile.TemporaryDirectory(prefix="facekd-restore-", dir=path.parent) as folder:
        # A copy, because an older backup is upgraded first, and a backup is never changed.
        own = Path(folder) / "backup.db"
        shutil.copyfile(path, own)
        own.chmod(0o600)
        _check(own, path)
        source = Store(f"sqlite:///{own}")
        try:
            source.upgrade()
            # One transaction: nobody ever sees the people who were erased since, not even after a power cut.
            with source.connection(reading=True) as read, store.transaction() as t:
                return _replace(read, t, store.where, replace=replace, by=by, progress=progress)
        finally:
            source.close()


def restore_lost(path: Path, store: Store) -> CopyReport:
    """Brings a backup to the place of a store that was lost: nothing is there, or an empty database. All or nothing.

    Args:
        store: opened without keys (a new one would be made, and the backup has its own); closed at the end.

    Raises:
        Conflict: the store is there, and people are in it.
        NotFound, StoreDamaged, SchemaTooNew: there is no usable backup at `path`.
    """
    file = file_of(store.engine.url) if store.is_file else None
    made = file is not None and not file.exists()
    try:
        store.upgrade()
        return restore(path, store)
    except BaseException:
        store.close()
        if made and file is not None:
            _remove(file)
        raise
    finally:
        store.close()


def _replace(
    read: sa.Connection, t: Tables, where: str, *, replace: bool, by: int | None, progress: Progress | None
) -> CopyReport:
    revision = t.gallery.lock().revision
    erased = {each.person_id for each in t.erasures.all()}
    lineage = t.settings.get(LINEAGE_SETTING)
    before = t.audit.head()
    report = transfer(read, t.connection, where, replace=replace, progress=progress)
    if t.settings.get(LINEAGE_SETTING) == lineage:
        for person_id in sorted(erased - {each.person_id for each in t.erasures.all()}):
            with suppress(NotFound):  # somebody who came after the backup was made
                t.erasures.erase(person_id, "erased again after a restore", by, despite_hold=True)
    t.gallery.bump(beyond=revision)
    t.sessions.end_everybody()
    t.audit.record(
        "store.restore",
        operator_id=by,
        detail={"rows": report.total, "replaced_audit_rows": before[0], "replaced_audit_head": before[1]},
    )
    return report


def _check(own: Path, path: Path) -> None:
    try:
        with closing(sqlite3.connect(own)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
            known = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
    except sqlite3.DatabaseError as e:
        raise StoreDamaged(
            f"expected a backup at {path}, got something else ({e}); choose another file"
        ) from e
    if verdict != "ok":
        raise StoreDamaged(f"the backup {path} is damaged ({verdict}); use another one")
    if known is None:
        raise StoreDamaged(
            f"expected a backup of a store at {path}, got another database; choose another file"
        )


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
