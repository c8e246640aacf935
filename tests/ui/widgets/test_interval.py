"""Dot and whisker on a scale with the zone that it must stay out of."""

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.theme.theme import Theme, tokens
from facekd_ui.widgets.interval import INSET, Interval, Scale

WIDTH, HEIGHT = 416, 32  # 400 between the insets
SCALE = Scale(-0.02, 0.02, middle=0.0, zone=-0.005)


def drawn(qtbot: QtBot, figures: tuple[float, float, float] | None, scale: Scale = SCALE) -> QImage:
    interval = Interval()
    qtbot.addWidget(interval)
    interval.resize(WIDTH, HEIGHT)
    interval.show_interval(figures, scale, "success", T("not worse"))
    interval.show()
    assert interval.accessibleName() == "not worse"
    return interval.grab().toImage()


def columns(image: QImage, token: str, row: int = HEIGHT // 2) -> list[int]:
    ink = QColor(tokens()[token])
    return [x for x in range(image.width()) if image.pixelColor(x, row) == ink]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_whisker_and_zone_stand_where_the_figures_say(qtbot: QtBot, theme: Theme, mode: str) -> None:
    theme.apply(mode)
    image = drawn(qtbot, (0.001, -0.004, 0.006))
    whisker = columns(image, "success")
    # -0.004 and 0.006 on a scale of 0.04 over 400 pixels: 160 and 260 from the left inset.
    assert min(whisker) == pytest.approx(INSET + 160, abs=2)
    assert max(whisker) == pytest.approx(INSET + 260, abs=2)
    zone = columns(image, "danger.soft", row=2)
    assert max(zone) == pytest.approx(INSET + 150, abs=3)  # up to -0.005
    assert min(zone) == 0


def test_what_lies_beyond_the_scale_ends_at_its_edge(qtbot: QtBot) -> None:
    whisker = columns(drawn(qtbot, (0.0, -0.5, 0.5)), "success")
    assert min(whisker) == pytest.approx(INSET, abs=2)
    assert max(whisker) == pytest.approx(WIDTH - INSET, abs=2)


def test_nothing_measured_draws_the_scale_alone(qtbot: QtBot) -> None:
    image = drawn(qtbot, None)
    assert columns(image, "success") == []
    assert columns(image, "danger.soft", row=2)
