"""Looking through records, correcting them, and taking them along safely."""

import csv
import re
import resource
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd_db.records import EventFilter, PersonFields, Sighting
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.export import MOST_ROWS, harmless, write_csv, write_xlsx
from facekd_ui.services.recording import face_picture

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
Portrait = Callable[..., Path]
ADA, BOB, EVE = 1, 6, 4


@pytest.fixture
def record(desk: Desk, operator: Services, paint: Paint) -> Callable[..., int]:
    """Records that the face `seed` was seen and taken for a person; returns the event's id."""
    camera = operator.cameras.use("Door", "device", "0")

    def see(seed: int, person_id: int | None, hours: float = 0, **detail: object) -> int:
        image = face_picture(paint({seed: (160, 120)}), (128, 88, 192, 152))
        assert image is not None
        state = "unknown" if person_id is None else "known"
        at = desk.store.now() + timedelta(hours=hours)
        sighting = Sighting(at, camera.id, state, f"t{hours}", person_id, 0.75, image, detail)  # type: ignore[arg-type]
        with desk.store.transaction() as t:
            t.events.record(f"{int(hours * 100):032x}", [sighting])
            return t.events.page(limit=1)[0].id

    return see


def put(operator: Services, portrait: Portrait, seed: int, name: str) -> int:
    shots = operator.enrolment.examine_files([portrait(seed)])
    return operator.enrolment.enrol(PersonFields(name), shots).person.id


def test_not_this_person_takes_the_name_from_the_event_and_from_that_face_for_ever(
    operator: Services, portrait: Portrait, record: Callable[..., int], paint: Paint
) -> None:
    ada = put(operator, portrait, ADA, "Ada")
    event = record(ADA, ada)
    corrected = operator.records.not_this_person(event)
    assert (corrected.state, corrected.person_id, corrected.has_image) == ("unknown", None, True)
    (seen,) = operator.photo.name_everyone(paint({ADA: (160, 120)}))
    assert seen.person is None
    assert operator.people.get(ada).rejections == 1
    with pytest.raises(Invalid, match="without"):
        operator.records.not_this_person(event)


def test_events_are_filtered_paged_and_counted(
    operator: Services, portrait: Portrait, record: Callable[..., int], desk: Desk
) -> None:
    ada = put(operator, portrait, ADA, "Ada")
    ids = [record(ADA, ada, 1), record(EVE, None, 2), record(ADA, ada, 3)]
    first = operator.records.page(limit=2)
    assert [event.id for event in first] == [ids[2], ids[1]]
    assert [event.id for event in operator.records.page(before=first[-1])] == [ids[0]]
    assert operator.records.count(EventFilter(person_id=ada)) == 2
    assert operator.records.count(EventFilter(since=desk.store.now() + timedelta(hours=2))) == 2
    assert operator.records.count(EventFilter(states=frozenset({"unknown"}))) == 1
    assert [camera.address for camera in operator.records.cameras()] == [""]  # not for every eye


def test_an_export_says_how_sure_in_words_and_leaves_an_audit_row(
    operator: Services, admin: Services, portrait: Portrait, record: Callable[..., int], tmp_path: Path
) -> None:
    ada = put(operator, portrait, ADA, '=HYPERLINK("http://evil","Ada")')
    record(ADA, ada, 1, kind="closer", share=0.9998, trials=1000)
    record(EVE, None, 2)
    done = operator.records.export(tmp_path / "events.csv")
    assert (done.rows, done.complete) == (2, True)
    unknown, known = list(
        csv.DictReader((tmp_path / "events.csv").read_text(encoding="utf-8-sig").splitlines())
    )
    assert known["how sure"] == "Closer than 99.98 % of strangers"
    assert known["person"].startswith("'=HYPERLINK")
    assert (unknown["person"], unknown["how sure"]) == ("", "")
    assert admin.audit.page(act="records.export")[0].detail == {"rows": 2, "format": ".csv"}
    with pytest.raises(Invalid, match=r"\.csv, \.xlsx"):
        operator.records.export(tmp_path / "events.pdf")
    with pytest.raises(InputError, match="cannot be written"):
        operator.records.export(tmp_path / "absent" / "events.csv")


def test_a_cancelled_export_leaves_nothing(
    operator: Services, record: Callable[..., int], tmp_path: Path
) -> None:
    record(EVE, None, 1)

    class Impatient:
        def progress(self, done: int, total: int, refused: int = 0) -> None: ...

        def cancelled(self) -> bool:
            return True

    for name in ("events.csv", "events.xlsx"):
        done = operator.records.export(tmp_path / name, watch=Impatient())
        assert not done.complete
    assert list(tmp_path.glob("events*")) == []


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "  =1",
        "\N{FULLWIDTH EQUALS SIGN}1+1",
        "\N{FULLWIDTH COMMERCIAL AT}x",
    ],
)
def test_text_that_a_spreadsheet_would_evaluate_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Ada", "", "a=b", "阿依古丽·买买提", "1-2", "x@y"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def sheet(path: Path) -> list[ElementTree.Element]:
    with zipfile.ZipFile(path) as book:
        tree = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return list(tree.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"))


def test_text_in_a_workbook_is_typed_as_text_and_never_a_formula_or_link(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    rows = [("=1+1", "http://evil", 5, None), ("{=SUM(A1)}", "internal:x", 2.5, "ok")]
    assert write_xlsx(path, ("a", "b", "c", "d"), rows) == 2
    cells = sheet(path)
    assert {cell.get("t") for cell in cells} == {"inlineStr", None}
    assert all(cell.find("{*}f") is None for cell in cells)
    text = [
        t.text
        for cell in cells
        for t in cell.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}t")
    ]
    assert {"=1+1", "http://evil", "{=SUM(A1)}", "internal:x"} <= set(text)
    with zipfile.ZipFile(path) as book:
        assert not any("rels" in name and "sheet" in name for name in book.namelist())  # no links


def test_a_long_export_takes_constant_memory(tmp_path: Path) -> None:
    def rows(count: int) -> Iterator[tuple[str, int]]:
        return ((f"person {number}", number) for number in range(count))

    def grown_mib(write: Callable[[], int]) -> float:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        write()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    write_xlsx(tmp_path / "small.xlsx", ("name", "n"), rows(2000))
    assert grown_mib(lambda: write_xlsx(tmp_path / "large.xlsx", ("name", "n"), rows(40_000))) < 20
    assert grown_mib(lambda: write_csv(tmp_path / "large.csv", ("name", "n"), rows(40_000))) < 5
    assert MOST_ROWS == 2**20 - 1


def test_the_picture_of_an_event_is_what_was_seen(operator: Services, record: Callable[..., int]) -> None:
    data = operator.records.image(record(EVE, None))
    assert data is not None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (128, 128, 3)
    assert re.match(rb"\xff\xd8", data)
