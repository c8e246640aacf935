"""The store as others see it: an address, transactions, and what keeps the database healthy."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from facekd_db import migrate
from facekd_db.audit import Audit
from facekd_db.cameras import Cameras
from facekd_db.consents import Consents
from facekd_db.crops import Crops
from facekd_db.deployments import Deployments
from facekd_db.engine import (
    ANSWER_S,
    BUSY_S,
    READING,
    file_of,
    make_engine,
    make_file,
    parse_url,
    place,
    translate,
)
from facekd_db.erasures import Erasures
from facekd_db.errors import KeyMissing, StoreBusy, StoreError, StoreMissing, StoreUnavailable
from facekd_db.events import Events
from facekd_db.gallery import Gallery
from facekd_db.groups import Groups
from facekd_db.keys import KEY_BYTES, KeyStore, fingerprint, read_key, write_key
from facekd_db.lockouts import Lockouts
from facekd_db.merges import Merges
from facekd_db.models import Models
from facekd_db.operators import Operators
from facekd_db.passwords import Cost, Hasher, calibrate
from facekd_db.people import People
from facekd_db.quarantine import set_aside
from facekd_db.queries import Context
from facekd_db.sessions import Sessions
from facekd_db.settings import Settings
from facekd_db.templates import Templates
from facekd_db.vault import Vault

T = TypeVar("T")
PING_S = 1  # the driver takes whole seconds
PATIENCE_S = 2 * BUSY_S
"""How long `Store.run` tries again while others are in the way."""
COST_SETTING = "security.argon2id"
LINEAGE_SETTING = "store.id"
"""Tells a store and its backups from other stores."""


def utc_now() -> datetime:
    """This computer's time in UTC."""
    return datetime.now(UTC)


class Tables:
    """The queries of one transaction, by family."""

    def __init__(self, context: Context) -> None:
        self.now = context.now
        self.connection = context.connection  # for what goes over whole tables, such as a restore
        self.people = People(context)
        self.groups = Groups(context)
        self.merges = Merges(context)
        self.consents = Consents(context)
        self.crops = Crops(context)
        self.templates = Templates(context)
        self.gallery = Gallery(context)
        self.models = Models(context)
        self.deployments = Deployments(context)
        self.operators = Operators(context)
        self.sessions = Sessions(context)
        self.lockouts = Lockouts(context)
        self.settings = Settings(context)
        self.cameras = Cameras(context)
        self.events = Events(context)
        self.erasures = Erasures(context)
        self.audit = Audit(context)
        self.vault = context.vault


