"""The Records page over the real services: events in a SQLite store, by pages and filters, corrected and exported."""

import csv
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from facekd_db.errors import StoreUnavailable
from facekd_db.records import EventFilter, PersonFields, Role, Sighting
from facekd_ui.i18n.language import Language
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.records import RecordsPage
from facekd_ui.pages.records_filters import RangeSheet, range_of
from facekd_ui.services.base import Desk
from facekd_ui.services.recording import face_picture
from facekd_ui.tables.records import CAMERA, CLOSE, PAGE, PERSON, STAYED, RecordsTable

Contexts = Callable[..., PageContext]
Show = Callable[..., RecordsPage]
ADA, BOB = 1, 6
SLOW_MS = 10_000


@pytest.fixture
def show(qtbot: QtBot, context: Contexts) -> Show:
    def make(role: Role = Role.ADMINISTRATOR, width: int = 1364) -> RecordsPage:
        page = RecordsPage(context(role))
        qtbot.addWidget(page)
        page.resize(width, 760)
        page.show()
        qtbot.waitExposed(page)
        page.opened()
        return page

    return make


@pytest.fixture
def door(context: Contexts) -> Any:
    return context().services.cameras.add("Door", "device", "0")


@pytest.fixture
def hall(context: Contexts) -> Any:
    return context().services.cameras.add("Hall", "device", "1")


@pytest.fixture
def ada(context: Contexts, portrait: Callable[..., Path]) -> int:
    """On file with a photograph."""
    enrolment = context().services.enrolment
    return enrolment.enrol(PersonFields("Ada Lovelace"), enrolment.examine_files([portrait(ADA)])).person.id


def record(desk: Desk, *sightings: Sighting) -> None:
    desk.store.run(lambda t: t.events.record(uuid.uuid4().hex, sightings))


def sighting(desk: Desk, camera: Any, minutes_ago: float, person: int | None = None, **more: Any) -> Sighting:
    at = desk.store.now() - timedelta(minutes=minutes_ago)
    state = more.pop("state", "unknown" if person is None else "known")
    detail = {"kind": "closer", "share": 0.9998, "trials": 51_000} if person else {"kind": "none"}
    return Sighting(at, camera.id, state, f"t{minutes_ago}", person, 0.6, more.pop("image", None), detail)


def column(page: RecordsPage, number: int) -> list[str]:
    return [str(page.table.index(row, number).data()) for row in range(page.table.rowCount())]


def test_events_are_listed_newest_first_with_how_sure_in_words(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, hall: Any, ada: int
) -> None:
    record(desk, sighting(desk, door, 30, ada), sighting(desk, hall, 10))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    assert column(page, PERSON) == ["Unknown", "Ada Lovelace"]
    assert column(page, CAMERA) == ["Hall", "Door"]
    assert column(page, CLOSE) == ["No one on file is close enough", "Closer than 99.98 % of strangers"]
    assert column(page, STAYED) == ["briefly", "briefly"]


def test_more_than_a_page_comes_by_scrolling_and_each_event_once(
    qtbot: QtBot, show: Show, desk: Desk, door: Any
) -> None:
    n = 2 * PAGE + 30
    record(desk, *(sighting(desk, door, 10 * k) for k in range(n)))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() >= PAGE, timeout=SLOW_MS)

    def all_there() -> bool:
        page.view.scrollToBottom()
        return page.table.rowCount() == n

    assert page.table.rowCount() < n
    qtbot.waitUntil(all_there, timeout=SLOW_MS)
    assert len({event.id for event in page.table.events}) == n
    assert not page.table.canFetchMore(page.view.rootIndex())


def test_the_model_keeps_qts_rules(
    qtmodeltester: ModelTester, qtbot: QtBot, show: Show, desk: Desk, door: Any
) -> None:
    record(desk, *(sighting(desk, door, 10 * k) for k in range(5)))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 5, timeout=SLOW_MS)
    qtmodeltester.check(page.table, force_py=True)


def test_filters_by_state_camera_name_and_time_are_the_stores(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, hall: Any, ada: int
) -> None:
    record(
        desk,
        sighting(desk, door, 10, ada),
        sighting(desk, hall, 20, ada, state="uncertain"),
        sighting(desk, hall, 60 * 24 * 3),
    )
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    filters = page.filters
    filters.set_state("uncertain")
    qtbot.waitUntil(lambda: column(page, PERSON) == ["Ada Lovelace?"], timeout=SLOW_MS)
    filters.clear()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    filters.set_camera(hall)
    qtbot.waitUntil(lambda: column(page, CAMERA) == ["Hall", "Hall"], timeout=SLOW_MS)
    filters.set_name("love")
    qtbot.waitUntil(lambda: column(page, PERSON) == ["Ada Lovelace?"], timeout=SLOW_MS)
    filters.clear()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    filters.set_range((desk.store.now() - timedelta(days=1), None), "since yesterday")
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)


