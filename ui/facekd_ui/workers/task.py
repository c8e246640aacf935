"""Background work on a thread pool. Exactly one of done, failed and cancelled arrives, in the interface thread."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QRunnable, Signal

from facekd_ui.i18n.text import Text

log = logging.getLogger(__name__)

T = TypeVar("T")


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
    """Lives in the interface thread."""

    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    progressed = Signal(object, object)  # fraction 0..1 or None, detail


class Task(QRunnable, Generic[T]):
    """Runs `work(progress)` on a pool. Keep a reference until one of its signals came.

    Connect methods of QObjects with @Slot to `signals`: plain functions would run in the worker's thread.
    """

    def __init__(self, work: Callable[[Progress], T]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.signals = TaskSignals()
        self.progress = Progress(self.signals.progressed.emit)
        self._work = work

    def run(self) -> None:
        """Called on the pool."""
        try:
            self.progress.check()
            result = self._work(self.progress)
        except Cancelled:
            self.signals.cancelled.emit()
        except Exception as error:  # the thread's edge: whoever started the work hears of it
            log.info("background task failed", exc_info=True)
            self.signals.failed.emit(error)
        else:
            self.signals.done.emit(result)
