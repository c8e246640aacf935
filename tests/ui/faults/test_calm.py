"""The measure that the other tests here rely on: it notices what blocks the interface thread."""

import threading
import time
from typing import Any

from pytestqt.qtbot import QtBot


def test_a_slot_that_sleeps_or_computes_is_noticed(qtbot: QtBot, calm: Any) -> None:
    with calm:
        qtbot.wait(50)
        time.sleep(0.5)
        qtbot.wait(50)
    assert calm.longest_ms > 200
    with calm:
        qtbot.wait(50)
        end = time.thread_time() + 0.5
        while time.thread_time() < end:
            pass
        qtbot.wait(50)
    assert calm.longest_ms > 200


def test_a_lock_that_another_thread_holds_is_noticed(qtbot: QtBot, calm: Any) -> None:
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(0.5, lock.release).start()
    with calm:
        qtbot.wait(20)
        with lock:
            pass
        qtbot.wait(20)
    assert calm.longest_ms > 150
