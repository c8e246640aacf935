"""The picture: letterboxed, newest only, faces chosen by mouse and by keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView

ADA = ShownFace(7, (100, 50, 160, 130), "known", "Ada")
EVE = ShownFace(9, (250, 60, 300, 120), "unknown", "Unknown")


def frame(blue: int = 200) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    image = np.zeros((200, 400, 3), np.uint8)
    image[..., 0] = blue
    image.flags.writeable = False
    return image


@pytest.fixture
def view(qtbot: QtBot) -> VideoView:
    result = VideoView(T("Video"))
    qtbot.addWidget(result)
    result.resize(800, 600)
    result.show()
    return result


def test_a_picture_lies_as_large_as_fits_in_the_middle(view: VideoView) -> None:
    view.show_frame(frame())
    assert view.picture_rect() == QRectF(0, 100, 800, 400)  # 2:1 in 4:3, scaled by two
    assert view.box_rect(ADA) == QRectF(200, 200, 120, 160)
    grabbed = view.grab().toImage()
    assert grabbed.pixelColor(400, 300).blue() == 200
    assert grabbed.pixelColor(400, 300).red() == 0  # BGR was not taken for RGB
    assert grabbed.pixelColor(400, 50).lightness() < 20  # the letterbox


def test_a_click_on_a_face_or_its_tag_activates_it(view: VideoView, qtbot: QtBot) -> None:
    view.show_frame(frame(), [ADA, EVE])
    view.grab()
    with qtbot.waitSignal(view.face_activated) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(260, 280))
    assert told.args[0] == ADA
    assert (
        told.args[1].x() > view.mapToGlobal(QPointF(320, 0)).x()
    )  # the menu opens beside, not over the face
    with qtbot.waitSignal(view.face_activated) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(260, 182))  # its tag
    assert told.args[0] == ADA
    with qtbot.assertNotEmitted(view.face_activated):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 580))
    assert view.selected is None


def test_of_two_boxes_in_each_other_the_smaller_is_meant(view: VideoView) -> None:
    big = ShownFace(1, (0, 0, 400, 200), "known", "Big")
    view.show_frame(frame(), [big, EVE])
    assert view.face_at(view.box_rect(EVE).center()) == EVE


def test_keys_go_through_the_faces_from_left_to_right(view: VideoView, qtbot: QtBot) -> None:
    view.show_frame(frame(), [EVE, ADA])
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.selected == ADA
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.selected == EVE
    with qtbot.waitSignal(view.face_activated) as told:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert told.args[0] == EVE
    with qtbot.waitSignal(view.face_selected) as told:
        qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert told.args == [None]


def test_the_selection_stays_with_its_track(view: VideoView) -> None:
    view.show_frame(frame(), [ADA, EVE])
    view.select(7)
    moved = ShownFace(7, (120, 50, 180, 130), "known", "Ada")
    view.show_frame(frame(), [moved])
    assert view.selected == moved
    view.show_frame(frame(), [EVE])
    assert view.selected is None


def test_a_screen_reader_hears_who_is_there_when_it_changes(view: VideoView) -> None:
    view.show_frame(frame(), [ADA, EVE])
    assert view.accessibleDescription() == "2 faces: Ada, Unknown"


def test_the_pixels_live_as_long_as_they_are_shown(view: VideoView) -> None:
    # The picture is wrapped and not copied: dropping the array must not change what is drawn.
    view.show_frame(frame(123))
    for _ in range(20):
        np.zeros((200, 400, 3), np.uint8).fill(255)
    assert view.grab().toImage().pixelColor(400, 300).blue() == 123


def test_a_painted_frame_is_told_once(view: VideoView, qtbot: QtBot) -> None:
    counts: list[int] = []
    view.painted.connect(lambda: counts.append(1))
    view.show_frame(frame())
    view.grab()
    view.grab()
    assert len(counts) == 1


def test_a_lost_source_is_said_over_the_dimmed_picture(view: VideoView, qtbot: QtBot) -> None:
    view.show_frame(frame())
    bright = view.grab().toImage().pixelColor(10, 300).blue()
    again = Button(T("Try now"), "video")
    view.show_notice("No picture for 14 s", "Trying again in 8 s", buttons=[again])
    assert view.grab().toImage().pixelColor(10, 300).blue() < 0.6 * bright
    with qtbot.waitSignal(again.clicked):
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    view.hide_notice()
    assert view.grab().toImage().pixelColor(10, 300).blue() == bright


def test_without_a_picture_there_is_nothing_to_hit(view: VideoView) -> None:
    view.clear()
    assert view.face_at(QPointF(100, 100)) is None
    assert view.grab().toImage().pixelColor(400, 300).lightness() < 20
