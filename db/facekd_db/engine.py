"""From an address to an engine: what SQLite and MySQL need to behave alike and safely."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from facekd_db.errors import (
    BadStoreUrl,
    NotFound,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreUnavailable,
)

BUSY_S = 5.0
"""How long a SQLite writer waits for another one."""
CONNECT_S = 5
ANSWER_S = 60
READING = "facekd_reading"
"""Execution option of a connection on which nothing is going to be written."""
LOCAL = {"", "localhost", "127.0.0.1", "::1"}
EXAMPLES = "sqlite:////folder/facekd.db or mysql://user:password@server/facekd?ssl_ca=/folder/ca.pem"

_BUSY = {1020, 1205, 1213}  # MySQL: record changed, lock wait timeout, deadlock
_HANGS = {3024}  # MySQL: no answer in time
_FULL = {1021, 1114, 3675}  # MySQL: disk full, table full, tablespace full


def parse_url(url: str) -> URL:
    """The address with the driver that this package uses.

    `sqlite:///relative.db`, `sqlite:////absolute.db`, `mysql://...` and `mariadb://...` are understood. A server on
    another computer must be reached by TLS with its certificate checked (`?ssl_ca=FILE`), unless `?tls=off` says
    that the network is trusted.

    Raises:
        BadStoreUrl: with what was expected. The password never appears in the message.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as e:
        raise BadStoreUrl(f"expected a database address like {EXAMPLES}, got something else") from e
    backend = parsed.drivername.split("+")[0]
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise BadStoreUrl(
                "expected a file name in the SQLite address (sqlite:////folder/facekd.db), got none"
            )
        return parsed.set(drivername="sqlite")
    if backend not in ("mysql", "mariadb"):
        raise BadStoreUrl(f"expected an address like {EXAMPLES}, got one that begins with {backend!r}")
    if not parsed.database:
        raise BadStoreUrl("expected the name of a database at the end of the address, got none")
    # One driver name for both servers: the dialect finds out by itself which of them answers.
    return parsed.set(drivername="mysql+mysqlconnector")


