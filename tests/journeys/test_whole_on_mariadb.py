"""The whole journey on a server: log in, enrol, watch, read the records, delete; each step read in MariaDB."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.records import EventFilter
from facekd_db.server import MISSING, PrivateServer, find, prepare
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

PASSWORD = "seven quiet herons"
MIRANDA = "Lin-Manuel Miranda"


@pytest.fixture
def server(seeded_home: Path, store: Store, weights: Path, tmp_path: Path) -> Iterator[tuple[str, Store]]:
    """A private server with 1,000 events and 49 people, as `store copy` brings them; the man in the film is not there.

    Gives the address of the account that has few rights, and the store as the server's administrator sees it.
    """
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    with PrivateServer(tmp_path / "server", lasting=False) as server:
        server.execute("CREATE DATABASE facekd CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        desk = Desk.build(store, seeded_home, Networks(Registry([weights]), Choice(threads=1)), "desk 1")
        services = Services.of(desk, Logins(store, desk.name).log_in("Ada", PASSWORD))
        services.people.erase(services.people.find(MIRANDA).id, "journey", PASSWORD)
        assert services.maintenance.copy(server.url()).rows["event"] == 1000
        there = Store(server.url(), FileKeys(seeded_home / "store.key"))
        yield prepare(server, seeded_home), there
        there.close()


def test_the_whole_journey_on_a_server(
    start: "Callable[..., Driver]",
    log_in: "Callable[..., None]",
    server: tuple[str, Store],
    seeded_home: Path,
    shared_data: Path,
) -> None:
    address, store = server
    (seeded_home / "facekd.db").unlink()  # nothing is taken from the file
    driver = start(seeded_home, "--db-url", address)
    driver.read("reachable")
    log_in(driver)

    driver.press("People", kind="RailItem")
    driver.read("49 people")
    driver.key("ctrl+n")
    driver.wait("Drop photographs here")
    driver.fill("Name", MIRANDA)
    driver.key("ctrl+o")
    driver.answer_dialog(shared_data / "photos" / "ageitgey_lin-manuel-miranda.png")
    driver.until("all that is needed", lambda: driver.reach("Save"))
    driver.key("ctrl+Return")
    driver.read(f"{MIRANDA}: 1 photo added")
    with store.reading() as t:
        (person,) = t.people.named(MIRANDA)
        assert len(t.templates.of(person.id).rows) == 1

    driver.key("ctrl+1")
    driver.press("Try the sample video")
    driver.until("his name over a face", lambda: any(face["text"] == MIRANDA for face in driver.faces()))

    def recorded() -> int:
        with store.reading() as t:
            return t.events.count(EventFilter(name=MIRANDA))

    driver.until("his event in the store", recorded)
    driver.press("Close")
    driver.press("Records", kind="RailItem")
    row = driver.row(MIRANDA, name="Records")
    assert "sample.mp4" in row["cells"]

    def all_shown() -> bool:
        driver.key("F5")
        with store.reading() as t:
            count = t.events.count()
        return bool(driver.soon(lambda: driver.says(f"{count:,} events")))

    driver.until("all events of the store on the page", all_shown)

    driver.press("People", kind="RailItem")
    driver.fill("Name, code, department", "miranda", kind="SearchField")
    driver.choose(MIRANDA)
    driver.until("the panel", lambda: driver.reach("Delete…"))
    driver.key("Delete")
    driver.wait(f"Delete {MIRANDA}?")
    driver.press("Delete")
    driver.read(f"{MIRANDA} deleted")
    driver.read("Nobody matches these filters")
    with store.reading() as t:
        assert t.people.get(person.id).deleted_at is not None
        assert t.people.count() == 49
        assert t.audit.verify().broken is None
