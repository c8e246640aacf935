"""The first run's camera: what is chosen is shown at once, or one sentence says why there is no picture."""

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facekd.errors import CameraError
from facekd.sources import Source
from facekd_ui.i18n.language import Language
from facekd_ui.pages.first_run_camera import CameraStep
from facekd_ui.pages.live_sources import Target, device
from facekd_ui.widgets.steps import DONE, TO_COME, StepMark

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
Steps = Callable[..., CameraStep]


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def step(
    qtbot: QtBot, settled: object, paint: Paint, painted: Callable[..., Source], opened: list[str]
) -> Steps:
    """A step over painted cameras; `refuses` addresses raise."""
    del settled

    def make(cameras: Sequence[Target] = (), refuses: str = "", sample: str = "sample.mp4") -> CameraStep:
        def opener(address: str) -> Source:
            opened.append(address)
            if address == refuses:
                raise CameraError(f"{address}: the address refuses the connection; check it")
            return painted(paint({1: (160, 120)}))

        made = CameraStep(sample, opener, lambda: cameras)
        qtbot.addWidget(made)
        made.resize(800, 600)
        made.show()
        return made

    return make


def notice(step: CameraStep) -> str:
    return "" if step.preview.view._notice.isHidden() else step.preview.view._notice._lead.text()


def choose(step: CameraStep, key: str) -> None:
    step.group._cards[key].choose()


def test_nothing_is_opened_before_the_step_is_shown(step: Steps, qtbot: QtBot, opened: list[str]) -> None:
    made = step()
    choose(made, "sample")
    qtbot.wait(600)
    assert opened == []


def test_the_sample_video_plays_beside_the_answers(step: Steps, qtbot: QtBot, opened: list[str]) -> None:
    made = step()
    made.entered()
    qtbot.waitUntil(lambda: made.preview.has_picture)
    assert opened == ["sample.mp4"]
    assert made.preview.words.text() == "320 x 240 pixels. This is what FaceKD will see."
    made.left()
    assert not made.preview.has_picture
    made.shut_down()


def test_without_a_camera_the_answer_says_so_and_one_can_go_on(step: Steps, opened: list[str]) -> None:
    made = step()
    made.entered()
    made.shut_down()
    choose(made, "device")
    assert notice(made) == "No camera is plugged in"
    assert made.why_not is None
    assert "0" not in opened


def test_of_several_cameras_one_is_chosen_by_name(step: Steps, qtbot: QtBot, opened: list[str]) -> None:
    made = step([device(0, "Front"), device(2, "Desk")])
    made.entered()
    choose(made, "device")
    assert [made.device.itemText(row) for row in range(2)] == ["Front", "Desk"]
    made.device.choose("2")
    made.device.chosen.emit("2")
    assert made.value == "2"
    qtbot.waitUntil(lambda: made.preview.has_picture)
    assert opened[-1] == "2"
    made.shut_down()


def test_an_address_is_tried_once_it_is_written(step: Steps, qtbot: QtBot, opened: list[str]) -> None:
    made = step(sample="")
    made.entered()
    choose(made, "address")
    assert notice(made) == "Write the address"
    for length in range(len("rtsp://"), len("rtsp://door/1") + 1):
        made.address.setText("rtsp://door/1"[:length])
    qtbot.waitUntil(lambda: made.preview.has_picture)
    assert opened == ["rtsp://door/1"]  # not one try a letter
    made.shut_down()


def test_why_there_is_no_picture_is_said_and_a_later_one_is_shown(step: Steps, qtbot: QtBot) -> None:
    made = step(sample="", refuses="rtsp://door/1")
    made.entered()
    choose(made, "address")
    made.address.setText("rtsp://door/1")
    qtbot.waitUntil(lambda: notice(made) == "No picture")
    assert "refuses the connection" in made.preview.view._notice._rest.text()
    assert made.why_not is None  # one can go on all the same
    made.address.setText("rtsp://door/2")
    qtbot.waitUntil(lambda: made.preview.has_picture)
    assert notice(made) == ""
    made.shut_down()


def test_a_camera_that_hangs_keeps_nobody_waiting(qtbot: QtBot, settled: object, heartbeat: object) -> None:
    del settled
    hangs = threading.Event()

    def opener(address: str) -> Source:
        hangs.wait(10)
        raise CameraError(address)

    made = CameraStep("sample.mp4", opener, list)
    qtbot.addWidget(made)
    made.show()
    with heartbeat as beat:  # type: ignore[attr-defined]
        made.entered()
        qtbot.waitUntil(lambda: notice(made) == "No picture within 2 s")
        choose(made, "later")
    hangs.set()
    assert beat.longest_ms < 500  # the driver keeps its thread for ten seconds
    assert notice(made) == "No camera for now"
    made.shut_down()


def test_a_done_step_is_reached_by_the_keyboard(qtbot: QtBot, settled: object) -> None:
    del settled
    mark = StepMark(2, CameraStep.title)
    qtbot.addWidget(mark)
    mark.show_state(TO_COME, "", usable=False)
    assert mark.focusPolicy() == Qt.FocusPolicy.NoFocus
    mark.show_state(DONE, "The sample video", usable=True)
    assert mark.accessibleName() == "Camera: done"
    with qtbot.waitSignal(mark.chosen):
        qtbot.keyClick(mark, Qt.Key.Key_Return)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_no_word_of_the_camera_step_is_cut(
    step: Steps, qtbot: QtBot, language: Language, code: str, clipped: Callable[[QWidget], list[str]]
) -> None:
    made = step([device(0, "Front"), device(2, "Desk")])
    made.entered()
    choose(made, "device")
    language.set(code)
    qtbot.wait(50)
    assert clipped(made) == []
    made.shut_down()
