"""The slider of the promise: three zones on a log scale, of which the last cannot be chosen."""

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from facekd_ui.widgets.promise_slider import INSET, PromiseSlider


@pytest.fixture
def slider(qtbot: QtBot) -> PromiseSlider:
    made = PromiseSlider()
    qtbot.addWidget(made)
    made.resize(724, 62)  # 700 between the insets
    made.show_zones(300, 3000)
    made.show_value(100)
    made.show()
    return made


def test_its_name_says_number_and_zone(slider: PromiseSlider) -> None:
    said = {}
    for number in (300, 3000, 10_000):
        slider.show_value(number)
        said[number] = slider.accessibleName()
    assert said == {
        300: "1 wrong name in 300 strangers, counted on your own people",
        3000: "1 wrong name in 3,000 strangers, estimated",
        10_000: "1 wrong name in 10,000 strangers, the data cannot carry this",
    }


def test_places_are_even_on_a_log_scale(slider: PromiseSlider) -> None:
    # From 30 to 100,000 are log10(3333.3) = 3.523 decades on 700 pixels.
    assert slider._place(30) == pytest.approx(INSET)
    assert slider._place(300) == pytest.approx(INSET + 700 / 3.5229, abs=0.1)
    assert slider._place(3000) == pytest.approx(INSET + 2 * 700 / 3.5229, abs=0.1)
    assert slider._place(100_000) == pytest.approx(INSET + 700)


def test_dragging_stops_where_the_data_end(slider: PromiseSlider, qtbot: QtBot) -> None:
    moved: list[int] = []
    settled: list[int] = []
    slider.moved.connect(moved.append)
    slider.settled.connect(settled.append)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider._place(1000)), 27))
    assert moved == [pytest.approx(1000, rel=0.03)]
    qtbot.mouseMove(slider, QPoint(720, 27))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(720, 27))
    assert settled == [3000]
    assert slider.value == 3000


@pytest.mark.parametrize(
    ("key", "then"),
    [(Qt.Key.Key_Right, 200), (Qt.Key.Key_Left, 70), (Qt.Key.Key_End, 3000), (Qt.Key.Key_Home, 30)],
)
def test_keys_step_through_round_numbers(slider: PromiseSlider, qtbot: QtBot, key: Qt.Key, then: int) -> None:
    qtbot.keyClick(slider, key)
    assert slider.value == then


def test_without_a_zone_nothing_can_be_chosen(slider: PromiseSlider, qtbot: QtBot) -> None:
    slider.show_zones(0, 0)
    moved: list[int] = []
    slider.moved.connect(moved.append)
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(400, 27))
    assert moved == []
