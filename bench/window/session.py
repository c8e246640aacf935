"""Somebody logged in at the real window, within the program that measures; shared by live.py, people.py, cameras.py."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from facekd_ui.app import App

LONGEST_S = 60.0


class TooSlow(Exception):
    """What was waited for did not come; the message says what."""


@contextmanager
def logged_in(home: Path, name: str, password: str) -> Iterator[App]:
    """The program with its window open and a session in it; shut down at the end."""
    app = QApplication(["facekd"])
    app.setApplicationName("facekd")
    program = App(app, home)
    program.start()
    wait_until(lambda: program.login is not None and program.login.button.isEnabled(), "the login")
    assert program.login is not None
    program.login.name.setText(name)
    program.login.password.setText(password)
    program.login.button.click()
    wait_until(lambda: program.work is not None, "the pages")
    try:
        yield program
    finally:
        program.window.close()
        program.shut_down()


def wait_until(true: Callable[[], bool], what: str, seconds: float = LONGEST_S) -> None:
    """Lets the window live until something is true. Raises TooSlow."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TooSlow(f"{what} did not come within {seconds:.0f} s")
        live(0.002)


def live(seconds: float) -> None:
    """Lets the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(max(1, round(seconds * 1000)), loop.quit)
    loop.exec()


class Painted(QObject):
    """Counts how often a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sees every event of the widget."""
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return super().eventFilter(watched, event)


class Beat:
    """The longest time that the interface thread did not come back to its events, in milliseconds."""

    def __init__(self, parent: QObject) -> None:
        self.longest_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(parent, interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def begin_anew(self) -> None:
        """Forgets what was."""
        self.longest_ms, self._last = 0.0, time.perf_counter()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now


def memory_mb() -> float:
    """Resident memory of this process, in units of 2**20 bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def threads() -> int:
    """Threads of this process (Linux)."""
    return len(list(Path("/proc/self/task").iterdir()))


def descriptors() -> int:
    """Open descriptors of this process (Linux), after those of garbage were closed."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())) - 1  # the folder that is read
