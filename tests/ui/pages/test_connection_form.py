"""The form for a database server, in the first run: tried before it is used, with a real server and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QRadioButton
from pytestqt.qtbot import QtBot

from facekd_db.server import DATABASE, MISSING, PrivateServer, find, free_port
from facekd_ui.i18n.language import Language
from facekd_ui.pages.first_run import FirstRunPage, Setup
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.cards import FactRow
from facekd_ui.widgets.labels import Label
from facekd_ui.workers.tasks import Tasks

USER, PASSWORD = "facekd", "p@ss:w/ord"  # an address must carry it unharmed
SLOW_MS = 30_000


@pytest.fixture
def opened() -> list[str]:
    """The addresses that were used."""
    return []


@pytest.fixture
def page(theme: Theme, language: Language, qtbot: QtBot, opened: list[str]) -> Iterator[FirstRunPage]:
    """The first run where it asks for the place."""

    def open_store(address: str) -> bool:
        opened.append(address)
        return True

    tasks = Tasks(1)
    setup = Setup("home", "", open_store, lambda _name, _password: None, "")
    page = FirstRunPage(setup, tasks, theme, language)
    qtbot.addWidget(page)
    page.resize(1280, 800)
    page.show()
    page.next.click()
    page.notice.responsible.setText("Ada")
    page.notice.agree.setChecked(True)
    page.next.click()
    there = next(r for r in page.place.findChildren(QRadioButton) if r.accessibleName() == "A MySQL server")
    there.click()
    yield page
    tasks.stop()


def facts(page: FirstRunPage) -> list[str]:
    """What the test of the connection found, as it is shown."""
    rows = [row for row in page.place.findChildren(FactRow) if not row.isHidden()]
    return [" ".join(label.text() for label in row.findChildren(Label)) for row in rows]


def write(page: FirstRunPage, port: int, password: str = PASSWORD) -> None:
    place = page.place
    for field, words in (
        (place.server, "127.0.0.1"),
        (place.port, str(port)),
        (place.database, DATABASE),
        (place.user, USER),
        (place.password, password),
    ):
        field.setText(words)
    place.check.setChecked(False)


def test_a_server_is_named_and_tried_before_it_is_used(
    page: FirstRunPage, qtbot: QtBot, opened: list[str]
) -> None:
    assert not page.next.isEnabled()  # no server yet
    write(page, free_port())
    assert page.next.text() == "Test the connection"
    page.next.click()
    qtbot.waitUntil(lambda: bool(facts(page)), timeout=SLOW_MS)
    assert facts(page)[0].startswith("Server answers")
    assert page.next.text() == "Test the connection"  # one that does not answer is not taken
    assert opened == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    with PrivateServer(tmp_path / "server", port=free_port(), lasting=False) as server:
        server.execute(
            f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
            f"CREATE USER '{USER}'@'%%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'%%'",
        )
        yield server


def test_a_server_that_fits_is_taken_and_one_wrong_letter_is_not(
    page: FirstRunPage, qtbot: QtBot, opened: list[str], server: PrivateServer
) -> None:
    assert server.port is not None
    write(page, server.port, "wrong")
    page.next.click()
    qtbot.waitUntil(lambda: bool(facts(page)), timeout=SLOW_MS)
    assert page.next.text() == "Test the connection"
    write(page, server.port)
    page.next.click()
    qtbot.waitUntil(lambda: len(facts(page)) == 4, timeout=SLOW_MS)
    assert [words.split("  ")[0] for words in facts(page)][1:] == [
        "Connection is encrypted no, and it was not asked for",
        "Account may create tables yes",
        "Database is empty FaceKD makes its tables when you continue",
    ]
    assert page.next.text() == "Create and continue"
    page.place.user.setText("somebody")  # another account has to be tried again
    assert page.next.text() == "Test the connection"
    page.place.user.setText(USER)
    page.next.click()
    qtbot.waitUntil(lambda: page.next.text() == "Create and continue", timeout=SLOW_MS)
    page.next.click()
    qtbot.waitUntil(lambda: page.at == 3, timeout=SLOW_MS)
    assert opened == [page.place.address]
