"""The store and the operator that a command acts as. Imports SQLAlchemy only when a command needs the store."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from facekd.errors import InputError
from facekd_db.errors import StoreError

if TYPE_CHECKING:
    from facekd_db.store import Store
    from facekd_ui.services.base import Desk
    from facekd_ui.services.everything import Services

PASSWORD = "FACEKD_PASSWORD"
NEW_PASSWORD = "FACEKD_NEW_PASSWORD"


def open_store(args: argparse.Namespace) -> "Store":
    """The store that --db-url, FACEKD_DB_URL or the settings name; nothing is connected yet."""
    from facekd_db.keys import open_keys
    from facekd_db.store import Store
    from facekd_ui.settings import database_address, load

    address = database_address(args.home, load(args.home), args.db_url)
    return Store(address, open_keys(args.home))


def open_desk(args: argparse.Namespace, store: "Store") -> "Desk":
    """The desk with the networks that the arguments name, where the command has such arguments."""
    from facekd.models import Registry
    from facekd_ui.services.base import Desk
    from facekd_ui.services.networks import Choice, Networks
    from facekd_ui.settings import load

    choice = Choice(
        getattr(args, "detector", None),
        getattr(args, "model", None),
        args.threads,
        getattr(args, "provider", "cpu"),
    )
    networks = Networks(Registry.from_environment(args.home), choice)
    return Desk.build(store, args.home, networks, load(args.home).desk_name)


@contextmanager
def logged_in(args: argparse.Namespace) -> Iterator["Services"]:
    """The services, for the operator of --as; logged out at the end.

    Raises:
        InputError: nobody was named, there is no password, or there is no store yet.
        LoginRefused, LockedOut: a wrong name or password.
    """
    from facekd_ui.services.everything import Services
    from facekd_ui.services.logins import Logins

    name = operator_name(args)
    store = open_store(args)
    try:
        require_store(store)
        desk = open_desk(args, store)
        logins = Logins(store, desk.name)
        session = logins.log_in(name, password(name), may_idle=True)
        try:
            yield Services.of(desk, session)
        finally:
            with suppress(StoreError):  # what the command did, or why it failed, is what counts
                logins.log_out(session)
    finally:
        store.close()


def operator_name(args: argparse.Namespace) -> str:
    """Whom the command acts as. Raises InputError when nobody was named."""
    if not args.as_operator:
        raise InputError(
            f"expected --as NAME, the operator to act as (password from a prompt or {PASSWORD}), got none"
        )
    return str(args.as_operator)


def password(name: str, variable: str = PASSWORD, question: str = "Password of {name}: ") -> str:
    """From the environment, or from a prompt. Raises InputError where there is neither."""
    given = os.environ.get(variable)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise InputError(f"expected a password in {variable} or a terminal to ask on, found neither")
    try:
        return getpass.getpass(question.format(name=name))
    except EOFError as error:
        raise InputError(f"expected a password at the prompt or in {variable}, got none") from error


class Bar:
    """Tells a progress bar how far long work is. Ctrl+C ends the command between two transactions."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._done = 0

    def progress(self, done: int, total: int, refused: int = 0) -> None:  # noqa: ARG002
        """Moves the bar."""
        self._advance(done - self._done)
        self._done = done

    def cancelled(self) -> bool:
        """Never: KeyboardInterrupt does it."""
        return False


def require_store(store: "Store") -> None:
    """Raises InputError where a SQLite file is missing: opening it would make an empty one."""
    path = Path(str(store.engine.url.database))
    if store.is_file and not path.exists():
        raise InputError(
            f"expected a store at {path}, found none; make one with facekd-cli store init --as NAME, or name another "
            "with --db-url"
        )
