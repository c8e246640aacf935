"""`Tasks.run` decides what a person sees of background work: nothing, the busy cursor, or a card with Cancel."""

from collections.abc import Callable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, QTimer, Slot
from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.text import Text
from facekd_ui.widgets.busy import BusyOverlay
from facekd_ui.workers.task import DONE, FAILED, Progress, Task, TaskSignals

T = TypeVar("T")

CURSOR_MS = 250
CARD_MS = 600


class Running(QObject):
    """One piece of work under way. `cancel` stops it; `forget` lets it end unheard."""

    def __init__(
        self,
        task: Task[Any],
        done: Callable[[Any], object],
        failed: Callable[[Exception], object],
        cancelled: Callable[[], object] | None,
        over: QWidget | None,
        title: Text | str,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._task = task
        self._done, self._failed, self._cancelled = done, failed, cancelled
        self._over, self._title = over, title
        self._heard = True
        self._overlay: BusyOverlay | None = None
        self._timer = QTimer(self, singleShot=True, interval=CURSOR_MS)
        self._timer.timeout.connect(self._show_cursor)
        if over is not None:
            self._timer.start()
        self._newest: tuple[float | None, Text | str] = (None, "")

    def cancel(self) -> None:
        """Asks the work to stop; `cancelled` is called when it has."""
        self._task.progress.cancel()

    def forget(self) -> None:
        """Asks the work to stop and hears nothing of it any more."""
        self._heard = False
        self.cancel()
        self._uncover()

    @property
    def _may_speak(self) -> bool:
        """The page that started it may be gone."""
        return self._heard and (self._over is None or shiboken6.isValid(self._over))

    @Slot()
    def _show_cursor(self) -> None:
        if self._over is None or not shiboken6.isValid(self._over):
            return
        self._over.setCursor(Qt.CursorShape.BusyCursor)
        self._timer.timeout.disconnect(self._show_cursor)
        self._timer.timeout.connect(self._show_card)
        self._timer.start(CARD_MS - CURSOR_MS)

    @Slot()
    def _show_card(self) -> None:
        if self._over is None or not shiboken6.isValid(self._over) or not self._title:
            return
        self._over.unsetCursor()
        self._overlay = BusyOverlay(self._over, self._title)
        self._overlay.card.cancelled.connect(self.cancel)
        self._overlay.card.show_progress(*self._newest)

    def show_progress(self, fraction: float | None, detail: Text | str) -> None:
        """How far the work is; for the card."""
        self._newest = (fraction, detail)
        if (
            self._overlay is not None
            and shiboken6.isValid(self._overlay)
            and not self._task.progress.is_cancelled
        ):
            self._overlay.card.show_progress(fraction, detail)

    def end(self, how: str, what: Any) -> None:
        """The work has ended; calls the function that waits for it."""
        self._uncover()
        self.deleteLater()
        if not self._may_speak:
            return
        if how == DONE:
            self._done(what)
        elif how == FAILED:
            self._failed(what)
        elif self._cancelled is not None:
            self._cancelled()

    def _uncover(self) -> None:
        self._timer.stop()
        if self._over is not None and shiboken6.isValid(self._over):
            self._over.unsetCursor()
        if self._overlay is not None and shiboken6.isValid(self._overlay):
            self._overlay.hide()
            self._overlay.deleteLater()
        self._overlay = None


class Tasks(QObject):
    """Starts background work on one pool: one for the store (a single thread), one for everything else.

    The control that starts work is given back by the caller in `done`, `failed` and `cancelled` alike.
    """

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._signals = TaskSignals(self)
        self._signals.ended.connect(self._ended)
        self._signals.progressed.connect(self._progressed)
        self._running: dict[Task[Any], Running] = {}
        self._latest: dict[str, Running] = {}

    def run(
        self,
        work: Callable[[Progress], T],
        done: Callable[[T], object],
        failed: Callable[[Exception], object],
        *,
        cancelled: Callable[[], object] | None = None,
        over: QWidget | None = None,
        title: Text | str = "",
        replaces: str = "",
    ) -> Running:
        """Runs `work` off the interface thread and calls one of the three functions in it.

        Args:
            work: gets a Progress to report to; each report is a place where it can be cancelled.
            done, failed, cancelled: the outcomes.
            over: the widget that waits: busy cursor after 250 ms, card with Cancel after 600 ms. When it is gone by
                then, nothing is called.
            title: of the card ("Importing people"); without one there is only the cursor.
            replaces: a name; earlier work of that name that is still under way is forgotten (searches while typing).
        """
        task = Task(work, self._signals)
        running = self._running[task] = Running(task, done, failed, cancelled, over, title, self)
        if replaces:
            if (earlier := self._latest.get(replaces)) is not None and shiboken6.isValid(earlier):
                earlier.forget()
            self._latest[replaces] = running
        self._pool.start(task.run)
        return running

    @Slot(object, str, object)
    def _ended(self, task: Task[Any], how: str, what: object) -> None:
        self._running.pop(task).end(how, what)

    @Slot(object, object, object)
    def _progressed(self, task: Task[Any], fraction: float | None, detail: Text | str) -> None:
        if task in self._running:
            self._running[task].show_progress(fraction, detail)

    def drain(self, limit_ms: int = 5000) -> bool:
        """Waits for everything under way; False when it took longer. For the end of the program and for tests."""
        return self._pool.waitForDone(limit_ms)

    def stop(self, limit_ms: int = 5000) -> bool:
        """Cancels everything and waits."""
        for running in self.findChildren(Running):
            running.forget()
        return self.drain(limit_ms)
