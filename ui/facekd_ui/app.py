"""The application: settings, store, services, login or first run, window; and the way back when it ends.

`main` is what a double-click starts. `App` walks through the states: opening the store, first run, login, work,
locked; everything is made here and handed to constructors.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QByteArray, QLocale, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from facekd.config_table import ConfigError
from facekd.errors import FacekdError
from facekd.models import Registry
from facekd_db.errors import BadStoreUrl, SchemaTooNew, SchemaTooOld, StoreError, StoreUnavailable
from facekd_db.keys import open_keys
from facekd_db.store import Store
from facekd_ui import launcher
from facekd_ui.home import default_home
from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.instance import SingleInstance
from facekd_ui.local import LocalSettings
from facekd_ui.pages.failures import explain, sentence
from facekd_ui.pages.first_run import Answers, FirstRunPage, Setup
from facekd_ui.pages.login import LoginPage
from facekd_ui.pages.new_password import NewPasswordPage
from facekd_ui.reports import Reports
from facekd_ui.services.account import Account
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.shared import Shared
from facekd_ui.session import Session
from facekd_ui.settings import Look, database_address, remember_database
from facekd_ui.shell.window import MainWindow
from facekd_ui.theme.icons import app_icon
from facekd_ui.theme.theme import Theme
from facekd_ui.workers.tasks import Tasks
from facekd_ui.workplace import Workplace

log = logging.getLogger(__name__)
RETRY_S = 8.0
DRAIN_MS = 3000
SAMPLE = "sample.mp4"


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
        self._home, self._given = home, address
        look = self.local.now.look
        self.theme = theme or Theme(app, look.theme, look.text_percent / 100)
        self.language = language or Language(app, language_code(look.language))
        self.store_tasks, self.work_tasks = Tasks(1, self), Tasks(2, self)
        self.window = MainWindow(self.theme, self.language, self.store_tasks)
        self.window.setWindowIcon(app_icon())
        self._networks = networks
        self._reports = reports
        self.desk: Desk | None = None
        self.login: LoginPage | None = None
        self.first_run: FirstRunPage | None = None
        self.work: Workplace | None = None
        self._fresh_session: Session | None = None
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
        if self._is_new:
            self._show_first_run()
        else:
            self._show_login()
            self.open_store()
        self.window.show()

    @property
    def _address(self) -> str:
        return database_address(self._home, self.local.now, self._given)

    @property
    def _named(self) -> bool:
        """Whether the store was named at the start, so that the first run has nothing to ask."""
        return bool(self._given or os.environ.get("FACEKD_DB_URL"))

    @property
    def _is_new(self) -> bool:
        """No store was ever chosen on this computer."""
        return not (self._named or self.local.now.database or (self._home / "facekd.db").exists())

    def open_store(self) -> None:
        """Opens the store off the interface thread; then login, first run, or why it cannot be."""
        address = self._address
        self.store_tasks.run(
            lambda _progress: self._open(address), self._opened, self._not_opened, over=self.login
        )

    def _open(self, address: str) -> tuple[Desk, bool]:
        """(desk, whether there is no account yet). Runs on the store's thread."""
        store = Store(address, open_keys(self._home))
        try:
            if store.is_file and not Path(str(store.engine.url.database)).exists():
                store.upgrade()
            try:
                store.ping()
            except SchemaTooOld:
                store.upgrade()
            now = self.local.now
            networks = self._networks or Networks(
                Registry.from_environment(self._home),
                Choice(
                    now.recognising.detector or None,
                    threads=now.recognising.threads or None,
                    provider=now.recognising.provider,
                ),
            )
            desk = Desk.build(store, self._home, networks, now.desk_name)
            return desk, Logins(store, desk.name).is_first_run()
        except BaseException:
            store.close()
            raise

    def _opened(self, found: tuple[Desk, bool]) -> None:
        self.desk, is_first = found
        if is_first:
            self._show_first_run()
            return
        self._arm_login()

    def _not_opened(self, error: Exception) -> None:
        if self.login is None:
            self._show_login()
        assert self.login is not None
        match error:
            case StoreUnavailable():
                self.login.show_away(error, RETRY_S, self.open_store)
            case SchemaTooNew() | SchemaTooOld() | BadStoreUrl() | StoreError() | FacekdError():
                self.login.show_refusal(
                    explain(error), sentence(str(error)) if isinstance(error, SchemaTooNew) else ""
                )
            case _:
                self.login.show_refusal(explain(error), "")
                log.error("the store could not be opened", exc_info=error)

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
        if self.login is None:
            self._show_login()
        assert self.login is not None
        assert self.desk is not None
        desk = self.desk
        where: Text | str = T("this computer") if desk.store.is_file else desk.store.where
        keys = desk.store.keys
        self.login.open_store(Logins(desk.store, desk.name).log_in, where, keys.warning if keys else None)
        if note is not None:
            self.login.show_note(*note)

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
        desk, work, session = self.desk, self.work, self.work.session
        work.pause()
        logins = Logins(desk.store, desk.name)
        self.store_tasks.run(
            lambda _progress: logins.lock(session, idle=idle),
            lambda _none: None,
            lambda error: log.info("the lock has no audit row: %s", error),
        )
        about = (version("facekd"), desk.name)

        def unlock(_name: str, password: str) -> Session:
            logins.unlock(session, password)
            return session

        page = LoginPage(
            unlock, self.work_tasks, self.theme, self.language, about, locked_by=session.operator.name
        )
        where: Text | str = T("this computer") if desk.store.is_file else desk.store.where
        page.open_store(unlock, where)
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
        self._leave_work()
        self._show_login()
        self._arm_login(note)

    def _leave_work(self) -> None:
        if self.work is not None:
            self.work.close()
            self.work.deleteLater()
            self.work = None

    # -- first run

    def _show_first_run(self) -> None:
        given = self.desk.store.where if self.desk is not None else ""
        sample = sample_video(self._home)
        setup = Setup(
            default_place=str(self._home),
            given_place=given,
            open_store=self._make_store,
            create_first=self._create_first,
            sample_video=str(sample or ""),
        )
        page = FirstRunPage(setup, self.store_tasks, self.theme, self.language)
        page.finished.connect(self._first_run_over)
        page.has_accounts.connect(self._has_accounts)
        self.first_run, self.login = page, None
        self.window.show_full(page)

    def _make_store(self, address: str) -> bool:
        """Opens the chosen store; whether there is no account yet. Runs on the store's thread."""
        if self.desk is not None and (self._named or address == self.local.now.database):
            return Logins(self.desk.store, self.desk.name).is_first_run()
        settings = remember_database(self.local.now, address)
        wanted = address or database_address(self._home, replace(settings, database=""), self._given)
        self.desk, is_first = self._open(wanted)
        self.local.now = settings
        return is_first

    def _create_first(self, name: str, password: str) -> Session:
        assert self.desk is not None
        session = Logins(self.desk.store, self.desk.name).create_first(name, password)
        self._fresh_session = session
        return session

    @Slot()
    def _has_accounts(self) -> None:
        self.local.change(configured=True)
        self.first_run = None
        self._show_login()
        self._arm_login(("info", T("This database is in use already. Log in with an account of it.")))

    @Slot(object)
    def _first_run_over(self, answers: Answers) -> None:
        session, self._fresh_session = self._fresh_session, None
        assert self.desk is not None
        assert session is not None
        self.local.change(configured=True, camera=answers.camera, database=self.local.now.database)
        shared = Shared(self.desk, session)

        def keep(_progress: object) -> None:
            for key, value in (("organisation", answers.organisation), ("responsible", answers.responsible)):
                if value:
                    shared.put(key, value, 0)

        self.store_tasks.run(keep, lambda _none: None, self._tell_failure)
        if answers.launcher:
            self._install_launcher()
        if answers.add_person:
            self._enter(session, "enrol")
        else:
            self._enter(session)

    def _install_launcher(self) -> None:
        try:
            launcher.install(launcher.default_command(self._home if self._home != default_home() else None))
        except launcher.LauncherError as error:
            self._tell_failure(error)

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
        for name, tasks in (("work", self.work_tasks), ("store", self.store_tasks)):
            if not tasks.drain(DRAIN_MS):
                log.warning("the %s pool did not end within %d ms", name, DRAIN_MS)
                tasks.stop(0)
        if self.desk is not None:
            self.desk.store.close()


