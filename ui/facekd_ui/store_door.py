"""The way to the store: which one, opening it off the interface thread, and what the login says when it is away."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from facekd.errors import FacekdError
from facekd_db.backup import restore_lost
from facekd_db.errors import (
    BadStoreUrl,
    SchemaTooNew,
    SchemaTooOld,
    StoreError,
    StoreMissing,
    StoreUnavailable,
)
from facekd_db.store import Store
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.local import LocalSettings
from facekd_ui.opening import open_desk, remembering
from facekd_ui.pages.failures import explain
from facekd_ui.pages.login import LoginPage
from facekd_ui.services.base import Desk
from facekd_ui.services.networks import Networks
from facekd_ui.settings import database_address, remember_database
from facekd_ui.workers.tasks import Tasks

log = logging.getLogger(__name__)
RETRY_S = 8.0


class StoreDoor(QObject):
    """Opens the store; `opened(Desk, whether there is no account yet)` comes, or the login says why not.

    Args:
        given: the address that was named at the start.
        networks: for tests; otherwise as the settings say.
        login: the login page, made when there is none.
    """

    opened = Signal(object, bool)

    def __init__(
        self,
        home: Path,
        local: LocalSettings,
        given: str | None,
        networks: Networks | None,
        tasks: Tasks,
        login: Callable[[], LoginPage],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._home, self._local, self._given = home, local, given
        self._networks, self._tasks, self._login = networks, tasks, login

    @property
    def address(self) -> str:
        """Of the store that the settings or the start name."""
        return database_address(self._home, self._local.now, self._given)

    @property
    def is_named(self) -> bool:
        """Whether the store was named at the start, so that the first run has nothing to ask."""
        return bool(self._given or os.environ.get("FACEKD_DB_URL"))

    @property
    def is_new(self) -> bool:
        """No store was ever chosen on this computer."""
        now = self._local.now
        return not (self.is_named or now.database or now.stores or (self._home / "facekd.db").exists())

    def open(self, address: str) -> tuple[Desk, bool]:
        """`opening.open_desk`; on the store's thread."""
        return open_desk(address, self._home, self._local.now, self._networks)

    def choose(self, address: str) -> tuple[Desk, bool]:
        """Opens what the first run chose ("" for this computer) and keeps it in the settings; on the store's thread."""
        settings = remember_database(self._local.now, address)
        wanted = address or database_address(self._home, replace(settings, database=""), self._given)
        found = self.open(wanted)
        self._local.now = settings
        return found

    def remember(self, desk: Desk) -> None:
        """From now on the absence of this store is a loss and no first start."""
        stores = remembering(self._local.now.stores, desk.store.where)
        if stores != self._local.now.stores:
            self._local.change(stores=stores)

    def begin(self, over: LoginPage | None = None) -> None:
        """Opens the store of the settings."""
        address = self.address
        self._tasks.run(
            lambda _progress: self.open(address),
            lambda found: self.opened.emit(*found),
            self._not_opened,
            over=over,
        )

    def _not_opened(self, error: Exception) -> None:
        login = self._login()
        match error:
            case StoreMissing():
                login.show_lost(relayed(error), self._again, self._restore_lost)
            case StoreUnavailable():
                login.show_away(error, RETRY_S, self._again)
            case SchemaTooNew() | SchemaTooOld() | BadStoreUrl() | StoreError() | FacekdError():
                login.show_refusal(explain(error), relayed(error) if isinstance(error, SchemaTooNew) else "")
            case _:
                login.show_refusal(explain(error), "")
                log.error("the store could not be opened", exc_info=error)

    def _again(self) -> None:
        self.begin(self._login())

    def _restore_lost(self, backup: Path) -> None:
        """Brings a backup into the place of the lost store; with it come its accounts."""
        address = self.address
        self._tasks.run(
            lambda _progress: restore_lost(backup, Store(address)),
            lambda _report: self._again(),
            lambda error: self._login().show_lost(explain(error), self._again, self._restore_lost),
            over=self._login(),
            title=T("Restoring the backup"),
        )


def where_words(desk: Desk) -> Text:
    """Where the store is, for the login."""
    return T("this computer") if desk.store.is_file else relayed(desk.store.where, whole=False)
