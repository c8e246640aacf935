"""Records of somebody who was erased: they stay without a name, are counted, read and taken along."""

import csv
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from facekd_db.records import PersonFields, Sighting
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.records import RecordsPage
from facekd_ui.services.base import Desk
from facekd_ui.tables.records import PERSON

PASSWORD = "seven quiet herons"
SLOW_MS = 10_000


def test_records_of_an_erased_person_are_shown_counted_and_exported_without_a_name(
    qtbot: QtBot, context: Callable[..., PageContext], desk: Desk, tmp_path: Path, notes: Any
) -> None:
    mine = context()
    door = mine.services.cameras.add("Door", "device", "0")
    with desk.store.transaction() as t:
        person = t.people.add(PersonFields("Ada Lovelace")).id
    at = desk.store.now()
    seen = [
        Sighting(at - timedelta(hours=1), door.id, "known", "t1", person, 0.6, None, {"kind": "none"}),
        Sighting(at - timedelta(hours=2), door.id, "unknown", "t2", None, 0.1, None, {"kind": "none"}),
    ]
    desk.store.run(lambda t: t.events.record(uuid.uuid4().hex, seen))
    mine.services.people.erase(person, "asked by letter", PASSWORD)
    page = RecordsPage(mine)
    qtbot.addWidget(page)
    page.resize(1364, 760)
    page.show()
    qtbot.waitExposed(page)
    page.opened()
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    assert [page.table.index(row, PERSON).data() for row in range(2)] == ["Erased person", "Unknown"]
    assert page._count.text() == "2 events"
    page.view.grab()  # the rows are painted, with a shape for each state
    page.view.selectRow(0)
    assert page.detail.name == "Erased person"
    assert not page.not_action.isEnabled()
    page.exports.write(tmp_path / "records.csv")
    qtbot.waitUntil(lambda: bool(notes.said), timeout=SLOW_MS)
    assert notes.said == ["2 events written to records.csv"]
    with (tmp_path / "records.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["state"], row["person"]) for row in rows] == [("erased", ""), ("unknown", "")]
