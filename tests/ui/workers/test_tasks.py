"""Background work: one outcome each, in the interface thread; busy signs by the 250 and 600 ms rule; cancel."""

import gc
import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.widgets.busy import BusyOverlay
from facekd_ui.widgets.buttons import Button
from facekd_ui.workers.task import Cancelled, Progress, Task
from facekd_ui.workers.tasks import Running, Tasks

GUI = threading.get_ident()


class Heard:
    """Outcomes, and in which thread they were called."""

    def __init__(self) -> None:
        self.outcomes: list[object] = []
        self.threads: set[int] = set()

    def __call__(self, outcome: object = "cancelled") -> None:
        self.outcomes.append(outcome)
        self.threads.add(threading.get_ident())


@pytest.fixture
def tasks(qtbot: QtBot) -> Tasks:
    return Tasks()


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    result = QWidget()
    qtbot.addWidget(result)
    result.resize(600, 400)
    result.show()
    return result


def test_a_result_arrives_in_the_interface_thread(tasks: Tasks, qtbot: QtBot) -> None:
    done, failed = Heard(), Heard()
    tasks.run(lambda _: threading.get_ident(), done, failed)
    qtbot.waitUntil(lambda: len(done.outcomes) == 1)
    assert done.outcomes[0] != GUI
    assert done.threads == {GUI}
    assert failed.outcomes == []


def test_an_error_arrives_as_itself(tasks: Tasks, qtbot: QtBot) -> None:
    done, failed = Heard(), Heard()

    def work(_: Progress) -> int:
        raise OSError("the disk is full")

    tasks.run(work, done, failed)
    qtbot.waitUntil(lambda: len(failed.outcomes) == 1)
    assert str(failed.outcomes[0]) == "the disk is full"
    assert (done.outcomes, failed.threads) == ([], {GUI})


def test_quick_work_shows_nothing(tasks: Tasks, page: QWidget, qtbot: QtBot) -> None:
    done = Heard()
    tasks.run(lambda _: 1, done, Heard(), over=page, title=T("Importing people"))
    qtbot.waitUntil(lambda: done.outcomes == [1])
    assert page.findChildren(BusyOverlay) == []
    assert page.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_slow_work_shows_the_busy_cursor_then_a_card_that_goes_away(
    tasks: Tasks, page: QWidget, qtbot: QtBot
) -> None:
    done, go = Heard(), threading.Event()

    def work(progress: Progress) -> str:
        progress.report(0.4, "4 of 10")
        go.wait(5)
        return "x"

    started = time.monotonic()
    tasks.run(work, done, Heard(), over=page, title=T("Importing people"))
    qtbot.waitUntil(lambda: page.cursor().shape() == Qt.CursorShape.BusyCursor)
    assert time.monotonic() - started >= 0.23  # a coarse timer may be a twentieth early
    qtbot.waitUntil(lambda: len(page.findChildren(BusyOverlay)) == 1)
    assert time.monotonic() - started >= 0.57
    assert page.cursor().shape() == Qt.CursorShape.ArrowCursor
    go.set()
    qtbot.waitUntil(lambda: done.outcomes == ["x"])
    qtbot.waitUntil(lambda: page.findChildren(BusyOverlay) == [])


def test_cancel_on_the_card_ends_the_work_and_is_no_error(tasks: Tasks, page: QWidget, qtbot: QtBot) -> None:
    done, failed, cancelled = Heard(), Heard(), Heard()

    def work(progress: Progress) -> None:
        for step in range(1000):
            progress.report(step / 1000)
            time.sleep(0.01)

    tasks.run(work, done, failed, cancelled=cancelled, over=page, title=T("Importing people"))
    qtbot.waitUntil(lambda: len(page.findChildren(BusyOverlay)) == 1)
    started = time.monotonic()
    qtbot.mouseClick(page.findChild(BusyOverlay).card.findChild(Button), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: cancelled.outcomes == ["cancelled"])
    assert time.monotonic() - started < 0.5
    assert (done.outcomes, failed.outcomes) == ([], [])


def test_a_newer_search_silences_the_older_one(tasks: Tasks, qtbot: QtBot) -> None:
    first, second, go = Heard(), Heard(), threading.Event()
    tasks.run(lambda _: go.wait(5), first, first, cancelled=first, replaces="search")
    tasks.run(lambda _: "new", second, second, replaces="search")
    qtbot.waitUntil(lambda: second.outcomes == ["new"])
    go.set()
    assert tasks.drain()
    qtbot.wait(50)
    assert first.outcomes == []


def test_a_page_that_is_gone_is_not_called(tasks: Tasks, qtbot: QtBot) -> None:
    done, go = Heard(), threading.Event()
    page = QWidget()
    tasks.run(lambda _: go.wait(5), done, done, over=page, title=T("Importing people"))
    qtbot.wait(300)
    page.deleteLater()
    qtbot.wait(50)
    go.set()
    assert tasks.drain()
    qtbot.wait(50)
    assert done.outcomes == []


def test_stop_cancels_what_runs_and_what_waits(qtbot: QtBot) -> None:
    tasks = Tasks(threads=1)
    ran: list[int] = []

    def work(number: int, progress: Progress) -> None:
        ran.append(number)
        while True:
            progress.check()
            time.sleep(0.01)

    for number in range(3):
        tasks.run(lambda progress, n=number: work(n, progress), Heard(), Heard())
    qtbot.waitUntil(lambda: ran == [0])
    assert tasks.stop(2000)
    assert ran == [0]


def test_every_report_is_a_place_to_stop() -> None:
    seen: list[tuple[float | None, object]] = []
    progress = Progress(lambda fraction, detail: seen.append((fraction, detail)))
    progress.report(0.5, "half")
    progress.cancel()
    with pytest.raises(Cancelled):
        progress.report(0.6)
    assert seen == [(0.5, "half")]


def test_work_that_is_over_leaves_nothing_in_memory(tasks: Tasks, qtbot: QtBot) -> None:
    class Result:
        """What the last task gave, and nobody keeps."""

    done = 0

    def count(_result: Result) -> None:
        nonlocal done
        done += 1

    def alive() -> list[object]:
        gc.collect()
        return [thing for thing in gc.get_objects() if type(thing) in (Task, Progress, Running, Result)]

    others = {id(thing) for thing in alive()}  # of windows that other tests opened
    for _ in range(100):
        tasks.run(lambda _: Result(), count, count)
    qtbot.waitUntil(lambda: done == 100)
    qtbot.wait(20)  # what is to be deleted later is deleted
    left = [thing for thing in alive() if id(thing) not in others]
    assert len(left) <= 2, left  # one each of two threads, which have not come back from it
