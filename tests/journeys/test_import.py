"""A folder of photographs per person: tried, imported, and the list of what was refused."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver
    from tests.journeys.seed import Seeded


def test_a_folder_is_tried_then_imported_and_what_was_refused_is_listed(
    desk: "Driver", store: Store, seeded: "Seeded", shared_data: Path, tmp_path: Path
) -> None:
    photos = shared_data / "photos"
    folder = tmp_path / "staff"
    files = {f"New {number}": jpeg for number, jpeg in enumerate(seeded.newcomers[:3])}
    files |= {
        "Empty Picture": (photos / "noise_noface.jpg").read_bytes(),
        "Barry": (photos / "ageitgey_obama2.jpg").read_bytes(),  # is on file under his whole name
    }
    for name, data in files.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "1.jpg").write_bytes(data)
    with store.reading() as t:
        before = t.people.count()

    desk.press("People", kind="RailItem")
    desk.press("Import…")
    desk.drag([folder], desk.wait("Drop a folder here")["place"])
    desk.read("Nothing is written yet.")
    desk.read("3 new, 0 with more photos, 2 refused; 2 photos not taken.")
    for number in range(3):
        assert desk.row(f"New {number}")["cells"][1:4] == ["new", "1", ""]
    assert desk.row("Empty Picture")["cells"][1:4] == ["refused", "0", "1"]
    assert "Barack Obama" in desk.row("Barry")["cells"][4]
    with store.reading() as t:
        assert t.people.count() == before

    desk.press("Each of them has read this and agrees")
    desk.press("Import")
    desk.read("The import is done.")
    with store.reading() as t:
        assert t.people.count() == before + 3
        for number in range(3):
            (person,) = t.people.named(f"New {number}")
            assert len(t.templates.of(person.id).rows) == 1
            assert len(t.consents.of(person.id)) == 1
        assert "people.import" in [row.act for row in t.audit.page(limit=3)]
    listed = tmp_path / "refused.csv"
    desk.press("Save the refused as a list…")
    desk.answer_dialog(listed)
    desk.until("the list", listed.exists)
    with listed.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Name", "File", "Why"]
    assert sorted(row[0] for row in rows[1:]) == ["Barry", "Empty Picture"]
    desk.press("People", kind="Button")
    desk.read("53 people")
