"""What a double-click starts: one program for each home folder, its log, its signals. See `program` for the rest."""

import argparse
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from facekd.config_table import ConfigError
from facekd_ui.home import default_home
from facekd_ui.instance import SingleInstance
from facekd_ui.program import App
from facekd_ui.reports import Reports
from facekd_ui.services.training_child import CHILD_FLAG

__all__ = ["App", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Opens the window; a second start raises the first one."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [CHILD_FLAG]:  # packaged: this program is also its own training process
        sys.argv[1:] = given[1:]
        runpy.run_module("facekd", run_name="__main__", alter_sys=True)
        return 0
    parser = argparse.ArgumentParser(prog="facekd", description="Recognise people in live pictures.")
    parser.add_argument(
        "--home", type=Path, default=default_home(), help="home folder (default: %(default)s)"
    )
    parser.add_argument("--db-url", help="address of the database (default: as the settings say)")
    options = parser.parse_args(given)
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    ):
        sys.stderr.write(
            "facekd: expected a screen (DISPLAY or WAYLAND_DISPLAY), found none; use facekd-cli on this computer\n"
        )
        return 2
    QGuiApplication.setDesktopFileName("facekd")
    app = QApplication([sys.argv[0]])
    app.setApplicationName("facekd")
    try:
        one = SingleInstance(options.home)
    except OSError as error:
        sys.stderr.write(f"facekd: {options.home}: cannot be used as home folder ({error.strerror})\n")
        return 1
    if not one.claim():
        if one.call_first():
            return 0
        sys.stderr.write(
            f"facekd: another FaceKD runs for {options.home} and does not answer; end it first\n"
        )
        return 1
    reports = Reports(options.home)
    reports.install()
    try:
        program = App(app, options.home, options.db_url, reports=reports)
    except ConfigError as error:
        sys.stderr.write(f"facekd: {error}\n")
        reports.close()
        return 2
    one.raised.connect(program.window.come_forward)
    for ending in (signal.SIGTERM, signal.SIGINT):  # the desktop's session ends, or Ctrl+C
        signal.signal(ending, lambda _number, _frame: program.end())
    awake = QTimer(interval=500)  # Python sees signals only while it runs
    awake.timeout.connect(lambda: None)
    awake.start()
    QTimer.singleShot(0, program.start)
    status = app.exec()
    program.shut_down()
    one.release()
    reports.close()
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
