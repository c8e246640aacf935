"""The program in one window: opening the store, first run, login, work, locked; and the way back when it ends.

`App` walks through these states; everything is made here and handed to constructors.
"""

import logging
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from facekd_ui.first_steps import FirstSteps
from facekd_ui.home import sample_video
from facekd_ui.i18n.language import Language, language_code
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.local import LocalSettings
from facekd_ui.locking import Locking
from facekd_ui.pages.failures import explain
from facekd_ui.pages.first_run import FirstRunPage
from facekd_ui.pages.login import LoginPage
from facekd_ui.pages.new_password import NewPasswordPage
from facekd_ui.reports import Reports
from facekd_ui.services.account import Account
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Networks
from facekd_ui.services.shared import Shared
from facekd_ui.session import Session
from facekd_ui.settings import Look
from facekd_ui.shell.window import MainWindow
from facekd_ui.store_door import StoreDoor, where_words
from facekd_ui.theme.icons import app_icon
from facekd_ui.theme.theme import Theme
from facekd_ui.workers.tasks import Tasks
from facekd_ui.workplace import Workplace

log = logging.getLogger(__name__)
RETRY_S = 8.0
DRAIN_MS = 3000


class App(QObject):
    """The program in one window.

    Args:
        app: Qt's.
        home: the home folder.
        address: of the store, when it was named at the start.
        networks: for tests; otherwise as the settings say.
        reports: what the last run left, and where mistakes are told.
    """

    entered = Signal()
    """Somebody works in the window."""

    def __init__(
        self,
        app: QApplication,
        home: Path,
        address: str | None = None,
        *,
        networks: Networks | None = None,
        reports: Reports | None = None,
        theme: Theme | None = None,
        language: Language | None = None,
    ) -> None:
        """Raises ConfigError: the settings cannot be used."""
        super().__init__(app)
        self.local = LocalSettings(home)
        self._home = home
        look = self.local.now.look
        self.theme = theme or Theme(app, look.theme, look.text_percent / 100)
        self.language = language or Language(app, language_code(look.language))
        self.store_tasks, self.work_tasks = Tasks(1, self), Tasks(2, self)
        self.window = MainWindow(self.theme, self.language, self.store_tasks)
        self.window.setWindowIcon(app_icon())
        self._reports = reports
        self._door = StoreDoor(home, self.local, address, networks, self.store_tasks, self._login_shown, self)
        self.desk: Desk | None = None
        self.login: LoginPage | None = None
        self.first_run: FirstRunPage | None = None
        self.work: Workplace | None = None
        self._locking = Locking(self.theme, self.language, self.store_tasks, self.work_tasks)
        self._first_steps = FirstSteps(home, self.local, self.theme, self.language, self.store_tasks, self)
        self._closed = False
        self._connect()

    def _connect(self) -> None:
        bar = self.window.top_bar
        bar.lock_asked.connect(lambda: self.lock(idle=False))
        bar.log_out_asked.connect(lambda: self.log_out())
        bar.switch_user_asked.connect(lambda: self.log_out())
        bar.store_asked.connect(lambda: self._go("settings", "database"))
        bar.cameras_asked.connect(lambda: self._go("live"))
        bar.alerts_asked.connect(lambda: self._go("records"))
        self.theme.changed.connect(self._keep_look)
        self.language.changed.connect(self._keep_look)
        self.window.closing.connect(self.shut_down)
        self._door.opened.connect(self._opened)
        self._first_steps.done.connect(self._first_run_over)
        self._first_steps.failed.connect(self._tell_failure)
        if self._reports is not None:
            self._reports.mistake.connect(self._show_mistake)

    # -- beginning

    def start(self) -> None:
        """Shows the window; the store is opened behind it."""
        place = self.local.now.window.get("place")
        if place:
            self.window.restore(bytes(QByteArray.fromBase64(place.encode()).data()))
        else:  # small screens must not hide the buttons at the bottom
            room = self.window.screen().availableSize()
            self.window.resize(min(1440, room.width()), min(900, room.height() - 32))
        if self._door.is_new:
            self._show_first_run()
        else:
            self._show_login()
            self.open_store()
        self.window.show()

    def open_store(self) -> None:
        """Opens the store off the interface thread; then login, first run, or why it cannot be."""
        self._door.begin(self.login)

    def _opened(self, desk: Desk, is_first: bool) -> None:
        before, self.desk = self.desk, desk
        if before is not None:  # the store was away
            before.store.close()
        if is_first:
            self._show_first_run()
            return
        self._door.remember(desk)
        self._arm_login()

    def _login_shown(self) -> LoginPage:
        if self.login is None:
            self._show_login()
        assert self.login is not None
        return self.login

    # -- login

    def _show_login(self) -> None:
        about = (version("facekd"), self.local.now.desk_name)
        self.login = LoginPage(None, self.work_tasks, self.theme, self.language, about)
        self.login.entered.connect(self._logged_in)
        self.window.show_full(self.login)
        if self._reports is not None and self._reports.unclean is not None:
            self.login.show_note(
                "warning",
                T("FaceKD did not close properly last time."),
                T("What happened stands in {file}.", file=str(self._reports.log_file)),
            )
            self._reports.unclean = None

    def _arm_login(self, note: tuple[str, Text | str] | None = None) -> None:
        login, desk = self._login_shown(), self.desk
        assert desk is not None
        keys = desk.store.keys
        warning = relayed(keys.warning) if keys and keys.warning else None
        login.open_store(Logins(desk.store, desk.name).log_in, where_words(desk), warning)
        if note is not None:
            login.show_note(*note)

    @Slot(object)
    def _logged_in(self, session: Session) -> None:
        assert self.desk is not None
        if session.operator.must_change_password:
            account = Account(self.desk, session)
            page = NewPasswordPage(session.operator.name, account.change_password, self.work_tasks)
            page.changed.connect(lambda: self._enter(session))
            page.given_up.connect(lambda: self._back_to_login())
            self.window.show_full(page)
        else:
            self._enter(session)

    def _enter(self, session: Session, first: str = "", what: object = None) -> None:
        assert self.desk is not None
        self.login = self.first_run = None
        self.work = Workplace(
            self.window,
            self.desk,
            session,
            self.local,
            self.store_tasks,
            self.work_tasks,
            sample_video(self._home),
            self,
        )
        self.work.locked.connect(lambda idle: self.lock(idle=idle))
        self.work.ended.connect(lambda why: self._back_to_login(("warning", why)))
        self.work.open(first, what)
        if self._reports is not None and self._reports.unclean is not None:
            self._reports.unclean = None
        self.entered.emit()

    def _go(self, key: str, what: object = None) -> None:
        if self.work is not None:
            self.work.go(key, what)

    # -- locking and leaving

    def lock(self, *, idle: bool) -> None:
        """The login page over the running window, for the same operator or for another."""
        if self.work is None or self.desk is None or not self.window.shows_chrome:
            return
        self.work.pause()
        page = self._locking.page(self.desk, self.work.session, idle=idle)
        page.entered.connect(self._unlocked)
        page.switch_asked.connect(lambda: self.log_out())
        self.window.show_full(page)
        page.password.setFocus()

    @Slot(object)
    def _unlocked(self, _session: object) -> None:
        if self.work is not None:
            self.window.show_chrome()
            self.work.resume()

    def log_out(self) -> None:
        """Ends the session and shows the login."""
        if self.work is not None:
            self.work.log_out()
        self._back_to_login()

    def _back_to_login(self, note: tuple[str, Text | str] | None = None) -> None:
        away = self.work is not None and not self.work.store_is_there
        self._leave_work()
        self._show_login()
        if away:
            self.open_store()  # the login says why it is away, and tries again
        else:
            self._arm_login(note)

    def _leave_work(self) -> None:
        if self.work is not None:
            self.work.close()
            self.work.deleteLater()
            self.work = None

    # -- first run

    def _show_first_run(self) -> None:
        given = self.desk.store.where if self.desk is not None else ""
        page = self._first_steps.page(given, self._make_store, self._create_first)
        page.has_accounts.connect(self._has_accounts)
        self.first_run, self.login = page, None
        self.window.show_full(page)

    def _make_store(self, address: str) -> bool:
        """Opens the chosen store; whether there is no account yet. Runs on the store's thread."""
        if self.desk is not None and (self._door.is_named or address == self.local.now.database):
            return Logins(self.desk.store, self.desk.name).is_first_run()
        self.desk, is_first = self._door.choose(address)
        return is_first

    def _create_first(self, name: str, password: str) -> Session:
        assert self.desk is not None
        return Logins(self.desk.store, self.desk.name).create_first(name, password)

    @Slot()
    def _has_accounts(self) -> None:
        self.local.change(configured=True)
        assert self.desk is not None
        self._door.remember(self.desk)
        self.first_run = None
        self._show_login()
        self._arm_login(("info", T("This database is in use already. Log in with an account of it.")))

    @Slot(object, str)
    def _first_run_over(self, session: Session, first: str) -> None:
        assert self.desk is not None
        self._door.remember(self.desk)
        self._first_steps.keep(Shared(self.desk, session))
        self._enter(session, first)

    def _tell_failure(self, error: Exception) -> None:
        self.window.toasts.show(explain(error), icon="error", token="danger")

    # -- the rest

    @Slot()
    def _keep_look(self) -> None:
        look = self.local.now.look
        wanted = Look(
            self.theme.mode,  # type: ignore[arg-type]  # one of the theme's modes
            look.language if language_code(look.language) == self.language.code else self.language.code,  # type: ignore[arg-type]
            round(self.theme.scale * 100),
        )
        if wanted != look and not self._closed:
            self.local.change(look=wanted)

    @Slot(str, str)
    def _show_mistake(self, summary: str, details: str) -> None:
        def copy() -> None:
            QGuiApplication.clipboard().setText(details)

        self.window.toasts.show(
            T("FaceKD made a mistake ({what}). It stands in the log.", what=summary),
            icon="error",
            token="danger",
            action=(T("Copy details"), copy),
        )

    def end(self) -> None:
        """Closes the window without a question: the desktop's session ends. A run that trains goes on by itself."""
        self.window.may_close = None
        QApplication.closeAllWindows()

    @Slot()
    def shut_down(self) -> None:
        """Cameras, mailboxes and threads first, then the pools, then the store; each with a time limit."""
        if self._closed:
            return
        self._closed = True
        place = bytes(QByteArray(self.window.place()).toBase64().data()).decode()
        if self.local.now.configured:
            self.local.change(window={**self.local.now.window, "place": place})
        if self.work is not None:
            self.work.log_out()
            self._leave_work()
        if self.first_run is not None:
            self.first_run.shut_down()
        for name, tasks in (("work", self.work_tasks), ("store", self.store_tasks)):
            if not tasks.drain(DRAIN_MS):
                log.warning("the %s pool did not end within %d ms", name, DRAIN_MS)
                tasks.stop(0)
        if self.desk is not None:
            self.desk.store.close()
