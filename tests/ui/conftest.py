"""Fixtures of the window's tests: no screen needed, Qt's warnings fail, no thread or timer may be left behind.

`qtbot` (pytest-qt) shows widgets and waits for signals; `theme` and `language` are the application's own, put back to
light and English after each test; `heartbeat` measures how long the interface thread was blocked; `clipped` finds
words that do not fit.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before the first import of Qt

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from facekd_ui.i18n.language import Language
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.labels import ElidedLabel

HERE = Path(__file__).parent
WITHOUT_QT = HERE / "services"
# The offscreen platform has no window manager to raise windows or take sizes; nothing of ours causes or mends that.
HARMLESS = r"This plugin does not support"
POOL_MS = 2000  # what is being done when a window closes may come to its end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Qt warns of fails the test, as every other warning does."""
    for item in items:
        if HERE in item.path.parents and WITHOUT_QT not in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(HARMLESS))


class Settled:
    """The one theme and the one language of the test process, with a way back to the start."""

    def __init__(self, app: QApplication) -> None:
        self.theme, self.language = Theme(app, "light"), Language(app, "en")

    def put_back(self) -> None:
        """Light, 100 %, English."""
        if (self.theme.mode, self.theme.scale) != ("light", 1.0):
            self.theme.apply("light", 1.0)
        if self.language.code != "en":
            self.language.set("en")


@pytest.fixture(scope="session")
def settled(qapp: QApplication) -> Settled:
    return Settled(qapp)


@pytest.fixture
def theme(settled: Settled) -> Theme:
    return settled.theme


@pytest.fixture
def language(settled: Settled) -> Language:
    return settled.language


@pytest.fixture(autouse=True)
def nothing_left_running(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test after which a thread or a pool still works or a timer still ticks, once its windows are gone."""
    if WITHOUT_QT in request.node.path.parents:
        yield
        return
    settled: Settled = request.getfixturevalue("settled")
    threads: list[QThread] = []
    timers: list[QTimer] = []
    pools: list[QThreadPool] = []
    before = set(threading.enumerate())
    start_thread, start_timer, start_work = QThread.start, QTimer.start, QThreadPool.start

    def started_thread(self: QThread, *arguments: object) -> None:
        threads.append(self)
        start_thread(self, *arguments)  # type: ignore[arg-type]  # as they came

    def started_timer(self: QTimer, *arguments: object) -> None:
        timers.append(self)
        start_timer(self, *arguments)

    def started_work(self: QThreadPool, *arguments: object) -> None:
        pools.append(self)
        start_work(self, *arguments)  # type: ignore[call-overload]  # as they came

    monkeypatch.setattr(QThread, "start", started_thread)
    monkeypatch.setattr(QTimer, "start", started_timer)
    monkeypatch.setattr(QThreadPool, "start", started_work)
    yield
    for window in QApplication.topLevelWidgets():
        if shiboken6.isValid(window):
            window.close()
            window.deleteLater()
    for _ in range(3):  # what is deleted may delete more
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    settled.put_back()
    running = [t.objectName() or repr(t) for t in threads if shiboken6.isValid(t) and t.isRunning()]
    ticking = [repr(t.parent() or t) for t in timers if shiboken6.isValid(t) and t.isActive()]
    busy = [pool for pool in pools if shiboken6.isValid(pool) and not pool.waitForDone(POOL_MS)]
    plain = [thread.name for thread in threading.enumerate() if thread not in before and not _is_qts(thread)]
    assert not running, f"threads left behind: {running}"
    assert not ticking, f"timers left behind: {ticking}"
    assert not busy, "a pool still works"
    assert not plain, f"threads left behind: {plain}"


def _is_qts(thread: threading.Thread) -> bool:
    """One that Python only saw passing by: an idle worker of a pool, which Qt ends when nothing comes for a while."""
    return isinstance(thread, threading._DummyThread)


class Heartbeat:
    """Ticks every 5 ms in the interface thread and keeps the longest silence."""

    def __init__(self) -> None:
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._tick)
        self._last: float | None = None
        self.longest_ms = 0.0

    def __enter__(self) -> "Heartbeat":
        self._last, self.longest_ms = time.perf_counter(), 0.0
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Python's collector would pass over what other tests left, which takes half a second in a run of all tests."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def heartbeat(qapp: QApplication, own_garbage: None) -> Heartbeat:
    """`with heartbeat: ...` then `heartbeat.longest_ms`."""
    return Heartbeat()


@pytest.fixture
def clipped() -> Callable[[QWidget], list[str]]:
    """Lists the words in a shown widget that their labels and buttons are too small for."""

    def find(root: QWidget) -> list[str]:
        words = []
        for widget in root.findChildren(QWidget):
            if not widget.isVisibleTo(root) or isinstance(widget, ElidedLabel | QToolButton):
                continue  # what may be cut says so and has a tooltip; buttons within fields show an icon alone
            if isinstance(widget, QLabel) and widget.text() and not widget.wordWrap():
                needed, room = widget.sizeHint().width(), widget.width()
            elif isinstance(widget, QLabel) and widget.text():
                needed, room = widget.heightForWidth(widget.width()), widget.height()
            elif isinstance(widget, QAbstractButton) and widget.text():
                needed, room = widget.sizeHint().width(), widget.width()
            else:
                continue
            if needed > room + 1:
                words.append(f"{widget.text()!r} needs {needed}, has {room}")
        return words

    return find
