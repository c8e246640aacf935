"""The Live page before a real film with real networks: the person on file is named, strangers are not."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import PersonFields
from facekd_db.store import COST_SETTING, Store
from facekd_ui.pages import live_sources
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live import LivePage
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.workers.tasks import Tasks

pytestmark = pytest.mark.shared


@pytest.fixture
def real(weights: Path, tmp_path: Path, notes: Any, settled: object) -> Iterator[PageContext]:
    """A store of its own and the third-party networks."""
    del settled
    store = Store(
        f"sqlite:///{tmp_path / 'facekd.db'}", FileKeys(tmp_path / "key"), clock=lambda: datetime.now(UTC)
    )
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    desk = Desk.build(store, tmp_path, Networks(Registry([weights]), Choice(threads=1)), "desk 1")
    session = Logins(store, "desk 1").create_first("Ada", "seven quiet herons")
    pools = (Tasks(1), Tasks(2))
    yield PageContext(Services.of(desk, session), session, *pools, notes, lambda _key, _what: None)
    for pool in pools:
        pool.stop()
    store.close()


def test_a_person_in_a_film_is_named_and_recorded_without_a_blocked_interface(
    qtbot: QtBot, real: PageContext, shared_data: Path, heartbeat: Any
) -> None:
    enrolment = real.services.enrolment
    photo = shared_data / "photos" / "ageitgey_lin-manuel-miranda.png"
    enrolment.enrol(PersonFields("Lin-Manuel Miranda"), enrolment.examine_files([photo]))
    page = LivePage(real)
    qtbot.addWidget(page)
    page.resize(1364, 820)
    page.show()
    qtbot.waitExposed(page)
    page.watch(live_sources.file(shared_data / "videos" / "short_hamilton_clip.mp4", loop=True))

    def named() -> bool:
        return any(face.label == "Lin-Manuel Miranda" for face in page.tile.view.faces)

    qtbot.waitUntil(named, timeout=20_000)
    with heartbeat:
        qtbot.wait(2000)
    records = real.services.records
    qtbot.waitUntil(
        lambda: "Lin-Manuel Miranda" in {event.person for event in records.page()}, timeout=10_000
    )
    assert heartbeat.longest_ms < 100
    assert {event.person for event in records.page()} <= {
        "Lin-Manuel Miranda",
        None,
    }  # nobody got a wrong name
    page.shut_down()
