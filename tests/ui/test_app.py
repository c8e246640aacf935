"""The whole application over a real store: first run, login, lock, log out, refusals, a second start."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facekd.models import ModelFile, Registry
from facekd_db.keys import FileKeys, open_keys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import Role
from facekd_db.store import COST_SETTING, Store
from facekd_ui.app import App
from facekd_ui.i18n.language import Language
from facekd_ui.instance import SingleInstance
from facekd_ui.local import LocalSettings
from facekd_ui.pages.new_password import NewPasswordPage
from facekd_ui.reports import Reports
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.theme.theme import Theme

PASSWORD = "seven quiet herons"
Start = Callable[..., App]


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an administrator, Ada, and an operator, Olga, who has a one-time password."""
    home = tmp_path_factory.mktemp("app")
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    Logins(store, "desk").create_first("Ada", PASSWORD)
    hashed = store.hasher().hash("once only")
    with store.transaction() as t:
        t.operators.add("Olga", Role.OPERATOR, hashed, one_time_until=store.now().replace(year=2200))
    store.scrub()
    store.close()
    return home


@pytest.fixture
def home(prepared_home: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(prepared_home, copy)
    return copy


@pytest.fixture
def start(
    qapp: QApplication,
    theme: Theme,
    language: Language,
    tiny_detector: ModelFile,
    tiny_embedder: ModelFile,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Start]:
    """Starts the application with the tiny networks; ends it after the test."""
    monkeypatch.delenv("FACEKD_DB_URL", raising=False)
    started: list[App] = []

    def make(home: Path, **more: object) -> App:
        registry = Registry([tiny_detector.path.parent, tiny_embedder.path.parent])
        choice = Choice(str(tiny_detector.path), str(tiny_embedder.path), threads=1)
        networks = Networks(registry, choice)
        program = App(qapp, home, networks=networks, theme=theme, language=language, **more)  # type: ignore[arg-type]
        started.append(program)
        program.start()
        return program

    yield make
    for program in started:
        program.window.close()
        program.shut_down()
        program.window.deleteLater()
        program.deleteLater()


def log_in(program: App, qtbot: QtBot, name: str = "Ada", password: str = PASSWORD) -> None:
    qtbot.waitUntil(lambda: program.login is not None and program.login.button.isEnabled())
    assert program.login is not None
    program.login.name.setText(name)
    program.login.password.setText(password)
    program.login.button.click()


def acts(home: Path) -> list[str]:
    store = Store(f"sqlite:///{home / 'facekd.db'}")
    with store.reading() as t:
        found = [row.act for row in t.audit.page(limit=50)]
    store.close()
    return found


def test_the_first_run_makes_store_administrator_and_settings(
    start: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    home = tmp_path / "fresh"
    program = start(home)
    run = program.first_run
    assert run is not None
    assert not (home / "facekd.db").exists()  # nothing is written before somebody decided
    run.next.click()
    assert not run.next.isEnabled()  # the notice wants a name and the tick
    run.notice.responsible.setText("Ada")
    run.notice.agree.setChecked(True)
    run.next.click()
    run.next.click()  # this computer
    qtbot.waitUntil(lambda: run.at == 3 or not run._banner.isHidden(), timeout=20_000)
    assert run.at == 3, run._banner.accessibleName()
    run.administrator.name.setText("Ada")
    run.administrator.pair.first.setText("password")
    run.administrator.pair.second.setText("password")
    assert not run.next.isEnabled()  # guessed within seconds
    run.administrator.pair.first.setText(PASSWORD)
    run.administrator.pair.second.setText(PASSWORD)
    run.next.click()
    qtbot.waitUntil(lambda: run.at == 4, timeout=20_000)
    run.camera.group.choose("later")
    run.next.click()
    run.ready.launcher.setChecked(False)
    run.ready.add_person.setChecked(False)
    with qtbot.waitSignal(program.entered):
        run.next.click()
    assert program.window.shows_chrome
    program.store_tasks.drain()
    assert LocalSettings(home).now.configured
    store = Store(f"sqlite:///{home / 'facekd.db'}", open_keys(home))
    with store.reading() as t:
        assert [(each.name, each.role) for each in t.operators.all()] == [("Ada", Role.ADMINISTRATOR)]
        assert t.settings.get("responsible") == "Ada"
    store.close()


def test_logging_in_opens_the_pages_of_the_role(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)
    assert program.window.shows_chrome
    assert program.window.pages.key == "live"
    assert "login" in acts(home)


def test_whoever_sees_the_login_can_type_the_name_at_once(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    qtbot.waitUntil(lambda: program.login is not None and program.login.isVisible())
    assert program.login is not None
    assert program.login.window().focusWidget() is program.login.name


def test_unknown_name_and_wrong_password_give_one_message(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    said = []
    for name in ("Ada", "Nobody"):
        log_in(program, qtbot, name, "not the password")
        login = program.login
        assert login is not None
        qtbot.waitUntil(lambda login=login: login.button.isEnabled() and not login._banner.isHidden())
        said.append(login._banner.accessibleName())
    assert said == ["Name or password is wrong."] * 2
    assert not program.window.shows_chrome


def test_too_many_tries_lock_the_button_with_a_countdown(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    login = program.login
    assert login is not None
    for _ in range(12):
        qtbot.waitUntil(lambda: login.button.isEnabled() or "Too many" in login._banner.accessibleName())
        if not login.button.isEnabled():
            break
        log_in(program, qtbot, "Ada", "wrong")
        qtbot.waitUntil(lambda: not login._banner.isHidden())
    assert "You can try again in 0:" in login._banner.accessibleName()
    assert not login.password.isEnabled()
    login.name.setText("Olga")  # the wait is Ada's alone
    assert login.button.isEnabled()
    assert login.password.isEnabled()
    assert login._banner.isHidden()
    login.name.setText("Ada")
    assert not login.button.isEnabled()
    assert not login._banner.isHidden()


def test_a_one_time_password_must_be_replaced_first(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    log_in(program, qtbot, "Olga", "once only")
    pages: list[NewPasswordPage] = []

    def shown() -> bool:
        pages[:] = program.window.findChildren(NewPasswordPage)
        return bool(pages)

    qtbot.waitUntil(shown)
    assert not program.window.shows_chrome
    page = pages[0]
    page.old.setText("once only")
    for field in (page.pair.first, page.pair.second):
        field.setText("eleven brass kettles")
    with qtbot.waitSignal(program.entered):
        page.button.click()
    assert program.work is not None
    assert not program.work.session.operator.must_change_password


def test_a_locked_window_opens_for_its_operator_only(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)
    assert program.work is not None
    session = program.work.session
    program.window.top_bar.lock_asked.emit()
    qtbot.waitUntil(lambda: session.locked)
    assert not program.window.shows_chrome
    page = program.window._outer.currentWidget()
    page.password.setText("wrong")  # type: ignore[union-attr]
    page.button.click()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not page._banner.isHidden())  # type: ignore[union-attr]
    assert session.locked
    page.password.setText(PASSWORD)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: page.button.isEnabled())  # type: ignore[union-attr]
    page.button.click()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: program.window.shows_chrome)
    assert not session.locked
    assert {"lock", "unlock"} <= set(acts(home))


def test_nobody_at_the_desk_locks_the_window(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)
    assert program.work is not None
    program.work._idle.start(0.5)
    qtbot.waitUntil(lambda: not program.window.shows_chrome, timeout=5000)
    assert program.work.session.locked or program.store_tasks.drain()


def test_logging_out_ends_the_session_and_asks_again(start: Start, qtbot: QtBot, home: Path) -> None:
    program = start(home)
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)
    before = acts(home).count("logout")
    program.window.top_bar.log_out_asked.emit()
    assert program.work is None
    assert not program.window.shows_chrome
    program.store_tasks.drain()
    # Not "the newest act": the recogniser may still be loading, and its row comes when it is ready.
    assert acts(home).count("logout") == before + 1
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)


def test_a_newer_schema_is_refused_politely(start: Start, qtbot: QtBot, home: Path) -> None:
    store = Store(f"sqlite:///{home / 'facekd.db'}")
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    program = start(home)
    login = program.login
    assert login is not None
    qtbot.waitUntil(lambda: "newer FaceKD" in login._banner.accessibleName())
    assert not login.button.isEnabled()


def test_a_store_that_is_away_is_explained_and_found_again(start: Start, qtbot: QtBot, home: Path) -> None:
    hidden = home / "hidden.db"
    (home / "facekd.db").rename(hidden)
    (home / "facekd.db").mkdir()  # something is there, but no database opens
    program = start(home)
    login = program.login
    assert login is not None
    qtbot.waitUntil(lambda: "does not answer" in login._banner.accessibleName())
    assert not login.button.isEnabled()
    (home / "facekd.db").rmdir()
    hidden.rename(home / "facekd.db")
    login._try_now()
    qtbot.waitUntil(login.button.isEnabled)
    assert login._banner.isHidden()


def test_a_store_lost_while_working_shows_a_banner_until_it_is_back(
    start: Start, qtbot: QtBot, home: Path
) -> None:
    program = start(home)
    with qtbot.waitSignal(program.entered):
        log_in(program, qtbot)
    work = program.work
    assert work is not None
    good = work._watch._ping

    def gone() -> None:
        Store(f"sqlite:///{home / 'no' / 'such' / 'folder.db'}").ping()

    work._watch._ping = gone
    qtbot.waitUntil(lambda: work._banner is not None, timeout=4000)
    work._watch._ping = good
    qtbot.waitUntil(lambda: work._banner is None, timeout=4000)


def test_look_and_language_are_remembered(start: Start, qtbot: QtBot, home: Path, theme: Theme) -> None:
    program = start(home)
    program.theme.apply("dark")
    program.language.set("zh_CN")
    look = LocalSettings(home).now.look
    assert (look.theme, look.language) == ("dark", "zh_CN")


def test_a_second_start_raises_the_first_one(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    assert first.claim()
    second = SingleInstance(tmp_path)
    assert not second.claim()
    with qtbot.waitSignal(first.raised):
        assert second.call_first()
    first.release()
    assert second.claim()  # free again
    second.release()


def test_what_a_crash_left_behind_is_told_once(tmp_path: Path) -> None:
    assert Reports(tmp_path).unclean is None
    (tmp_path / "logs" / "running.txt").write_text("Fatal Python error: Segmentation fault")
    assert Reports(tmp_path).unclean == "Fatal Python error: Segmentation fault"
