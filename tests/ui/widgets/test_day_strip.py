"""The day as 24 bars: what dragging and keys choose, and what a reader of the screen hears."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from facekd_ui.theme.theme import tokens
from facekd_ui.widgets.day_strip import BARS, DayStrip, Hours

NOW = tuple(hour if 6 <= hour < 10 else 0 for hour in range(24))  # 6, 7, 8, 9
BEFORE = (0,) * 12 + (9,) * 2 + (0,) * 10


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[DayStrip]:
    strip = DayStrip()
    qtbot.addWidget(strip)
    strip.resize(720, strip.sizeHint().height())  # 30 pixels an hour
    strip.show_day(NOW, BEFORE, "grey: a week before")
    strip.show()
    return strip


@pytest.fixture
def chosen(strip: DayStrip) -> list[Hours | None]:
    taken: list[Hours | None] = []
    strip.chosen.connect(taken.append)
    return taken


def at(hour: float) -> QPoint:
    return QPoint(round(hour * 30), 20)


def test_dragging_chooses_whole_hours_in_either_direction(
    qtbot: QtBot, strip: DayStrip, chosen: list[Hours | None]
) -> None:
    for start, end in ((7.2, 8.8), (8.8, 7.2)):
        qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=at(start))
        qtbot.mouseMove(strip, at(end))
        qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=at(end))
    assert chosen == [(7, 9), (7, 9)]
    assert strip.accessibleName() == "07:00 to 09:00: 15 of 30 events"


def test_keys_move_widen_and_let_go(qtbot: QtBot, strip: DayStrip, chosen: list[Hours | None]) -> None:
    strip.choose((22, 23))
    for key, with_shift in (
        ("Right", False),
        ("Right", False),
        ("Left", True),
        ("Left", False),
        ("Right", True),
    ):
        modifier = Qt.KeyboardModifier.ShiftModifier if with_shift else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(strip, getattr(Qt.Key, f"Key_{key}"), modifier)
    # On to 23; no further; no narrower than an hour; back to 22; wider to the end of the day.
    assert strip.hours == (22, 24)
    qtbot.keyClick(strip, Qt.Key.Key_Escape)
    assert chosen[-1] is None
    assert strip.accessibleName() == "Events by hour: 30 on this day"


def test_bars_are_as_high_as_their_counts_and_the_week_before_is_grey(strip: DayStrip) -> None:
    picture = strip.grab().toImage()

    def is_filled(hour: int, share: float, token: str) -> bool:
        y = round(BARS - 4 - share * (BARS - 8))
        color, wanted = picture.pixelColor(hour * 30 + 15, y), tokens().color(token)
        return color.name() == wanted.name()

    assert is_filled(9, 0.9, "accent")
    assert is_filled(6, 0.5, "accent")
    assert not is_filled(6, 0.9, "accent")  # six of nine
    assert is_filled(12, 0.9, "sunken")
    strip.choose((7, 9))
    picture = strip.grab().toImage()
    assert is_filled(8, 0.3, "accent")
    assert is_filled(9, 0.3, "border.strong")  # not chosen