def language_code(wanted: str) -> str:
    """A key of `LANGUAGES` for a setting; "system" asks the system."""
    if wanted in LANGUAGES:
        return wanted
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def sample_video(home: Path) -> Path | None:
    """The sample video: in the home folder, or in a checkout once `make demo` has filmed it."""
    for film in (home / SAMPLE, Path(__file__).resolve().parents[2] / "out" / SAMPLE):
        if film.is_file():
            return film
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Opens the window; a second start raises the first one."""
    parser = argparse.ArgumentParser(prog="facekd", description="Recognise people in live pictures.")
    parser.add_argument(
        "--home", type=Path, default=default_home(), help="home folder (default: %(default)s)"
    )
    parser.add_argument("--db-url", help="address of the database (default: as the settings say)")
    options = parser.parse_args(arguments)
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    ):
        sys.stderr.write(
            "facekd: expected a screen (DISPLAY or WAYLAND_DISPLAY), found none; use facekd-cli on this computer\n"
        )
        return 2
    QGuiApplication.setDesktopFileName("facekd")
    app = QApplication([sys.argv[0]])
    app.setApplicationName("facekd")
    try:
        one = SingleInstance(options.home)
    except OSError as error:
        sys.stderr.write(f"facekd: {options.home}: cannot be used as home folder ({error.strerror})\n")
        return 1
    if not one.claim():
        if one.call_first():
            return 0
        sys.stderr.write(
            f"facekd: another FaceKD runs for {options.home} and does not answer; end it first\n"
        )
        return 1
    reports = Reports(options.home)
    reports.install()
    try:
        program = App(app, options.home, options.db_url, reports=reports)
    except ConfigError as error:
        sys.stderr.write(f"facekd: {error}\n")
        reports.close()
        return 2
    one.raised.connect(program.window.come_forward)
    for ending in (signal.SIGTERM, signal.SIGINT):  # the desktop's session ends, or Ctrl+C
        signal.signal(ending, lambda _number, _frame: app.closeAllWindows())
    awake = QTimer(interval=500)  # Python sees signals only while it runs
    awake.timeout.connect(lambda: None)
    awake.start()
    QTimer.singleShot(0, program.start)
    status = app.exec()
    program.shut_down()
    one.release()
    reports.close()
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
