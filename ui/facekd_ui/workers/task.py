"""Background work on a thread pool. Exactly one of done, failed and cancelled arrives, in the interface thread."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from facekd_ui.i18n.text import Text

log = logging.getLogger(__name__)

T = TypeVar("T")
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"


class Cancelled(Exception):
    """The person cancelled the work; a normal outcome."""


class Progress:
    """Handed to the work: it reports through it and asks whether to go on. Any thread may use it."""

    def __init__(self, report: Callable[[float | None, Text | str], None] | None = None) -> None:
        self._report = report
        self._stop = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._stop.is_set()

    def cancel(self) -> None:
        """Asks the work to stop at its next safe place."""
        self._stop.set()

    def report(self, fraction: float | None, detail: Text | str = "") -> None:
        """How far it is, 0..1 (None: unknown). Raises Cancelled: every report is a safe place to stop."""
        self.check()
        if self._report is not None:
            self._report(fraction, detail)

    def check(self) -> None:
        """Raises Cancelled when the work should stop."""
        if self._stop.is_set():
            raise Cancelled


class TaskSignals(QObject):
    """Lives in the interface thread, longer than every task that tells it something."""

    ended = Signal(object, str, object)  # the Task, one of DONE, FAILED, CANCELLED, the result or the error
    progressed = Signal(object, object, object)  # the Task, fraction 0..1 or None, detail


class Task(Generic[T]):
    """`run` does `work(progress)` on a pool and tells `signals` how it ended.

    No QRunnable, of which PySide keeps every one for ever; and no signals of its own, which would have to be deleted in
    one thread while another one emits them.
    """

    def __init__(self, work: Callable[[Progress], T], signals: TaskSignals) -> None:
        self.progress = Progress(self._report)
        self._work, self._signals = work, signals

    def run(self) -> None:
        """Called on the pool."""
        try:
            self.progress.check()
            result = self._work(self.progress)
        except Cancelled:
            self._signals.ended.emit(self, CANCELLED, None)
        except Exception as error:  # the thread's edge: whoever started the work hears of it
            log.info("background task failed", exc_info=True)
            self._signals.ended.emit(self, FAILED, error)
        else:
            self._signals.ended.emit(self, DONE, result)

    def _report(self, fraction: float | None, detail: Text | str) -> None:
        self._signals.progressed.emit(self, fraction, detail)
