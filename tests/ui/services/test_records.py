"""Looking through records, correcting them, and taking them along safely."""

import csv
import gc
import re
import resource
import shutil
import tempfile
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
from facekd.policy import Policy
from facekd_db.records import EventFilter, PersonFields, Sighting
from facekd_ui.i18n import set_catalogue
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


def test_a_workbook_whose_folder_is_gone_leaves_nothing_open_and_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(InputError, match="cannot be written"):
        write_xlsx(tmp_path / "missing" / "x.xlsx", ("name",), [("Ada",)])
    (folder := tmp_path / "unplugged").mkdir()

    def rows() -> Iterator[tuple[str]]:
        yield ("Ada",)
        shutil.rmtree(folder)
        yield ("Bob",)

    with pytest.raises(InputError, match="cannot be written"):
        write_xlsx(folder / "x.xlsx", ("name",), rows())
    gc.collect()  # an open file would warn here, and warnings are errors
    assert list(scratch.iterdir()) == []


def test_the_picture_of_an_event_is_what_was_seen(operator: Services, record: Callable[..., int]) -> None:
    data = operator.records.image(record(EVE, None))
    assert data is not None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (128, 128, 3)
    assert re.match(rb"\xff\xd8", data)


def test_the_hours_of_a_day_are_those_of_this_computers_calendar(
    operator: Services, record: Callable[..., int], desk: Desk
) -> None:
    now = desk.store.now().astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for hours in (7.2, 7.9, 23.5, 24.5, -0.5):
        at = midnight + timedelta(hours=hours)
        record(EVE, None, (at - now).total_seconds() / 3600)
    expected = [0] * 24
    expected[7], expected[23] = 2, 1
    assert operator.records.hours(midnight.date()) == tuple(expected)
    assert sum(operator.records.hours(midnight.date() + timedelta(days=1))) == 1
    named = EventFilter(states=frozenset({"known"}), since=now, until=now)
    assert sum(operator.records.hours(midnight.date(), named)) == 0  # its states count, its time does not


def test_events_are_tallied_by_state(
    operator: Services, portrait: Portrait, record: Callable[..., int]
) -> None:
    ada = put(operator, portrait, ADA, "Ada")
    for hours, person in ((1, ada), (2, None), (3, None)):
        record(EVE, person, hours)
    assert operator.records.tally() == {"known": 1, "uncertain": 0, "unknown": 2, "erased": 0}
    assert operator.records.tally(EventFilter(states=frozenset({"unknown"}))) == {"unknown": 2}


def test_why_a_name_was_said_is_told_from_the_recogniser_of_then(
    operator: Services, portrait: Portrait, record: Callable[..., int], desk: Desk
) -> None:
    ada = put(operator, portrait, ADA, "Ada")
    gallery = desk.gallery.current()
    event = record(ADA, ada, 1, model=gallery.model_id, people=1)
    why = operator.records.why(event)
    assert why is not None
    card = desk.networks.embedder(gallery.model_id).card
    assert why.score == 0.75
    assert why.line == Policy.from_card(card, 1).known
    # The line lies at 1 in 10,000, but only 1,000 pairs were tried: no more is claimed.
    assert why.needs.share == pytest.approx(0.999)
    assert why.nearest is None  # nobody else is on file
    before = record(ADA, ada, 2)  # from before recognisers were written down
    assert operator.records.why(before) is None


def test_the_next_nearest_is_named_only_where_it_comes_near(
    operator: Services, portrait: Portrait, record: Callable[..., int], desk: Desk
) -> None:
    ada, bob = put(operator, portrait, ADA, "Ada"), put(operator, portrait, BOB, "Bob")
    model = desk.gallery.current().model_id
    near = operator.records.why(record(ADA, bob, 1, model=model, people=2))  # it was Ada, Bob was said
    assert near is not None
    assert near.nearest == "Ada"
    far = operator.records.why(record(ADA, ada, 2, model=model, people=2))
    assert far is not None
    assert far.nearest is None


def test_an_export_speaks_the_language_of_whoever_asked(
    operator: Services, record: Callable[..., int], tmp_path: Path
) -> None:
    record(EVE, None, 1)
    set_catalogue("zh_CN")
    try:
        operator.records.export(tmp_path / "records.csv")
    finally:
        set_catalogue("en")
    with (tmp_path / "records.csv").open(encoding="utf-8-sig", newline="") as file:
        header, row = list(csv.reader(file))
    assert header[:5] == ["编号", "开始", "结束", "摄像头", "状态"]
    assert row[4] == "未知"
