"""What the application keeps an eye on: does the store answer, is the session alive, is anybody at the desk."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from facekd_ui.workers.tasks import Tasks

LOOK_MS = 750  # with the second that a look may take, a lost store is told within two
SESSION_EVERY = 5  # looks
IDLE_LOOK_MS = 1000
TOLD_S = 20.0  # the store hears of activity so often at most
_ACTIVE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class StoreWatch(QObject):
    """Asks the store about every second whether it is there.

    `lost(error)` and `found()` come once per change; `ended(error)` when `session` raised.
    """

    lost = Signal(object)
    found = Signal()
    ended = Signal(object)

    def __init__(
        self,
        ping: Callable[[], None],
        session: Callable[[], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`session` raises when the session is over; asked every few looks. Both run off the interface thread."""
        super().__init__(parent)
        self._ping, self._session = ping, session
        # Threads of their own: neither a stuck query nor a stuck session may hide that the store is away.
        self._tasks, self._session_tasks = Tasks(1, self), Tasks(1, self)
        self._asking_session = False
        self._there = True
        self._looks = 0
        self._timer = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def is_there(self) -> bool:
        """What the last look said."""
        return self._there

    def start(self) -> None:
        """Begins to look."""
        self._timer.start()

    def stop(self) -> None:
        """Ends; waits for a look that is under way."""
        self._timer.stop()
        self._tasks.stop()
        self._session_tasks.stop()

    def look_now(self) -> None:
        """Looks at once ("Try now")."""
        self._timer.stop()
        self._look()

    @Slot()
    def _look(self) -> None:
        self._looks += 1
        self._tasks.run(lambda _progress: self._ping(), self._answered, self._failed, replaces="look")

    def _answered(self, _none: None) -> None:
        if not self._there:
            self._there = True
            self.found.emit()
        self._timer.start()
        if self._session is not None and self._looks % SESSION_EVERY == 0 and not self._asking_session:
            session = self._session
            self._asking_session = True
            self._session_tasks.run(lambda _progress: session(), self._alive, self._session_failed)

    def _alive(self, _none: None) -> None:
        self._asking_session = False

    def _session_failed(self, error: Exception) -> None:
        self._asking_session = False
        self.ended.emit(error)

    def _failed(self, error: Exception) -> None:
        if self._there:
            self._there = False
            self.lost.emit(error)
        self._timer.start()


class IdleWatch(QObject):
    """Notices that nobody uses keyboard and mouse. `idle` comes once; `active` at most every `TOLD_S` seconds."""

    idle = Signal()
    active = Signal()

    def __init__(self, app: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._told = self._last = time.monotonic()
        self._limit_s = 0.0
        self._timer = QTimer(self, interval=IDLE_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def start(self, limit_s: float) -> None:
        """Begins; `idle` comes after so many seconds without activity."""
        self._limit_s = limit_s
        self._told = self._last = time.monotonic()
        self._app.installEventFilter(self)
        self._timer.start()

    def stop(self) -> None:
        """Ends."""
        self._app.removeEventFilter(self)
        self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sees every event of the application; costs one look-up."""
        if event.type() in _ACTIVE:
            self._last = time.monotonic()
            if self._last - self._told > TOLD_S:
                self._told = self._last
                self.active.emit()
        return super().eventFilter(watched, event)

    @Slot()
    def _look(self) -> None:
        if time.monotonic() - self._last >= self._limit_s:
            self.stop()
            self.idle.emit()
