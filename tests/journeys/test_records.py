"""A thousand events: read, filtered, looked at, corrected and taken along."""

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facekd_db.records import EventFilter
from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

OBAMA = "Barack Obama"


def has_picture(driver: "Driver", place: list[int]) -> bool:
    """Whether a place is not of one colour."""
    return float(np.std(driver.picture(place))) > 20


def test_a_thousand_events_are_filtered_looked_at_corrected_and_exported(
    desk: "Driver", store: Store, tmp_path: Path
) -> None:
    with store.reading() as t:
        newest = t.events.page(limit=8)
        unknown = t.events.count(EventFilter(states=frozenset({"unknown"})))
        (obama,) = t.people.named(OBAMA)
        of_obama = t.events.count(EventFilter(name=OBAMA))
    desk.press("Records", kind="RailItem")
    desk.read("1,000 events")
    table = desk.wait("Records", kind="QTableView")
    assert [row["cells"][1] for row in table["rows"][:8]] == [each.person or "Unknown" for each in newest]
    assert [row["cells"][2] for row in table["rows"][:8]] == [each.camera for each in newest]

    desk.press("State")
    desk.entry("unknown")
    desk.read(f"{unknown} of 1,000 events")
    file = tmp_path / "unknown.csv"
    desk.key("ctrl+e")
    desk.answer_dialog(file)
    desk.read(f"{unknown} events written to unknown.csv")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header, *rows = csv.reader(opened)
    assert len(rows) == unknown
    assert {row[header.index("state")] for row in rows} == {"unknown"}

    desk.clear_chip("unknown")
    desk.fill("Name", "obama", kind="SearchField")
    desk.read(f"{of_obama} of 1,000 events")
    desk.choose(OBAMA, name="Records")
    desk.read("Why this name")
    for name in ("Seen", "On file"):  # two photographs, not two empty places
        place = desk.wait(name, kind="FaceTile")["place"]
        desk.until(f"the picture {name!r}", partial(has_picture, desk, place))
    desk.press("Not this person")
    desk.read(f"Remembered: this face is not {OBAMA}")
    with store.reading() as t:
        assert t.events.count(EventFilter(name=OBAMA)) == of_obama - 1
        assert t.events.count() == 1000
        assert [row.rejects for row in t.templates.of(obama.id).rows].count(True) == 1
