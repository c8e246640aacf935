"""Enrolling from the camera: the coach takes pictures, and a camera that Live has open is shared with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facekd.errors import CameraError
from facekd.sources import Source
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.live import LivePage
from facekd_ui.pages.live_sources import device
from facekd_ui.services.examination import View
from facekd_ui.widgets.coach import CoachRing
from facekd_ui.workers.sharing import SharedSources

Contexts = Callable[..., PageContext]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]


class Driver:
    """Opens a painted camera; like a real one it refuses to be opened twice."""

    def __init__(self, painted: Callable[..., Source], picture: NDArray[np.uint8]) -> None:
        self._painted, self._picture = painted, picture
        self.open: list[Source] = []

    def __call__(self, address: str) -> Source:
        if any(not source.closed.is_set() for source in self.open):  # type: ignore[attr-defined]
            raise CameraError(f"camera {address}: another program uses it")
        self.open.append(self._painted(self._picture))
        return self.open[-1]


@pytest.fixture
def driver(painted: Callable[..., Source], paint: Paint) -> Driver:
    return Driver(painted, paint({1: (160, 120)}))


@pytest.fixture
def shared(context: Contexts, driver: Driver) -> PageContext:
    return replace(context(), sources=SharedSources(driver))


@pytest.fixture
def page(shared: PageContext, qtbot: QtBot, tmp_path: Path) -> EnrolPage:
    page = EnrolPage(shared, LocalSettings(tmp_path / "home"))
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    page.opened()
    return page


def test_space_takes_what_is_seen(page: EnrolPage, qtbot: QtBot) -> None:
    page.way.choose("camera")
    qtbot.waitUntil(lambda: page.camera._newest is not None)
    qtbot.keyClick(page.camera, Qt.Key.Key_Space)  # type: ignore[no-untyped-call]
    qtbot.waitUntil(lambda: bool(page.draft.shots))
    assert page.draft._source == "camera"
    qtbot.waitUntil(lambda: page.photos._count.text() == "1 of 5 views")
    page.left()
    page.shut_down()


def test_no_picture_is_taken_before_a_required_consent(page: EnrolPage, qtbot: QtBot) -> None:
    page._context.services.shared.put("consent.required", True, 0)
    page.opened()
    page.way.choose("camera")
    qtbot.waitUntil(lambda: page.camera._newest is not None and not page.camera.take.isEnabled())
    said = "The consent comes before the first picture. Tick its box."
    assert page.camera.instruction.text() == said
    qtbot.keyClick(page.camera, Qt.Key.Key_Space)  # type: ignore[no-untyped-call]
    assert page.draft.shots == []
    page.consent.agreed.setChecked(True)
    qtbot.waitUntil(lambda: page.camera.take.isEnabled() and page.camera.instruction.text() != said)
    qtbot.keyClick(page.camera, Qt.Key.Key_Space)  # type: ignore[no-untyped-call]
    qtbot.waitUntil(lambda: bool(page.draft.shots))
    page.left()
    page.shut_down()


def test_a_camera_that_live_has_open_is_shared_and_live_goes_on(
    page: EnrolPage, shared: PageContext, qtbot: QtBot, driver: Driver
) -> None:
    live = LivePage(shared, opener=lambda target: shared.sources.open(target.address))
    qtbot.addWidget(live)
    live.show()
    live.watch(device(0))
    qtbot.waitUntil(lambda: live.run.feed is not None and live.run.feed.statistics.frames > 3)
    page.way.choose("camera")
    qtbot.waitUntil(lambda: page.camera._frame is not None)
    assert page.camera.view._notice.isHidden()
    assert len(driver.open) == 1
    page.way.choose("files")  # enrolment leaves; the camera stays with Live
    page.shut_down()
    assert live.run.feed is not None
    before = live.run.feed.statistics.frames
    qtbot.waitUntil(lambda: live.run.feed is not None and live.run.feed.statistics.frames > before + 3)
    live.shut_down()
    assert all(source.closed.is_set() for source in driver.open)  # type: ignore[attr-defined]


def test_a_lost_camera_leaves_the_page_usable(page: EnrolPage, qtbot: QtBot, driver: Driver) -> None:
    page.way.choose("camera")
    qtbot.waitUntil(lambda: page.camera._frame is not None)
    page.camera._no_picture("camera 0: the plug was pulled")
    assert page.camera.view._notice._lead.text() == "No picture. You can go on with files."
    page.way.choose("files")
    assert not page.camera._pictures.is_on
    page.shut_down()


def test_the_ring_says_which_sides_are_done_and_which_one_is_wanted(page: EnrolPage) -> None:
    page.camera.want([View.LEFT, View.UP])
    ring = page.camera.findChild(CoachRing)
    assert ring is not None
    # View.LEFT is the person's right, and in the mirror it lies at the right; six segments are a side.
    assert [ring._state(number) for number in (0, 6, 12, 18)] == ["wanted", "to come", "done", "done"]
    page.camera.want([])
    assert {ring._state(number) for number in range(24)} == {"done"}
