"""What the window's charts cost at a hundred thousand points a curve: new data, and drawing them.

    QT_QPA_PLATFORM=offscreen .venv/bin/python bench/curves.py [--quick]

Seven curves, as a run of CCSKD has them, in the size of the Training page. Writes out/bench/curves.json.
"""

import argparse
import statistics
import sys
import time

import numpy as np
import report
from PySide6.QtWidgets import QApplication

from facekd_ui.i18n.text import T
from facekd_ui.pages.training_chart import CurveChart, Line, smoothed
from facekd_ui.theme.theme import Theme

CURVES = 7


def lines(points: int) -> list[Line]:
    """Falling curves with noise."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 60, points)
    return [
        Line(str(k), f"Term {k}", x, smoothed(np.exp(-x / (8 + k)) + 0.05 + 0.02 * rng.random(points)), k)
        for k in range(CURVES)
    ]


def main() -> int:
    """Times both parts by turns."""
    parser = argparse.ArgumentParser(description="The charts at many points.")
    parser.add_argument("--quick", action="store_true")
    turns = 5 if parser.parse_args().quick else 30
    app = QApplication(sys.argv[:1])
    Theme(app, "light")
    cases = []
    for points in (1_000, 100_000):
        chart = CurveChart(T("Loss, term by term"), log=True)
        chart.resize(680, 330)
        chart.show()
        chart.set_span(0, 60)
        drawn = lines(points)
        times: dict[str, list[float]] = {"new data": [], "draw": []}
        for turn in range(turns + 1):
            start = time.perf_counter()
            chart.show_lines(drawn)
            middle = time.perf_counter()
            chart.grab()
            end = time.perf_counter()
            if turn:  # the first one makes everything
                times["new data"].append((middle - start) * 1e3)
                times["draw"].append((end - middle) * 1e3)
        for name, found in times.items():
            low, _, high = statistics.quantiles(found, n=4)
            cases.append(
                report.Case(f"{name}, {points:,} points", "ours", statistics.median(found), high - low, turns)
            )
    report.write("curves", cases)
    return 0


if __name__ == "__main__":
    sys.exit(main())
