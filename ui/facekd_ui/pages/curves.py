"""Where a likeness lies among strangers and same people, drawn from the measured curves of a recogniser."""

from facekd_ui.i18n.text import Text
from facekd_ui.services.closeness import Bell
from facekd_ui.widgets.chart import Curve, ThresholdChart

SPREAD = 3.6  # standard deviations of a curve that are drawn
BEYOND = 0.08  # of cosine, free at the right of the mark


def likeness_chart(
    strangers: Bell,
    same: Bell | None,
    line: float,
    mark: tuple[float, Text],
    *,
    height: int,
    cosine: bool,
    same_word: Text | None = None,
) -> ThresholdChart:
    """The chart with one comparison in it.

    Args:
        same: of two pictures of one person; a curve that nobody measured is not drawn.
        line: cosine from which it is a name.
        mark: cosine of the comparison, and its word.
        same_word: what the right curve is, where it is not "people on file".
        cosine: puts the figures into the tooltip, for engineers.
    """
    chart = ThresholdChart(
        curve(strangers, mark[0] + BEYOND),
        Curve(()) if same is None else curve(same),
        line,
        mark=mark,
        same_word=same_word,
        height=height,
    )
    if cosine:
        chart.tooltip_scores()
    return chart


def curve(bell: Bell, to: float = -1.0) -> Curve:
    """The normal curve as points over cosines, drawn on to `to` where that lies further."""
    steps = [bell.mean + bell.std * SPREAD * (i / 40 - 1) for i in range(81)]
    steps += [to] if to > steps[-1] else []
    return Curve([(x, bell.height(x) * bell.std) for x in steps])
