"""The Live page over the real services: painted faces before painted cameras."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from facekd.models import Registry
from facekd.sources import Source
from facekd_db.records import PersonFields, Role
from facekd_ui.i18n.language import Language
from facekd_ui.pages import live_sources
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live import LivePage
from facekd_ui.pages.live_choose import AddressSheet, source_menu
from facekd_ui.pages.live_enrol import EnrolSheet
from facekd_ui.pages.live_sources import Target
from facekd_ui.services.base import Desk
from facekd_ui.services.networks import Choice, Networks

Picture = NDArray[np.uint8]
Paint = Callable[[dict[int, tuple[int, int]]], Picture]
Contexts = Callable[..., PageContext]
Portrait = Callable[..., Path]
Show = Callable[..., LivePage]
ADA, BOB = 1, 6
DOOR = Target("Door", "device", "0")
SLOW_MS = 15_000  # two cores are shared with whatever else runs


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    """Shows a Live page whose sources are the ones given, one after another; the last one for ever."""
    pages: list[LivePage] = []

    def make(context: PageContext, *sources: Source, size: tuple[int, int] = (1364, 820)) -> LivePage:
        left = list(sources)
        page = LivePage(context, opener=lambda _target: left.pop(0) if len(left) > 1 else left[0])
        pages.append(page)
        page.resize(*size)
        page.show()
        qtbot.waitExposed(page)
        page.opened()
        return page

    yield make
    for page in pages:
        page.shut_down()
        page.close()
        page.deleteLater()


@pytest.fixture
def watching(
    context: Contexts, show: Show, painted: Callable[..., Source], paint: Paint
) -> Callable[..., LivePage]:
    """A page that watches people standing still at a door."""

    def make(people: dict[int, tuple[int, int]], role: Role = Role.ADMINISTRATOR, **source: Any) -> LivePage:
        page = show(context(role), painted(paint(people), **source))
        page.watch(DOOR)
        return page

    return make


@pytest.fixture
def ada(paint: Paint) -> Picture:
    return paint({ADA: (160, 120)})


def enrol(context: PageContext, portrait: Portrait, seed: int, name: str) -> int:
    shots = context.services.enrolment.examine_files([portrait(seed)])
    return context.services.enrolment.enrol(PersonFields(name), shots).person.id


def states(page: LivePage) -> list[tuple[str, str]]:
    return sorted((face.state, face.label) for face in page.tile.view.faces)


def names(page: LivePage) -> list[str]:
    return [item.line.name for item in page.guests.here.items]


def select_only_face(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: any(guest.views for guest in page.guests.presence.now()), timeout=SLOW_MS)
    page.guests.select(page.guests.presence.now()[0].face.track)


def test_who_is_on_file_is_named_in_picture_and_list_and_recorded(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage]
) -> None:
    ada = enrol(context(), portrait, ADA, "Ada Lovelace")
    page = watching({ADA: (90, 120), BOB: (230, 120)})
    qtbot.waitUntil(
        lambda: states(page) == [("known", "Ada Lovelace"), ("unknown", "Unknown")], timeout=SLOW_MS
    )
    qtbot.waitUntil(lambda: sorted(names(page)) == ["", "Ada Lovelace"], timeout=SLOW_MS)
    known = next(item for item in page.guests.here.items if item.line.name)
    sure = "Closer than every stranger tried (1,000)"  # once the face is known and not only likely
    qtbot.waitUntil(lambda: str(known.line.sentence) == sure, timeout=SLOW_MS)
    records = context().services.records
    qtbot.waitUntil(lambda: {e.state for e in records.page()} == {"known", "unknown"}, timeout=SLOW_MS)
    (event,) = (event for event in records.page() if event.state == "known")
    assert (event.person_id, event.camera) == (ada, "Door")
    assert records.image(event.id) is not None


def test_the_photograph_on_file_stands_beside_the_crop(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage]
) -> None:
    enrol(context(), portrait, ADA, "Ada")
    page = watching({ADA: (160, 120)})
    qtbot.waitUntil(lambda: names(page) == ["Ada"], timeout=SLOW_MS)
    (item,) = page.guests.here.items

    def middle(tile: QWidget) -> tuple[int, int, int]:
        color = tile.grab().toImage().pixelColor(tile.width() // 2, tile.height() // 2)
        return color.red(), color.green(), color.blue()

    # The green mark of a painted face lies in the middle of both.
    qtbot.waitUntil(lambda: middle(item.filed)[1] > 200 > middle(item.filed)[0], timeout=SLOW_MS)
    assert middle(item.seen)[1] > 200 > middle(item.seen)[0]


def test_an_unknown_face_is_enrolled_by_its_key_and_named_a_moment_later(
    qtbot: QtBot, context: Contexts, watching: Callable[..., LivePage], notes: Any
) -> None:
    page = watching({ADA: (160, 120)})
    select_only_face(qtbot, page)
    qtbot.keyClick(page, Qt.Key.Key_E)
    sheet = page.findChild(EnrolSheet)
    assert sheet is not None
    qtbot.keyClicks(sheet.name, "Ada Lovelace")
    qtbot.mouseClick(sheet.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: states(page) == [("known", "Ada Lovelace")], timeout=SLOW_MS)
    assert [row.person.name for row in context().services.people.page()] == ["Ada Lovelace"]
    assert notes.said == ["Ada Lovelace added with 1 photo"]


def test_a_sheet_without_a_name_says_so_and_enrols_nobody(
    qtbot: QtBot, context: Contexts, watching: Callable[..., LivePage]
) -> None:
    page = watching({ADA: (160, 120)})
    select_only_face(qtbot, page)
    page.guests.acts.enrol.trigger()
    sheet = page.findChild(EnrolSheet)
    assert sheet is not None
    qtbot.mouseClick(sheet.save_button, Qt.MouseButton.LeftButton)
    assert sheet.isVisible()
    assert context().services.people.count() == 0
    sheet.reject()


def test_whoever_waits_for_a_better_view_gets_it(
    qtbot: QtBot, context: Contexts, watching: Callable[..., LivePage]
) -> None:
    page = watching({ADA: (160, 120)})
    select_only_face(qtbot, page)
    page.guests.acts.enrol.trigger()
    sheet = page.findChild(EnrolSheet)
    assert sheet is not None
    (good,) = sheet.views[:1]
    dark = good._replace(image=np.zeros_like(good.image))
    sheet.views = (dark,)
    sheet.name.setText("Ada")
    sheet.save()
    qtbot.waitUntil(sheet.banner.isVisible, timeout=SLOW_MS)
    assert "Wait for a better one" in sheet.banner.accessibleName()
    sheet.save()
    qtbot.waitUntil(lambda: context().services.people.count() == 1, timeout=SLOW_MS)


def test_somebody_on_file_already_is_noticed_before_a_second_entry_is_made(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage]
) -> None:
    page = watching({ADA: (160, 120)})
    select_only_face(qtbot, page)
    page.guests.acts.enrol.trigger()
    sheet = page.findChild(EnrolSheet)
    assert sheet is not None
    enrol(context(), portrait, ADA, "Ada")  # at another desk, meanwhile
    sheet.name.setText("Ida")
    sheet.save()
    qtbot.waitUntil(sheet.banner.isVisible, timeout=SLOW_MS)
    assert sheet.banner.accessibleName() == "This looks like Ada, already on file."
    assert context().services.people.count() == 1
    sheet.reject()


def test_not_this_person_is_remembered_and_honoured_for_the_next_source_too(
    qtbot: QtBot,
    context: Contexts,
    portrait: Portrait,
    show: Show,
    painted: Callable[..., Source],
    ada: Picture,
    notes: Any,
) -> None:
    person = enrol(context(), portrait, ADA, "Ada")
    page = show(context(), painted(ada), painted(ada))
    page.watch(DOOR)
    qtbot.waitUntil(lambda: states(page) == [("known", "Ada")], timeout=SLOW_MS)
    select_only_face(qtbot, page)
    qtbot.keyClick(page, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: states(page) == [("unknown", "Unknown")], timeout=SLOW_MS)
    assert notes.said == ["Remembered: this face is not Ada"]
    acts = [row.act for row in context().services.audit.page()]
    assert "person.not_this" in acts
    page.watch(Target("Another door", "device", "1"))
    qtbot.waitUntil(lambda: bool(page.tile.view.faces), timeout=SLOW_MS)
    qtbot.wait(1500)  # a vote takes a few views
    assert states(page) == [("unknown", "Unknown")]
    assert context().services.people.get(person).person.deleted_at is None  # still on file


def test_an_ignored_face_leaves_the_list_until_they_leave(
    qtbot: QtBot, watching: Callable[..., LivePage]
) -> None:
    page = watching({ADA: (160, 120)})
    select_only_face(qtbot, page)
    qtbot.waitUntil(lambda: len(page.guests.here.items) == 1, timeout=SLOW_MS)
    qtbot.keyClick(page, Qt.Key.Key_I)
    qtbot.waitUntil(lambda: states(page) == [("ignored", "")], timeout=SLOW_MS)
    assert page.guests.here.items == []


def test_a_click_on_a_face_opens_what_can_be_done_about_it(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage], went: list[Any]
) -> None:
    ada = enrol(context(), portrait, ADA, "Ada")
    page = watching({ADA: (160, 120)})
    qtbot.waitUntil(lambda: states(page) == [("known", "Ada")], timeout=SLOW_MS)
    select_only_face(qtbot, page)
    guest = page.guests.selected()
    assert guest is not None
    menu = page.guests.acts.show_menu(guest, QPointF(10, 10))
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == ["Not Ada, remember for good", "Open Ada", "Ignore until they leave"]
    next(action for action in menu.actions() if action.text() == "Open Ada").trigger()
    menu.close()
    assert went == [("people", ada)]


def test_an_engineer_sees_names_and_changes_nobody(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage]
) -> None:
    enrol(context(), portrait, ADA, "Ada")
    page = watching({ADA: (160, 120)}, Role.ENGINEER)
    qtbot.waitUntil(lambda: states(page) == [("known", "Ada")], timeout=SLOW_MS)
    select_only_face(qtbot, page)
    acts = page.guests.acts
    assert not any(act.isEnabled() for act in (acts.enrol, acts.pick, acts.confirm, acts.reject, acts.open))
    assert acts.ignore.isEnabled()


def test_a_lost_camera_is_found_again_without_a_click(
    qtbot: QtBot, context: Contexts, show: Show, painted: Callable[..., Source], paint: Paint
) -> None:
    picture = paint({ADA: (160, 120)})
    page = show(context(), painted(picture, lose_after=20), painted(picture))
    told: list[tuple[str, str]] = []
    page.camera_state.connect(lambda kind, words: told.append((kind, str(words))))
    page.watch(DOOR)
    qtbot.waitUntil(lambda: ("danger", "No picture") in told, timeout=SLOW_MS)
    qtbot.waitUntil(lambda: told[-1] == ("ok", "1 camera"), timeout=SLOW_MS)
    qtbot.waitUntil(lambda: bool(page.tile.view.faces), timeout=SLOW_MS)


def test_a_paused_source_is_closed_and_opened_again(
    qtbot: QtBot, context: Contexts, show: Show, painted: Callable[..., Any], paint: Paint
) -> None:
    first, second = (painted(paint({ADA: (160, 120)})) for _ in range(2))
    page = show(context(), first, second)
    page.watch(DOOR)
    qtbot.waitUntil(lambda: bool(page.tile.view.faces), timeout=SLOW_MS)
    qtbot.keyClick(page.tile.view, Qt.Key.Key_Space)
    qtbot.waitUntil(first.closed.is_set, timeout=SLOW_MS)
    assert page.tile.rate_words == "paused"
    assert page.guests.here.items == []
    qtbot.keyClick(page.tile.view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.tile.rate_words.endswith("fps"), timeout=SLOW_MS)


def test_a_source_that_is_paused_while_it_is_being_opened_stays_closed(
    qtbot: QtBot, context: Contexts, show: Show, painted: Callable[..., Any], paint: Paint
) -> None:
    page = show(context(), painted(paint({ADA: (160, 120)})))
    page.watch(DOOR)  # networks and people are loaded first
    assert page.run.feed is None
    page.pause_or_go_on()
    assert page._context.work.drain()
    qtbot.wait(100)
    assert page.run.feed is None
    assert page._pause.text() == "Go on"
    page.pause_or_go_on()
    assert page._pause.text() == "Pause"
    qtbot.waitUntil(lambda: page.run.feed is not None, timeout=SLOW_MS)


def test_a_page_that_is_thrown_away_closes_its_source_and_loses_no_record(
    qtbot: QtBot, context: Contexts, portrait: Portrait, painted: Callable[..., Any], ada: Picture
) -> None:
    enrol(context(), portrait, ADA, "Ada")
    source = painted(ada)
    page = LivePage(context(), opener=lambda _target: source)
    page.resize(1364, 820)
    page.show()
    page.watch(DOOR)
    qtbot.waitUntil(lambda: states(page) == [("known", "Ada")], timeout=SLOW_MS)
    page.close()
    page.deleteLater()  # as a log-out does; threads and timers left behind fail every test here
    qtbot.waitUntil(source.closed.is_set, timeout=SLOW_MS)
    qtbot.waitUntil(lambda: context().services.records.count() == 1, timeout=SLOW_MS)


def test_without_a_recogniser_there_are_pictures_and_the_reason(
    qtbot: QtBot, context: Contexts, desk: Desk, tmp_path: Path, watching: Callable[..., LivePage]
) -> None:
    desk.networks.registry = Registry([tmp_path / "nothing"])
    desk.networks.choice = Choice()
    page = watching({ADA: (160, 120)})
    qtbot.waitUntil(page.banner.isVisible, timeout=SLOW_MS)
    assert page.banner.accessibleName().startswith("Pictures without names.")
    qtbot.waitUntil(lambda: page.tile.rate_words.endswith("fps"), timeout=SLOW_MS)
    assert isinstance(desk.networks, Networks)


def test_the_interface_is_never_blocked_while_faces_come_and_are_recorded(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage], heartbeat: Any
) -> None:
    enrol(context(), portrait, ADA, "Ada")
    page = watching({ADA: (90, 120), BOB: (230, 120)})
    qtbot.waitUntil(lambda: len(page.guests.here.items) == 2, timeout=SLOW_MS)
    page.timings_action.trigger()
    with heartbeat:
        qtbot.wait(2500)
    assert heartbeat.longest_ms < 100


def test_the_timings_say_where_the_time_goes(qtbot: QtBot, watching: Callable[..., LivePage]) -> None:
    page = watching({ADA: (160, 120)})
    qtbot.waitUntil(lambda: bool(page.tile.view.faces), timeout=SLOW_MS)
    page.timings_action.trigger()
    panel = page.tile.timings
    assert panel.isVisible()
    assert panel.provider_words() == "CPU · ONNX Runtime"
    qtbot.waitUntil(lambda: panel.stage_words("detect").endswith(" ms"), timeout=SLOW_MS)
    assert " of " in panel.dropped_words()


def test_a_hidden_page_gets_no_pictures_but_goes_on_recording(
    qtbot: QtBot, context: Contexts, portrait: Portrait, watching: Callable[..., LivePage]
) -> None:
    enrol(context(), portrait, ADA, "Ada")
    page = watching({ADA: (160, 120)})
    page.left()
    records = context().services.records
    qtbot.waitUntil(lambda: records.count() == 1, timeout=SLOW_MS)
    assert page.tile.view.faces == ()


def test_the_page_says_plainly_that_there_is_no_liveness_check(
    context: Contexts, show: Show, painted: Callable[..., Source], paint: Paint
) -> None:
    page = show(context(), painted(paint({})))
    words = [label.text() for label in page.findChildren(QWidget) if label.property("text")]
    assert any(text.startswith("There is no liveness check") for text in words)


def test_every_kind_of_source_can_be_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    sample = tmp_path / "sample.mp4"
    sample.touch()
    chosen: list[Target] = []
    menu = source_menu(parent, [DOOR], sample, chosen.append, lambda: None)
    entries = {action.text(): action for action in menu.actions() if action.text()}
    assert list(entries) == [
        "Door",
        "Network camera…",
        "Video file…",
        "Folder of pictures…",
        "The sample video",
    ]
    entries["Door"].trigger()
    entries["The sample video"].trigger()
    assert chosen == [DOOR, Target("sample.mp4", "file", str(sample), loop=True)]


def test_the_cameras_of_the_store_are_offered_from_the_empty_page(
    qtbot: QtBot, context: Contexts, show: Show, painted: Callable[..., Source], ada: Picture
) -> None:
    context().services.cameras.add("Side door", "stream", "rtsp://guard:secret@10.0.0.7/live")
    page = show(context(), painted(ada))
    page.choose_action.trigger()
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None, timeout=SLOW_MS)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries = {action.text(): action for action in menu.actions()}
    entries["Side door"].trigger()
    menu.close()
    assert page.run.target == Target("Side door", "stream", "rtsp://guard:secret@10.0.0.7/live")
    qtbot.waitUntil(lambda: bool(page.tile.view.faces), timeout=SLOW_MS)


def test_an_address_is_checked_before_it_is_watched(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    sheet = AddressSheet(parent)
    chosen: list[Target] = []
    sheet.chosen.connect(chosen.append)
    sheet.address.setText("camera at the door")
    qtbot.keyClick(sheet.address, Qt.Key.Key_Return)
    assert chosen == []
    sheet.address.setText("rtsp://guard:secret@10.0.0.7/live")
    qtbot.keyClick(sheet.address, Qt.Key.Key_Return)
    assert [(t.kind, t.place) for t in chosen] == [("stream", "rtsp://***@10.0.0.7/live")]
    assert "secret" not in chosen[0].name


def test_cameras_are_listed_by_the_system_with_their_names(tmp_path: Path) -> None:
    for node, name, index in (("video0", "Logi C920: Logi C920", "0"), ("video1", "Logi C920", "1")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(f"{name}\n")
        (tmp_path / node / "index").write_text(f"{index}\n")
    assert live_sources.cameras_here(tmp_path) == [Target("Logi C920", "device", "0")]


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [1204, 1364])
def test_nothing_is_clipped(
    qtbot: QtBot,
    context: Contexts,
    portrait: Portrait,
    watching: Callable[..., LivePage],
    language: Language,
    clipped: Callable[[QWidget], list[str]],
    code: str,
    width: int,
) -> None:
    enrol(context(), portrait, ADA, "Ada Lovelace")
    page = watching({ADA: (90, 120), BOB: (230, 120)})
    page.resize(width, 700)
    language.set(code)
    qtbot.waitUntil(lambda: len(page.guests.here.items) == 2, timeout=SLOW_MS)
    page.timings_action.trigger()
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        QApplication.processEvents()
    assert clipped(page) == []