def make_engine(url: URL, *, answer_s: int = ANSWER_S, pooled: bool = True) -> sa.Engine:
    """An engine for a parsed address; nothing is connected yet. A SQLite file must be there: `make_file`."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, min(BUSY_S, answer_s), {} if pooled else {"poolclass": sa.NullPool})
    address, arguments = _mysql_arguments(url)
    arguments |= {
        "use_pure": True,  # the C extension leaks errors that SQLAlchemy cannot translate
        "charset": "utf8mb4",
        "collation": "utf8mb4_unicode_ci",  # known to MySQL and MariaDB, unlike the driver's default
        "connection_timeout": min(CONNECT_S, answer_s),
        "read_timeout": answer_s,
        "write_timeout": answer_s,
        "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO",
        "time_zone": "+00:00",
    }
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_recycle": 1800, "pool_timeout": CONNECT_S}
    if not pooled:
        options = {"poolclass": sa.NullPool}
    return sa.create_engine(
        address, connect_args=arguments, isolation_level="REPEATABLE READ", hide_parameters=True, **options
    )


def _mysql_arguments(url: URL) -> tuple[URL, dict[str, object]]:
    query = dict(url.query)
    trusted = query.pop("tls", "on") == "off"
    remote = (url.host or "").lower() not in LOCAL and "unix_socket" not in query
    if trusted:
        return url.set(query=query), {"ssl_disabled": True} if remote else {}
    if "ssl_ca" in query:
        ca = str(query["ssl_ca"])
        if not Path(ca).is_file():
            raise BadStoreUrl(
                f"expected the certificate of the server's authority at {ca}, found no such file"
            )
        # A certificate that is made for a name cannot vouch for 127.0.0.1, where nobody listens in anyway.
        return url.set(query=query), {"ssl_verify_cert": True, "ssl_verify_identity": remote}
    if remote:
        raise BadStoreUrl(
            f"the database server {url.host} is another computer: add ?ssl_ca=FILE (the certificate of its authority) "
            "to the address, or ?tls=off if the network between is trusted"
        )
    return url.set(query=query), {}


def file_of(url: URL) -> Path:
    """Where the file of a SQLite address lies."""
    return Path(str(url.database)).absolute()


def make_file(url: URL) -> None:
    """An empty database file, with its folder, that only its owner may read; one that is there stays as it is.

    Raises:
        StoreUnavailable: the folder or the file cannot be made.
    """
    path = file_of(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):  # -wal and -shm follow its mode
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as e:
        raise StoreUnavailable(
            f"expected room for the database file {path}, cannot make it ({e.strerror}); check the folder and its disk"
        ) from e


def _sqlite(url: URL, busy_s: float, options: dict[str, Any]) -> sa.Engine:
    path = file_of(url)
    engine = sa.create_engine(url, connect_args={"timeout": busy_s}, hide_parameters=True, **options)

    @sa.event.listens_for(engine, "do_connect")
    def existing_file(_dialect: object, _record: object, cargs: list[Any], cparams: dict[str, Any]) -> None:
        # Never made here: an empty database in the place of a lost one would look like a first start.
        cargs[0] = f"{path.as_uri()}?mode=rw"
        cparams["uri"] = True

    @sa.event.listens_for(engine, "checkout")
    def still_that_file(_connection: object, record: Any, _proxy: object) -> None:
        # An open file goes on working when it was moved away or another one took its place.
        if record.info["file"] != _identity(path):
            raise sa.exc.DisconnectionError

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = _identity(path)
        connection.isolation_level = None  # this module says BEGIN, not the driver
        for pragma in (
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",  # what was confirmed survives a power cut
            "secure_delete=ON",  # what was deleted is overwritten
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get(READING, False)
        # A writer takes its lock at once: upgrading a read lock later could fail without waiting.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def translate(error: DBAPIError | PoolTimeout, where: str) -> StoreError | None:
    """What a driver's error means for the caller, or None when it is a programming mistake."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"no connection to {where} became free in time; try again")
    cause = error.orig
    if isinstance(error, sa.exc.IntegrityError):
        # A foreign key that points nowhere: what this refers to was erased by another client meanwhile.
        gone = getattr(cause, "sqlite_errorcode", None) or getattr(cause, "errno", None)
        if gone in (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, 1216, 1452):
            return NotFound(
                f"what this refers to is not in {where} (any more); nothing was written; look again"
            )
        return None
    if isinstance(cause, sqlite3.Error):
        return _translate_sqlite(cause, where)
    number = getattr(cause, "errno", None)
    if number in _BUSY:
        return StoreBusy(f"another client holds what was to be written in {where}; try again")
    if number in _FULL:
        return StoreFull(f"{where} has no room left; nothing was written; make room and try again")
    if number in (1044, 1045, 1142, 1143, 1227):
        return StoreError(f"{where} refused the account or the statement ({_short(cause)})")
    # The driver's own class for a server that hangs is none of those that SQLAlchemy knows.
    hangs = number in _HANGS or type(cause).__name__.endswith("TimeoutError")
    if (
        hangs
        or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        or error.connection_invalidated
    ):
        return StoreUnavailable(f"{where} does not answer ({_short(cause)}); nothing was written")
    return None


def _translate_sqlite(cause: sqlite3.Error, where: str) -> StoreError | None:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"another program is writing to {where}; try again")
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"the disk of {where} is full; nothing was written; make room and try again")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(f"{where} is damaged ({cause}); restore a backup")
    if code in (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    ):
        return StoreUnavailable(
            f"{where} cannot be used ({cause}); check the folder, its rights and its disk"
        )
    return None


def _short(cause: BaseException | None) -> str:
    text = getattr(cause, "msg", None) or str(cause)
    return str(text).splitlines()[0][:200] if text else type(cause).__name__


def place(url: URL) -> str:
    """The database in words, without a password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    options: Mapping[str, object] = url.query
    return f"the database {url.database} on {options.get('unix_socket') or url.host or 'localhost'}"
