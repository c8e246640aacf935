"""A store that people worked with is not there at the next start: that is a loss, and never a first start."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from facekd_db.backup import back_up
from facekd_db.keys import FileKeys
from facekd_db.store import Store
from facekd_ui.local import LocalSettings
from facekd_ui.widgets.buttons import Button

GONE = "The database is gone."


@pytest.fixture
def used_home(start: Callable[..., Any], home: Path) -> Path:
    """A home folder whose window somebody has logged in at, and that was left again."""
    LocalSettings(home).change(camera="")
    window = start(home)
    window.log_in()
    window.program.shut_down()
    return home


def file_of(home: Path) -> Path:
    return home / "data" / "facekd.db"


def said(window: Any) -> str:
    """What the login says."""
    login = window.program.login
    return "" if login is None or not login._banner.isVisible() else str(login._banner.accessibleName())


def press(window: Any, word: str) -> None:
    (button,) = (each for each in window.program.login.findChildren(Button) if each.text() == word)
    button.click()


def test_a_database_file_that_vanished_is_missed_and_nobody_becomes_administrator_in_its_place(
    start: Callable[..., Any], used_home: Path, tmp_path: Path
) -> None:
    for each in file_of(used_home).parent.iterdir():
        each.rename(tmp_path / each.name)
    window = start(used_home)
    window.wait(lambda: said(window).startswith(GONE))
    assert window.program.first_run is None
    assert not window.program.login.button.isEnabled()
    assert not file_of(used_home).exists()
    (tmp_path / "facekd.db").rename(file_of(used_home))
    press(window, "Try now")
    window.log_in()


def test_a_database_that_lost_its_accounts_is_no_first_start_either(
    start: Callable[..., Any], used_home: Path
) -> None:
    for each in file_of(used_home).parent.iterdir():
        each.unlink()
    empty = Store(f"sqlite:///{file_of(used_home)}", FileKeys(used_home / "store.key"))
    empty.upgrade()
    empty.close()
    window = start(used_home)
    window.wait(lambda: said(window).startswith(GONE))
    assert window.program.first_run is None


def test_a_backup_is_restored_from_the_login_with_its_accounts_people_and_photographs(
    start: Callable[..., Any], used_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(f"sqlite:///{file_of(used_home)}")
    back_up(store, tmp_path / "monday.facekd")
    store.close()
    (tmp_path / "holiday.facekd").write_bytes(b"no database")
    shutil.rmtree(file_of(used_home).parent)
    chosen = iter((tmp_path / "holiday.facekd", tmp_path / "monday.facekd"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(next(chosen)), ""))
    window = start(used_home)
    window.wait(lambda: said(window).startswith(GONE))
    press(window, "Restore a backup…")
    window.wait(lambda: "holiday.facekd" in said(window))
    assert not file_of(used_home).exists()
    press(window, "Restore a backup…")
    window.log_in()
    people = window.work.services.people.page()
    assert [(row.person.name, row.crops) for row in people] == [("Grace", 1), ("Hana", 1)]
    assert window.work.services.people.thumbnails([row.crop_id for row in people]).keys() == {
        row.crop_id for row in people
    }


def test_logging_out_of_a_store_that_is_away_ends_at_a_login_that_says_so(
    start: Callable[..., Any], used_home: Path, tmp_path: Path
) -> None:
    window = start(used_home)
    window.log_in()
    file_of(used_home).rename(tmp_path / "facekd.db")
    window.wait(lambda: bool(window.banner))
    window.program.window.top_bar.log_out_asked.emit()
    window.wait(lambda: said(window).startswith(GONE))
    assert not window.program.login.button.isEnabled()
    (tmp_path / "facekd.db").rename(file_of(used_home))
    press(window, "Try now")
    window.log_in("Olga")
