"""Locking the window: the login page over it, for the same operator or for another."""

import logging
from importlib.metadata import version

from facekd_ui.i18n.language import Language
from facekd_ui.pages.login import LoginPage
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.session import Session
from facekd_ui.store_door import where_words
from facekd_ui.theme.theme import Theme
from facekd_ui.workers.tasks import Tasks

log = logging.getLogger(__name__)


class Locking:
    """Locks sessions and makes the page that unlocks them."""

    def __init__(self, theme: Theme, language: Language, store_tasks: Tasks, work_tasks: Tasks) -> None:
        self._theme, self._language = theme, language
        self._store_tasks, self._work_tasks = store_tasks, work_tasks

    def page(self, desk: Desk, session: Session, *, idle: bool) -> LoginPage:
        """Locks the session and returns the page; its `entered` comes when the operator is back.

        Args:
            idle: nobody asked for it; for the audit log.
        """
        logins = Logins(desk.store, desk.name)
        self._store_tasks.run(
            lambda _progress: logins.lock(session, idle=idle),
            lambda _none: None,
            lambda error: log.info("the lock has no audit row: %s", error),
        )

        def unlock(_name: str, password: str) -> Session:
            logins.unlock(session, password)
            return session

        about = (version("facekd"), desk.name)
        page = LoginPage(
            unlock, self._work_tasks, self._theme, self._language, about, locked_by=session.operator.name
        )
        page.open_store(unlock, where_words(desk))
        return page