def test_the_menus_offer_the_cameras_of_the_store_and_set_the_filter(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, hall: Any
) -> None:
    record(desk, sighting(desk, door, 10), sighting(desk, hall, 20))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    menu = page.filters.camera_menu()
    assert [action.text() for action in menu.actions()] == ["Door", "Hall"]
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: column(page, CAMERA) == ["Door"], timeout=SLOW_MS)
    assert page.filters.value == EventFilter(camera_id=door.id)


def test_days_begin_at_this_computers_midnight() -> None:
    now = datetime(2026, 3, 12, 8, 41).astimezone()
    midnight = datetime(2026, 3, 12).astimezone()
    assert range_of("today", now) == (midnight, None)
    assert range_of("yesterday", now) == (datetime(2026, 3, 11).astimezone(), midnight)
    assert range_of("week", now) == (datetime(2026, 3, 6).astimezone(), None)


def test_a_range_that_ends_before_it_begins_is_refused(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    first, last = datetime(2026, 3, 12, 9).astimezone(), datetime(2026, 3, 12, 7).astimezone()
    sheet = RangeSheet(parent, (first, last))
    taken: list[Any] = []
    sheet.chosen.connect(taken.append)
    sheet.take()
    assert taken == []
    sheet.first.setDateTime(sheet.last.dateTime().addSecs(-3600))
    sheet.take()
    assert taken == [(datetime(2026, 3, 12, 6).astimezone(), last)]


def test_a_chosen_record_shows_the_picture_the_photograph_and_why(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int, paint: Any
) -> None:
    image = face_picture(paint({ADA: (160, 120)}), (128, 88, 192, 152))
    record(desk, sighting(desk, door, 5, ada, image=image))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    page.view.selectRow(0)
    assert page.detail.isVisible()
    assert (page.detail.name, page.detail.why) == ("Ada Lovelace", "Closer than 99.98 % of strangers")

    def green(tile: QWidget) -> bool:
        color = tile.grab().toImage().pixelColor(tile.width() // 2, tile.height() // 2)
        return color.green() > 180 > color.red()

    qtbot.waitUntil(lambda: green(page.detail.seen) and green(page.detail.filed), timeout=SLOW_MS)


def test_not_this_person_takes_the_name_from_the_record_and_is_remembered(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int, paint: Any, context: Contexts
) -> None:
    image = face_picture(paint({ADA: (160, 120)}), (128, 88, 192, 152))
    record(desk, sighting(desk, door, 5, ada, image=image))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    page.view.selectRow(0)
    qtbot.keyClick(page, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: column(page, PERSON) == ["Unknown"], timeout=SLOW_MS)
    (event,) = context().services.records.page()
    assert (event.state, event.person_id) == ("unknown", None)
    assert not page.not_action.isEnabled()
    assert desk.gallery.current().rejected.keys() == {str(ada)}


def test_an_auditor_reads_and_corrects_nothing(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int
) -> None:
    record(desk, sighting(desk, door, 5, ada))
    page = show(Role.AUDITOR)
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    page.view.selectRow(0)
    assert page.detail.name == "Ada Lovelace"
    assert not page.not_action.isEnabled()
    assert page.open_action.isEnabled()


def test_an_export_holds_what_the_filters_let_through(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int, tmp_path: Path, notes: Any
) -> None:
    record(desk, sighting(desk, door, 5, ada), sighting(desk, door, 15), sighting(desk, door, 25))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    page.filters.set_state("unknown")
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    page.exports.write(tmp_path / "records.csv")
    qtbot.waitUntil(lambda: bool(notes.said), timeout=SLOW_MS)
    assert notes.said == ["2 events written to records.csv"]
    with (tmp_path / "records.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["camera"], row["state"]) for row in rows] == [("Door", "unknown")] * 2


def test_a_cancelled_export_leaves_no_file_and_says_so(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, tmp_path: Path, notes: Any
) -> None:
    record(desk, *(sighting(desk, door, 10 * k) for k in range(1200)))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == PAGE, timeout=SLOW_MS)
    page.exports.write(tmp_path / "records.csv").cancel()
    qtbot.waitUntil(lambda: bool(notes.said), timeout=SLOW_MS)
    assert notes.said == ["The export was cancelled; no file is left."]
    assert list(tmp_path.glob("records*")) == []
    assert page.exports.button.isEnabled()


def test_a_file_that_cannot_be_written_is_said_and_the_page_goes_on(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, tmp_path: Path, notes: Any
) -> None:
    record(desk, sighting(desk, door, 5))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    page.exports.write(tmp_path / "nowhere" / "records.csv")
    qtbot.waitUntil(lambda: bool(notes.said), timeout=SLOW_MS)
    assert "cannot be written" in notes.said[0]
    assert page.exports.button.isEnabled()


def test_an_empty_store_says_what_will_stand_here(
    qtbot: QtBot, show: Show, went: list[Any], clipped: Callable[[QWidget], list[str]]
) -> None:
    page = show()
    qtbot.waitUntil(lambda: "Nothing recorded yet" in _words(page), timeout=SLOW_MS)
    assert not page.exports.button.isEnabled()
    assert clipped(page) == []
    next(button for button in page.findChildren(QWidget) if _is_shown(button, "Open Live")).click()  # type: ignore[attr-defined]
    assert went == [("live", None)]


def test_filters_that_match_nothing_can_be_cleared(qtbot: QtBot, show: Show, desk: Desk, door: Any) -> None:
    record(desk, sighting(desk, door, 5))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    page.filters.set_name("nobody of that name")
    qtbot.waitUntil(lambda: "No events match these filters" in _words(page), timeout=SLOW_MS)
    page.clear_action.trigger()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    assert not page.filters.is_set


def test_a_store_that_is_away_is_said_and_tried_again(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(desk, sighting(desk, door, 5))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    away = True
    reading = desk.store.reading

    def sometimes() -> Any:
        if away:
            raise StoreUnavailable("expected an answer of the database, none came; try again")
        return reading()

    monkeypatch.setattr(desk.store, "reading", sometimes)
    page.refresh()
    qtbot.waitUntil(lambda: "The records cannot be read" in _words(page), timeout=SLOW_MS)
    away = False
    page.error.retry.emit()
    qtbot.waitUntil(page.view.isVisible, timeout=SLOW_MS)
    assert page.table.rowCount() == 1


def test_a_picture_is_asked_for_once() -> None:
    table = RecordsTable()
    asked: list[int] = []
    table.picture_wanted.connect(asked.append)
    from facekd_db.records import Event

    now = datetime.now().astimezone()
    event = Event(7, now, now, 1, "Door", "unknown", None, None, None, 1, True, {})
    table.set_events([event], now)
    assert table.picture(event) is None
    assert table.picture(event) is None
    table.set_picture(7, None)
    assert table.picture(event) is None
    assert asked == [7]


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [1204, 1364])
def test_nothing_is_clipped(
    qtbot: QtBot,
    show: Show,
    desk: Desk,
    door: Any,
    ada: int,
    language: Language,
    clipped: Callable[[QWidget], list[str]],
    code: str,
    width: int,
) -> None:
    record(desk, sighting(desk, door, 5, ada), sighting(desk, door, 15))
    page = show(width=width)
    language.set(code)
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    for row in range(2):
        page.view.selectRow(row)
        qtbot.wait(60)  # the panel is laid out when it is shown
        assert clipped(page) == []


def _words(page: QWidget) -> list[str]:
    return [
        str(w.property("text")) for w in page.findChildren(QWidget) if w.isVisible() and w.property("text")
    ]


def _is_shown(widget: QWidget, text: str) -> bool:
    return widget.isVisible() and widget.property("text") == text and hasattr(widget, "click")


def test_dragging_over_the_day_shows_those_hours_and_keys_go_from_day_to_day(
    qtbot: QtBot, show: Show, desk: Desk, door: Any
) -> None:
    now = desk.store.now().astimezone()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    hours_ago = [
        (now - (midnight + timedelta(hours=hour))).total_seconds() / 60 for hour in (1.5, 3.5, -20.5)
    ]
    record(desk, *(sighting(desk, door, minutes) for minutes in hours_ago))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    assert page.day.day == midnight.date()  # that of the newest event
    page.day.strip.chosen.emit((1, 3))
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    assert page.filters.range == (midnight + timedelta(hours=1), midnight + timedelta(hours=3))
    assert page.day.strip.hours == (1, 3)
    page.day.strip.chosen.emit(None)
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    qtbot.keyClick(page, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: page.table.rowCount() == 1, timeout=SLOW_MS)
    assert page.day.day == midnight.date() - timedelta(days=1)
    qtbot.keyClick(page, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: page.day.day == date.today(), timeout=SLOW_MS)


def test_a_name_is_explained_by_a_place_on_the_curves(
    qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int
) -> None:
    model = desk.gallery.current().model_id
    at = desk.store.now() - timedelta(minutes=5)
    detail = {"kind": "closer", "share": 0.9998, "trials": 51_000, "model": model, "people": 1}
    record(desk, Sighting(at, door.id, "known", "t1", ada, 0.75, None, detail), sighting(desk, door, 20, ada))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    qtbot.keyClick(page, Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.detail.chart is not None, timeout=SLOW_MS)
    assert page.detail.chart is not None
    assert page.detail.chart.accessibleName() == "Closer than the line for a name"
    qtbot.keyClick(page, Qt.Key.Key_J)  # one from before recognisers were written down
    assert page.detail.chart is None
    qtbot.keyClick(page, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: page.detail.chart is not None, timeout=SLOW_MS)


def test_the_foot_counts_by_state(qtbot: QtBot, show: Show, desk: Desk, door: Any, ada: int) -> None:
    record(desk, sighting(desk, door, 10, ada), sighting(desk, door, 20), sighting(desk, door, 30))
    page = show()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    words = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert {"3 events", "1 known", "2 unknown"} <= set(words)
    assert "0 uncertain" not in words
