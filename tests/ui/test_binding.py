"""The Qt binding itself: a version that loses references to None would end the program after some thousand frames."""

import sys

from PySide6.QtWidgets import QApplication, QLabel


def test_ten_thousand_calls_lose_no_reference_to_none(qapp: QApplication) -> None:
    label = QLabel()
    before = sys.getrefcount(None)
    for number in range(10_000):
        label.setText(str(number))
    # Python 3.12 and later count None no more; earlier ones would have lost ten thousand.
    assert abs(sys.getrefcount(None) - before) < 100


def test_the_window_draws_without_torch(qapp: QApplication) -> None:
    import subprocess

    code = "import sys, facekd_ui.shell.window, facekd_ui.workers.feed; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
