import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.theme.theme import tokens
from facekd_ui.widgets.chart import Curve, ThresholdChart

STRANGERS, SAME = Curve.bell(0.0, 0.1), Curve.bell(1.0, 0.1)


def columns_of(image: QImage, token: str) -> list[int]:
    ink = QColor(tokens()[token])
    return [
        x
        for x in range(image.width())
        if sum(image.pixelColor(x, y) == ink for y in range(image.height())) > 20
    ]


def test_a_bell_has_its_top_in_the_middle_and_is_even() -> None:
    heights = dict(STRANGERS.points)
    assert max(heights, key=lambda x: heights[x]) == pytest.approx(0.0)
    assert heights[min(heights)] == pytest.approx(heights[max(heights)])
    # One spread from the middle a normal curve has exp(-1/2) of its height.
    assert heights[min(heights, key=lambda x: abs(x - 0.1))] == pytest.approx(0.6065, abs=1e-3)


@pytest.mark.parametrize(("score", "token"), [(0.9, "known"), (0.2, "uncertain")])
def test_a_comparison_stands_where_its_score_lies_and_in_its_colour(
    qtbot: QtBot, score: float, token: str
) -> None:
    chart = ThresholdChart(STRANGERS, SAME, 0.5, mark=(score, T("this sighting")))
    qtbot.addWidget(chart)
    chart.resize(600, 180)
    chart.show()
    # The axis runs over four spreads beyond both means: from -0.4 to 1.4 on 600 pixels.
    expected = (score + 0.4) / 1.8 * 600
    assert any(abs(x - expected) <= 2 for x in columns_of(chart.grab().toImage(), token))


def test_it_says_in_words_on_which_side_of_the_line_it_is(qtbot: QtBot) -> None:
    chart = ThresholdChart(STRANGERS, SAME, 0.5, mark=(0.9, T("this sighting")))
    qtbot.addWidget(chart)
    assert chart.accessibleName() == "Closer than the line for a name"
    chart.show_curves(STRANGERS, SAME, 0.5, (0.1, T("this sighting")))
    assert chart.accessibleName() == "Further than the line for a name"
    assert chart.toolTip() == ""  # the cosine only where it is asked for
    chart.tooltip_scores()
    assert chart.toolTip() == "cosine 0.100, line 0.500"
