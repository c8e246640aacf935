"""The people on file: found, looked at, corrected, added from files, recognised as known already, deleted, erased."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from facekd.images import decode_image
from facekd.types import Image
from facekd_db.errors import NotFound
from facekd_db.records import EventFilter, Person
from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

PASSWORD = "seven quiet herons"
LEFT, SIDE = 12, 34  # of the photograph in a row of the table, in pixels
BIDEN, LACAMOIRE, OBAMA = "Joe Biden", "Alex Lacamoire", "Barack Obama"


def thumbnail(image: bytes) -> Image:
    """A stored photograph as large as in the table."""
    return np.asarray(
        cv2.resize(decode_image(image, "crop"), (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8
    )


def likeness(seen: Image, photos: Mapping[str, Image], name: str) -> float:
    """Correlation of what is seen and somebody's photograph."""
    a, b = (picture.astype(float).ravel() - picture.mean() for picture in (seen, photos[name]))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def person_of(store: Store, name: str) -> Person:
    with store.reading() as t:
        (person,) = t.people.named(name)
    return person


def open_people(driver: "Driver", count: str = "50 people") -> None:
    driver.press("People", kind="RailItem")
    driver.read(count)


def test_people_are_found_looked_at_corrected_and_added(
    desk: "Driver", store: Store, shared_data: Path
) -> None:
    open_people(desk)
    with store.reading() as t:
        rows = t.people.page(limit=50)
        crops = t.crops.thumbnails([row.crop_id for row in rows if row.crop_id is not None])
    table = desk.wait("People on file", kind="QTableView")
    assert [row["cells"][0] for row in table["rows"]] == [
        row.person.name for row in rows[: len(table["rows"])]
    ]
    photos = {row.person.name: thumbnail(crops[row.crop_id]) for row in rows if row.crop_id in crops}
    for shown in table["rows"][:5]:  # the face beside a name is that person's and nobody else's
        x, y, _width, height = shown["places"][0]
        seen = desk.picture((x + LEFT, y + (height - SIDE) // 2, SIDE, SIDE))
        assert max(photos, key=partial(likeness, seen, photos)) == shown["cells"][0]

    desk.fill("Name, code, department", "obama", kind="SearchField")
    desk.read("1 of 50 people")
    desk.choose(OBAMA)
    desk.until("the panel", lambda: desk.reach("Edit"))
    desk.key("F2")
    desk.wait(f"Edit {OBAMA}")
    desk.fill("Department", "Visitors")
    desk.press("Save")
    desk.until("the department in the table", lambda: "Visitors" in desk.row(OBAMA)["cells"])
    assert person_of(store, OBAMA).fields.department == "Visitors"

    desk.key("ctrl+n")
    desk.wait("Drop photographs here")
    desk.fill("Name", LACAMOIRE)
    desk.press("Add from files…")
    desk.answer_dialog(shared_data / "photos" / "ageitgey_alex-lacamoire.png")
    desk.scroll_to("No one on file looks like this.")
    desk.scroll_to("The person has read this and agrees")
    desk.press("The person has read this and agrees")
    desk.press("Save")
    desk.read(f"{LACAMOIRE}: 1 photo added")
    person = person_of(store, LACAMOIRE)
    with store.reading() as t:
        assert [each.given_by for each in t.consents.of(person.id)] == [LACAMOIRE]
        assert len(t.templates.of(person.id).rows) == 1
        assert t.people.count() == 51
    desk.until("the new person beside the table", lambda: desk.says("Recognised") and desk.says(LACAMOIRE))


def test_a_face_that_is_on_file_already_is_not_put_there_twice(
    desk: "Driver", store: Store, shared_data: Path
) -> None:
    obama = person_of(store, OBAMA)
    open_people(desk)
    desk.key("ctrl+n")
    place = desk.wait("Drop photographs here")["place"]
    desk.fill("Name", "Somebody Else")
    desk.drag([shared_data / "photos" / "ageitgey_obama2.jpg"], place)
    desk.scroll_to(f"This looks like {OBAMA}, already on file.")
    assert desk.reach("Save") is None
    desk.scroll_to(f"Same person, add the photos to {OBAMA}")
    desk.press(f"Same person, add the photos to {OBAMA}")
    desk.read(f"{OBAMA}: 1 photo added")
    with store.reading() as t:
        assert len(t.crops.of(obama.id).rows) == 2
        assert t.people.count() == 50


def test_deleting_is_taken_back_and_erasing_is_for_good(desk: "Driver", store: Store) -> None:
    person = person_of(store, BIDEN)
    with store.reading() as t:
        records = t.events.count(EventFilter(name=BIDEN))
    assert records > 0
    open_people(desk)
    desk.fill("Name, code, department", "biden", kind="SearchField")
    desk.choose(BIDEN)
    desk.until("the panel", lambda: desk.reach("Delete…"))
    desk.key("Delete")
    desk.wait(f"Delete {BIDEN}?")
    desk.read(f"({records} records)")
    desk.press("Delete")
    desk.read(f"{BIDEN} deleted")
    with store.reading() as t:
        assert t.people.get(person.id).deleted_at is not None
        assert t.people.count() == 49
    desk.press("Undo")
    desk.read(f"{BIDEN} is on file again")
    with store.reading() as t:
        assert t.people.get(person.id).deleted_at is None

    desk.row(BIDEN)
    desk.press("More")
    desk.entry("Erase for good…")
    desk.wait(f"Erase {BIDEN} for good?")
    desk.fill("Reason, without the name", "asked by letter")
    desk.fill("Your password again", PASSWORD)
    desk.press("Erase for good")
    desk.read("Erased. The certificate stands in Settings.")
    with store.reading() as t:
        with pytest.raises(NotFound):
            t.people.get(person.id)
        (certificate,) = t.erasures.all()
        assert (certificate.reason, certificate.events) == ("asked by letter", records)
        assert t.events.count(EventFilter(name=BIDEN)) == 0
        assert t.events.count() == 1000
    desk.read("Nobody matches these filters")
    desk.press("Clear filters")
    desk.read("49 people")
