"""What belongs to this computer only: look, language, which database. Everything shared lies in the store.

The file is `settings.toml` in the home folder. The database's password is never in it: it comes from the address in
FACEKD_DB_URL or `--db-url`, or from the keyring of this computer.
"""

import os
import platform
import tomllib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import keyring
import msgspec
from keyring.errors import KeyringError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from facekd.config_table import ConfigError, decode, toml_text
from facekd.errors import InputError

FILE = "settings.toml"
KEYRING = "facekd database"
HEADER = "FaceKD on this computer. No password belongs in here; see the README for where it goes."


@dataclass(frozen=True, slots=True)
class Look:
    """How the window appears."""

    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["system", "en", "zh_CN"] = "system"
    text_percent: Annotated[int, msgspec.Meta(ge=90, le=150)] = 100


@dataclass(frozen=True, slots=True)
class Recognising:
    """What this computer recognises with. Empty names mean the default model."""

    detector: str = ""
    provider: str = "cpu"
    threads: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0  # 0: all cores
    long_side_px: Annotated[int, msgspec.Meta(ge=160, le=4096)] = 640  # of the frame that the detector sees


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in the file."""

    database: str = ""  # address without password; empty: a file in the home folder
    desk: str = ""  # how this computer is called in records and in the audit log; empty: its network name
    camera: str = ""  # name of the camera that opens with the window; its address lies in the store
    configured: bool = False  # the first run is over
    stores: tuple[str, ...] = ()  # where people worked from here: when nobody is there any more, it was lost
    look: Look = Look()
    recognising: Recognising = Recognising()
    window: dict[str, str] = field(default_factory=dict)  # sizes and positions, as the window wrote them

    @property
    def desk_name(self) -> str:
        """The desk's name, never empty."""
        return self.desk or platform.node() or "desk"


def load(home: Path) -> Settings:
    """The settings of a home folder; the defaults where there is no file.

    Raises:
        ConfigError: the file is no TOML, or has an unknown key or a wrong value; the message names it.
    """
    path = home / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(f"{path}: expected settings in TOML, got {e}; mend or remove the file") from e
    settings: Settings = decode(table, Settings, str(path))
    if password_of(settings.database):
        raise ConfigError(
            f"{path}: the database address holds a password, and this file is no place for one; take it out and give "
            "the whole address in FACEKD_DB_URL, or log in once through the window, which keeps it in the keyring"
        )
    return settings


def save(home: Path, settings: Settings) -> None:
    """Writes the settings; either the old file or the new one, never half of one.

    Raises:
        ValueError: the database address holds a password; `remember_database` takes it out.
        InputError: the folder cannot be written.
    """
    if password_of(settings.database):
        raise ValueError("expected a database address without password; use remember_database")
    path = home / FILE
    part = path.with_name(f"{FILE}.{os.getpid()}.part")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(toml_text(asdict(settings), HEADER))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as e:
        raise InputError(f"{path}: cannot be written ({e.strerror}); check the folder and its disk") from e


def remember_database(settings: Settings, address: str) -> Settings:
    """The settings with a new address; a password in it goes into the keyring.

    Raises:
        InputError: there is a password and no keyring that would take it.
    """
    url = _parsed(address)
    if url is None or url.password is None:
        return replace(settings, database=address)
    bare = _without_password(url)
    try:
        keyring.set_password(KEYRING, bare, str(url.password))
    except KeyringError as e:
        raise InputError(
            "this computer has no keyring that would keep the database's password; start FaceKD with the whole "
            "address in FACEKD_DB_URL instead"
        ) from e
    return replace(settings, database=bare)


def database_address(home: Path, settings: Settings, given: str | None = None) -> str:
    """The address of the store: `given`, else FACEKD_DB_URL, else the settings', else a file in the home folder."""
    named = given or os.environ.get("FACEKD_DB_URL") or ""
    if named:
        return named
    if not settings.database:
        return URL.create("sqlite", database=str(home.absolute() / "facekd.db")).render_as_string()
    url = _parsed(settings.database)
    if url is None or url.username is None:
        return settings.database
    try:
        password = keyring.get_password(KEYRING, settings.database)
    except KeyringError:
        password = None  # the server says that it wants one
    return settings.database if password is None else url.set(password=password).render_as_string(False)


def password_of(address: str) -> str | None:
    """The password within an address, if there is one."""
    url = _parsed(address)
    return None if url is None or url.password is None else str(url.password)


def _without_password(url: URL) -> str:
    return URL.create(
        url.drivername, url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string(hide_password=False)


def _parsed(address: str) -> URL | None:
    try:
        return make_url(address) if address else None
    except (ArgumentError, ValueError):
        return None  # whoever opens the store says what is wrong with it
