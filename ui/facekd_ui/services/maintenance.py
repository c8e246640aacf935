"""The database itself: is it sound, move it, keep a copy, bring one back."""

from dataclasses import dataclass
from pathlib import Path

from facekd_db.backup import back_up, restore
from facekd_db.copying import CopyReport, copy_store
from facekd_db.login import prove
from facekd_db.store import Store
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.base import Service
from facekd_ui.services.progress import UNWATCHED, Telling, Watch


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str  # "database", "content", "audit log" or "faces"
    ok: bool
    detail: Text | str


class Maintenance(Service):
    """Thin calls into `facekd_db`, with rights, the audit row and a way to stop."""

    name = "maintenance"

    def check(self, watch: Watch = UNWATCHED) -> tuple[Check, ...]:
        """Schema, audit chain, and whether every photograph and template opens; damaged rows go into quarantine."""
        store = self._store
        store.ping()
        with store.reading() as t:
            report = t.audit.verify(Telling(watch))
            state = t.gallery.state()
            people, accounts = t.people.count(), len(t.operators.all())
            opened = t.templates.gallery(state.model_id) if state.model_id else None
        damaged = () if opened is None else opened.damaged
        checks = (
            Check("database", True, relayed(store.where, whole=False)),
            Check(
                "content",
                True,
                T(
                    "{people} people, {accounts} accounts, revision {revision}",
                    people=people,
                    accounts=accounts,
                    revision=state.revision,
                ),
            ),
            Check(
                "audit log",
                report.broken is None,
                relayed(report.why) if report.why else T("{n} rows, unbroken", n=report.rows),
            ),
            Check(
                "faces",
                not damaged,
                T("{n} open, {damaged} damaged", n=len(opened.rows) if opened else 0, damaged=len(damaged)),
            ),
        )
        failed = [check.name for check in checks if not check.ok]
        self._write(lambda t: self._audit(t, "store.check", detail={"failed": list(failed)}))
        return checks

    def copy(self, address: str, *, replace: bool = False, watch: Watch = UNWATCHED) -> CopyReport:
        """Everything into the store at `address`, verified row by row.

        Raises:
            BadStoreUrl, Conflict: the target cannot be used, or is not empty.
        """
        # The row first, so that the copy holds it as well.
        self._write(lambda t: self._audit(t, "store.copy"))
        target = Store(address, self._store.keys)
        try:
            target.upgrade()
            return copy_store(self._store, target, replace=replace, progress=Telling(watch))
        finally:
            target.close()

    def backup(self, path: Path, watch: Watch = UNWATCHED) -> CopyReport:
        """A new file with everything; faces stay encrypted, and the store key is not in it."""
        self._write(lambda t: self._audit(t, "store.backup"))
        return back_up(self._store, path, progress=Telling(watch))

    def restore(
        self, path: Path, password: str, *, replace: bool = False, watch: Watch = UNWATCHED
    ) -> CopyReport:
        """Brings a backup back; everybody is logged out. Its audit row lies in the restored store.

        Args:
            password: the operator's own, again.

        Raises:
            LoginRefused, LockedOut: the password is wrong.
            Conflict: the store is not empty, and `replace` was not said.
        """
        prove(self._store, self._by, password)
        return restore(path, self._store, replace=replace, by=self._by, progress=Telling(watch))

    def rotate_key(self, password: str) -> int:
        """A new store key; other computers need it, and older backups cannot be read any more.

        Returns:
            How many people's keys were wrapped anew.
        """
        prove(self._store, self._by, password)
        done = self._store.rotate_key()
        self._write(lambda t: self._audit(t, "store.rotate_key", detail={"keys": done}))
        return done

    def export_key(self, path: Path, password: str) -> str:
        """Writes the store key into a new private file, for safekeeping or another computer; returns its id."""
        prove(self._store, self._by, password)
        key_id = self._store.export_key(path)
        self._write(lambda t: self._audit(t, "store.export_key", detail={"key": key_id[:8]}))
        return key_id

    def import_key(self, path: Path) -> str:
        """Takes the store key from such a file, so that this computer can open faces; returns its id."""
        key_id = self._store.import_key(path)
        self._write(lambda t: self._audit(t, "store.import_key", detail={"key": key_id[:8]}))
        return key_id