class Store:
    """One database. Threads may share it: each transaction has its own connection.

    Args:
        url: see `engine.parse_url`.
        keys: where the store key lies; without it everything but faces and camera addresses can be used.
        answer_s: seconds that a server may take for one answer before it counts as away.
        clock: gives the aware time in UTC; tests turn it.
    """

    def __init__(
        self,
        url: str,
        keys: KeyStore | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
        answer_s: int = ANSWER_S,
    ) -> None:
        self._url = parse_url(url)
        self.engine = make_engine(self._url, answer_s=answer_s)
        self._probe = make_engine(self._url, answer_s=PING_S, pooled=False)
        self.where = place(self._url)
        self.keys = keys
        self.now = clock
        self._checked = False
        self._hasher: Hasher | None = None
        self._hasher_lock = threading.Lock()

    @property
    def is_file(self) -> bool:
        """Whether the database is a file of this computer (SQLite)."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """All or nothing: commits at the end of the block, rolls back when it raises.

        Raises:
            SchemaTooNew, SchemaTooOld: before the block runs.
            StoreUnavailable, StoreBusy, StoreFull, StoreDamaged: nothing was written.
        """
        with self._block(reading=False) as tables:
            yield tables

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """One consistent picture of the database. Writers are not kept waiting; nothing should be written here."""
        with self._block(reading=True) as tables:
            yield tables

    def run(self, work: Callable[[Tables], T], attempts: int = 5) -> T:
        """Runs `work` in a transaction, and again when another client was in its way, for `PATIENCE_S` at most.

        `work` must be safe to repeat: it does nothing outside of the transaction.
        """
        end = time.monotonic() + PATIENCE_S
        for _ in range(attempts - 1):
            try:
                with self.transaction() as tables:
                    return work(tables)
            except StoreBusy:
                if time.monotonic() >= end:
                    raise
        with self.transaction() as tables:
            return work(tables)

    def ping(self) -> None:
        """Looks at the database through a connection of its own, which nothing that hangs can hold up.

        Raises:
            StoreUnavailable: it does not answer within a second, or its file cannot be written.
            StoreMissing: its file is not there.
        """
        with self._translated(), self._probe.connect() as connection:
            if self.is_file:
                connection = connection.execution_options(**{READING: True})
                self._require_writable()
            migrate.check(connection, self.where)

    def upgrade(self) -> None:
        """Makes or upgrades the schema, and the store key of a new database. Safe to call at every start.

        Raises:
            SchemaTooNew: the database was made by a newer program.
        """
        if self.is_file:
            make_file(self._url)
        with self._translated():
            with self.engine.connect() as connection:
                found = migrate.current(connection)
            if found != migrate.HEAD:
                migrate.to_revision(self.engine, migrate.HEAD, self.where)
        self._checked = False
        self.run(self._complete)

    def migrate_to(self, revision: str) -> None:
        """Up or down to one revision, or "base". Going down removes the tables that came later."""
        if self.is_file:
            make_file(self._url)
        with self._translated():
            migrate.to_revision(self.engine, revision, self.where)
        self._checked = False

    def rotate_key(self) -> int:
        """Wraps every person's key by a new store key and forgets the old one; returns how many were wrapped.

        Backups made before can then no longer be decrypted, and other computers need the new key.
        """
        if self.keys is None:
            raise ValueError("expected a store opened with keys; open it with keys to rotate them")
        keys = self.keys
        new_id = keys.put(secrets.token_bytes(KEY_BYTES))  # first the key, then what needs it
        try:
            with self.transaction() as t:
                t.gallery.lock()
                old = t.vault.active_store_key()
                done = t.vault.rotate(new_id)
        except BaseException:
            # A connection that breaks at the commit leaves open whether the new key is needed: then keep both.
            with suppress(StoreError), self.reading() as t:
                if not t.vault.knows_store_key(new_id):
                    keys.remove(new_id)
            raise
        keys.remove(old)
        return done

    def export_key(self, path: Path) -> str:
        """Writes the store key into a new private file, for safekeeping or another computer; returns its id."""
        with self.reading() as t:
            key_id = t.vault.active_store_key()
        key = self.keys.get(key_id) if self.keys is not None else None
        if key is None:
            raise KeyMissing(
                f"this computer does not hold the store key {key_id[:8]}; export it from one that does"
            )
        write_key(path, key)
        return key_id

    def import_key(self, path: Path) -> str:
        """Takes a store key from a file that `export_key` wrote, if it is one of this database's; returns its id."""
        if self.keys is None:
            raise ValueError("expected a store opened with keys; open it with keys to import one")
        key = read_key(path)
        with self.reading() as t:
            if not t.vault.knows_store_key(fingerprint(key)):
                raise KeyMissing(
                    f"the key in {path} is not one of {self.where}; export the key on a computer that opens its faces"
                )
        return self.keys.put(key)

    def scrub(self) -> bool:
        """Empties free pages and the log of a database file of what was deleted; False on a server.

        On a server the destroyed keys make what its files still hold unreadable; names are its administrator's care.
        """
        if not self.is_file:
            return False
        with self._translated():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                cursor.execute(
                    "PRAGMA busy_timeout = 1000"
                )  # a reader may take its time; the caller comes again
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
                cursor.close()
            except self.engine.dialect.loaded_dbapi.Error as e:
                raise DBAPIError("VACUUM", None, e) from e
            finally:
                connection.close()
        return not busy

    def hasher(self) -> Hasher:
        """Hashes passwords at the cost that was calibrated for this store, once, and is kept in its settings."""
        with self._hasher_lock:
            if self._hasher is None:
                with self.reading() as t:
                    cost = Cost.from_json(t.settings.get(COST_SETTING))
                if cost is None:
                    fresh = calibrate()
                    self.run(lambda t: t.settings.put(COST_SETTING, fresh.to_json()))
                    cost = fresh
                self._hasher = Hasher(cost)
            return self._hasher

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    def _complete(self, t: Tables) -> None:
        t.gallery.lock()  # two computers that start at once make one key, not two
        if t.settings.get(LINEAGE_SETTING) is None:
            t.settings.put(LINEAGE_SETTING, secrets.token_hex(16))
        if self.keys is not None and not t.vault.has_store_key():
            t.vault.add_store_key(self.keys.put(secrets.token_bytes(KEY_BYTES)))

    @contextmanager
    def connection(self, *, reading: bool) -> Iterator[sa.Connection]:
        """One transaction without the query classes, for what goes over whole tables."""
        with self._translated():
            if not self._checked:
                with self.engine.connect() as connection:
                    migrate.check(connection.execution_options(**{READING: True}), self.where)
                self._checked = True
            options: dict[str, object] = {READING: reading}
            if not self.is_file and not reading:
                options["isolation_level"] = (
                    "READ COMMITTED"  # a writer sees what others committed before it waited
                )
            with self.engine.connect() as connection:
                connection = connection.execution_options(**options)
                with connection.begin():
                    yield connection

    @contextmanager
    def _block(self, *, reading: bool) -> Iterator[Tables]:
        now = self.now()
        context: Context | None = None
        try:
            with self.connection(reading=reading) as connection:
                context = Context(connection, now, Vault(connection, self.keys, now))
                yield Tables(context)
        finally:
            # Also after an error: that a row does not open may be the reason of the error.
            if context is not None and context.damaged:
                self._set_aside(context)

    def _set_aside(self, seen: Context) -> None:
        with self.connection(reading=False) as connection:
            set_aside(Context(connection, seen.now, seen.vault), seen.damaged)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as e:
            known = translate(e, self.where)
            if known is None:
                raise
            if self.is_file and not file_of(self._url).exists():
                known = StoreMissing(
                    f"{self.where} is not there: it was moved or deleted, or its disk is not connected; bring it "
                    "back, or restore a backup"
                )
            raise known from e

    def _require_writable(self) -> None:
        path = file_of(self._url)
        # SQLite opens what it may not write without a word, and beside the file it needs a place for its log.
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
            raise StoreUnavailable(
                f"{self.where} cannot be written; check the rights of the file and its folder"
            )
