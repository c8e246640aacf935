"""A database server that is stopped and started again, that hangs, and that drops a connection at every statement."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from facekd_db.errors import StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.records import PersonFields
from facekd_db.schema import audit, crop, data_key, person, template
from facekd_db.server import MISSING, PrivateServer, find, free_port
from facekd_db.store import Store
from facekd_ui.local import LocalSettings
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Networks

GRACE, HANA, BOB = 1, 6, 4  # the first two are on file
BANNER_S, BACK_S, BLOCK_MS = 2.0, 5.0, 100.0
PASSWORD = "seven quiet herons"
Portrait = Callable[..., Path]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("mariadb")
    with PrivateServer(folder, port=free_port(), lasting=False) as server:
        yield server


@pytest.fixture
def url(server: PrivateServer) -> Iterator[str]:
    """The address of a database of its own."""
    server.execute("CREATE DATABASE faults CHARACTER SET utf8mb4")
    yield server.url(database="faults") + "?tls=off"
    server.execute("DROP DATABASE faults")


@pytest.fixture
def server_home(url: str, tmp_path: Path, door: Any, fill: Callable[[str, Path], None]) -> Path:
    """The window of this home folder opens the camera at the door."""
    home = tmp_path / "home"
    fill(url, home)
    LocalSettings(home).change(camera=door.url, configured=True)
    return home


def in_background(window: Any, work: Callable[[], object]) -> None:
    """The window lives on meanwhile."""
    thread = threading.Thread(target=work)
    thread.start()
    window.wait(lambda: not thread.is_alive(), 30)


def test_a_server_that_stops_and_starts_again_costs_no_person_and_no_record(
    at_work: Callable[..., Any],
    server: PrivateServer,
    server_home: Path,
    url: str,
    door: Any,
    portrait: Portrait,
    calm: Any,
) -> None:
    window = at_work(server_home, url)
    door.show({GRACE: (90, 120)})
    window.wait(lambda: window.events() == ["Grace"])
    people = window.page("people")
    window.wait(lambda: people.model.rowCount() == 2)
    enrol = window.begin_to_enrol("Bob", [portrait(BOB), portrait(BOB, shade=40)])
    with calm:
        in_background(window, server.stop)
        stopped_at = time.monotonic()
        enrol.save.trigger()
        door.show({GRACE: (90, 120), HANA: (230, 120)})
        window.wait(lambda: bool(window.banner), 3)
        assert time.monotonic() - stopped_at < BANNER_S
        window.wait(lambda: enrol.banner.isVisible() and enrol.save.isEnabled())
        assert "Nothing was written" in enrol.banner.accessibleName()
        window.page("people")
        assert people.model.rowCount() == 2
        live = window.page("live")
        window.wait(lambda: {face.label for face in live.tile.view.faces} == {"Grace", "Hana"})
        window.wait(lambda: "Records are not being saved" in window.program.window.status_line.sentence)
        in_background(window, server.start)
        started_at = time.monotonic()
        window.wait(lambda: not window.banner and window.events() == ["Grace", "Hana"])
        window.page("enrol")
        enrol.save.trigger()
        window.wait(lambda: people.model.rowCount() == 3)
        assert time.monotonic() - started_at < BACK_S
    assert calm.longest_ms < BLOCK_MS
    services = window.work.services
    assert [check.name for check in services.maintenance.check() if not check.ok] == []
    assert [(row.person.name, row.crops) for row in services.people.page()] == [
        ("Bob", 2),
        ("Grace", 1),
        ("Hana", 1),
    ]


def test_a_server_that_hangs_is_told_in_time_and_answers_when_it_goes_on(
    at_work: Callable[..., Any], server: PrivateServer, server_home: Path, url: str, calm: Any
) -> None:
    window = at_work(server_home, url)
    page = window.page("people")
    window.wait(lambda: page.model.rowCount() == 2)
    process = int((server.folder / "pid").read_text())
    with calm:
        os.kill(process, signal.SIGSTOP)
        try:
            stopped_at = time.monotonic()
            page.search.setText("Han")
            page.search.returnPressed.emit()
            window.wait(lambda: bool(window.banner), 4)
            assert time.monotonic() - stopped_at < BANNER_S
            window.qtbot.wait(500)
        finally:
            os.kill(process, signal.SIGCONT)
        goes_on_at = time.monotonic()
        window.wait(lambda: not window.banner and page.model.rowCount() == 1)
        assert time.monotonic() - goes_on_at < BACK_S
    assert calm.longest_ms < BLOCK_MS


def counts(store: Store) -> dict[str, int]:
    """Rows of everything that an enrolment writes."""
    with store.reading() as t:
        tables = {table.name: table for table in (person, crop, template, data_key)}
        found = {
            name: int(t.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for name, table in tables.items()
        }
        added = sa.select(sa.func.count()).where(audit.c.act == "person.add")
        found["added"] = int(t.connection.execute(added).scalar_one())
        found["revision"] = t.gallery.state().revision
    return found


def test_a_connection_lost_at_any_statement_of_an_enrolment_leaves_all_or_nothing(
    server: PrivateServer, url: str, tmp_path: Path, networks: Networks, portrait: Portrait
) -> None:
    store = Store(url, FileKeys(tmp_path / "store.key"))
    store.upgrade()
    desk = Desk.build(store, tmp_path, networks, "desk")
    services = Services.of(desk, Logins(store, desk.name).create_first("Ada", PASSWORD))
    shots = services.enrolment.examine_files([portrait(BOB), portrait(BOB, shade=40)])
    left = 0

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def lose(connection: sa.Connection, *_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            driver: Any = connection.connection.dbapi_connection
            server.execute(f"KILL CONNECTION {driver.connection_id}")

    outcomes = []
    for number in range(1, 200):
        before = counts(store)
        left = number
        try:
            services.enrolment.enrol(PersonFields(f"Bob {number}"), shots, somebody_else=True)
        except StoreUnavailable:
            stored = False
        else:
            stored = True
        reached, left = left <= 0, 0
        after = counts(store)
        grown = {name: after[name] - before[name] for name in after}
        one = {"person": 1, "crop": 2, "template": 2, "data_key": 1, "added": 1, "revision": 1}
        assert grown == (one if stored else dict.fromkeys(one, 0)), number
        outcomes.append(stored)
        if not reached:  # the enrolment has fewer statements
            break
    assert outcomes[-1]
    assert len(outcomes) > 10
    assert not all(outcomes[:-1])
    assert [check.name for check in services.maintenance.check() if not check.ok] == []
    store.close()
