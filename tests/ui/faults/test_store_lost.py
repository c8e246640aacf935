"""The store goes away while people are enrolled, looked through and recorded, and comes back.

Each time: a banner within two seconds, nothing half written, all back within five seconds of the return, and an
interface that was never away from its events for a tenth of a second.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

GRACE, HANA, BOB = 1, 6, 4  # the first two are on file
BANNER_S, BACK_S, BLOCK_MS = 2.0, 5.0, 100.0
AWAY_MS = 1500
Portrait = Callable[..., Path]


@dataclass(frozen=True)
class Loss:
    """A way to take the store away."""

    lose: Callable[[], object]
    bring_back: Callable[[], object]


@pytest.fixture(params=["file moved", "folder gone"])
def loss(request: pytest.FixtureRequest, home: Path) -> Loss:
    data = home / "data"
    if request.param == "file moved":
        file, elsewhere = data / "facekd.db", home / "elsewhere.db"
        return Loss(lambda: file.rename(elsewhere), lambda: elsewhere.rename(file))
    return Loss(lambda: data.rename(home / "unplugged"), lambda: (home / "unplugged").rename(data))


def everybody(window: Any) -> dict[str, int]:
    """Name -> photographs, after the store was found to be sound."""
    services = window.work.services
    assert [check.name for check in services.maintenance.check() if not check.ok] == []
    with window.store.reading() as t:
        return {row.person.name: row.crops for row in t.people.page()}


def test_lost_while_somebody_is_enrolled_nothing_is_written_and_the_photographs_stay(
    at_work: Callable[..., Any], home: Path, loss: Loss, portrait: Portrait, calm: Any
) -> None:
    window = at_work(home)
    page = window.begin_to_enrol("Bob", [portrait(BOB), portrait(BOB, shade=40)])
    with calm:
        loss.lose()
        page.save.trigger()
        window.wait(lambda: page.banner.isVisible() and page.save.isEnabled())
        assert "Nothing was written" in page.banner.accessibleName()
        assert window.wait(lambda: bool(window.banner), 3) < BANNER_S
        assert len(page.draft.shots) == 2
        window.qtbot.wait(AWAY_MS)
        loss.bring_back()
        assert window.wait(lambda: not window.banner) < BACK_S
        page.save.trigger()
        window.wait(lambda: window.program.window.pages.key == "people")
    assert calm.longest_ms < BLOCK_MS
    assert everybody(window) == {"Bob": 2, "Grace": 1, "Hana": 1}


def test_lost_while_people_are_looked_through_their_rows_stay_and_follow_by_themselves(
    at_work: Callable[..., Any], home: Path, loss: Loss, calm: Any
) -> None:
    window = at_work(home)
    page = window.page("people")
    window.wait(lambda: page.model.rowCount() == 2)
    with calm:
        loss.lose()
        lost_at = time.monotonic()
        page.search.setText("Han")
        page.search.returnPressed.emit()
        window.wait(lambda: bool(window.banner), 3)
        assert time.monotonic() - lost_at < BANNER_S
        assert page.model.rowCount() == 2  # old rows, and the banner says why
        assert page.table.isVisible()
        records = window.page("records")  # a page that was never open has nothing to show, and says so
        window.qtbot.wait(AWAY_MS)
        assert records.isVisible()
        window.page("people")
        loss.bring_back()
        returned_at = time.monotonic()
        window.wait(lambda: not window.banner and page.model.rowCount() == 1)
        window.wait(lambda: window.program.window.status_line.sentence == "Ready")
        assert time.monotonic() - returned_at < BACK_S
    assert calm.longest_ms < BLOCK_MS
    everybody(window)


def test_lost_while_people_are_recorded_everyone_who_came_meanwhile_follows_once(
    at_work: Callable[..., Any], home: Path, loss: Loss, door: Any, calm: Any
) -> None:
    window = at_work(home)
    live = window.page("live")
    door.show({GRACE: (90, 120)})
    window.wait(lambda: window.events() == ["Grace"])
    with calm:
        loss.lose()
        lost_at = time.monotonic()
        door.show({GRACE: (90, 120), HANA: (230, 120)})  # comes while the store is away
        window.wait(lambda: bool(window.banner), 3)
        assert time.monotonic() - lost_at < BANNER_S
        window.wait(lambda: {face.label for face in live.tile.view.faces} == {"Grace", "Hana"})  # still named
        window.wait(lambda: "Records are not being saved" in window.program.window.status_line.sentence)
        pictures = live.run.feed.statistics.frames
        window.qtbot.wait(AWAY_MS)
        assert live.run.feed.statistics.frames > pictures + 10
        loss.bring_back()
        returned_at = time.monotonic()
        window.wait(lambda: not window.banner and window.events() == ["Grace", "Hana"])
        window.wait(lambda: "Records" not in window.program.window.status_line.sentence)
        assert time.monotonic() - returned_at < BACK_S
    assert calm.longest_ms < BLOCK_MS
    everybody(window)


def test_a_file_that_another_program_writes_to_holds_up_saving_and_nothing_else(
    at_work: Callable[..., Any], home: Path, portrait: Portrait, calm: Any
) -> None:
    window = at_work(home)
    page = window.begin_to_enrol("Bob", [portrait(BOB)])
    other = sqlite3.connect(home / "data" / "facekd.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with calm:
        page.save.trigger()
        window.qtbot.wait(AWAY_MS)
        assert not window.banner  # it can be read all the while
        assert window.program.window.pages.key == "enrol"
        threading.Thread(target=other.rollback).start()
        window.wait(lambda: window.program.window.pages.key == "people")
    other.close()
    assert calm.longest_ms < BLOCK_MS
    assert everybody(window)["Bob"] == 1
