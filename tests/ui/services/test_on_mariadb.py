"""The services on a server, which goes away and comes back while people are enrolled and records are written."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import Registry
from facekd.types import RecognisedFace, Recognition, State
from facekd_db.errors import StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import PersonFields
from facekd_db.server import MISSING, PrivateServer, find, free_port
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks

Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6
PASSWORD = "seven quiet herons"
BOX = (128.0, 88.0, 192.0, 152.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    with PrivateServer(tmp_path / "server", port=free_port(), lasting=False) as server:
        server.execute("CREATE DATABASE services CHARACTER SET utf8mb4")
        yield server


def test_a_server_that_goes_and_comes_back_leaves_nothing_half_done_and_loses_nothing(
    server: PrivateServer,
    tmp_path: Path,
    registry: Registry,
    choice: Choice,
    portrait: Portrait,
    paint: Paint,
) -> None:
    home = tmp_path / "home"
    store = Store(server.url(database="services"), FileKeys(home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    desk = Desk.build(store, home, Networks(registry, choice), "desk 1")
    services = Services.of(desk, Logins(store, desk.name).create_first("Ada", PASSWORD))

    shots = services.enrolment.examine_files([portrait(ADA), portrait(ADA, shade=40)])
    ada = services.enrolment.enrol(PersonFields("阿依古丽·买买提 😀", code="Ä1"), shots).person
    live = services.recognition.live()
    recorder = services.recording.start(services.cameras.use("Door", "device", "0"), live.card, live.people)
    seen = Recognition(0, 0.0, (RecognisedFace(1, BOX, State.KNOWN, str(ada.id), 0.8),))
    bobs = services.enrolment.examine_files([portrait(BOB)])

    server.stop()
    with pytest.raises(StoreUnavailable):
        services.enrolment.enrol(PersonFields("Bob"), bobs)
    with pytest.raises(StoreUnavailable):
        services.people.page()
    with pytest.raises(StoreUnavailable):
        live.refresh()
    assert live.people == 1  # what is shown stays good
    recorder.see(seen, paint({ADA: (160, 120)}))
    assert recorder.flush().waiting == 1

    server.start()
    assert services.people.count() == 1
    services.enrolment.enrol(PersonFields("Bob"), bobs)
    assert live.refresh() is not None
    assert recorder.flush().saved == 1
    (event,) = services.records.page()
    assert event.person == "阿依古丽·买买提 😀"
    assert services.records.not_this_person(event.id).person is None
    copied = services.maintenance.copy(f"sqlite:///{tmp_path / 'copy.db'}")
    assert copied.rows["template"] == 4  # three that show somebody, one that rejects
    services.people.erase(ada.id, "request", PASSWORD)
    assert services.audit.verify().broken is None
    assert all(check.ok for check in services.maintenance.check())
    store.close()
