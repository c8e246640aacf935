"""What the application keeps an eye on: does the store answer, is the session alive, is anybody at the desk."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from facekd_ui.workers.tasks import Tasks

LOOK_MS = 1000
SESSION_EVERY = 4  # looks
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
    """Asks the store every second whether it is there.

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
        self._tasks = Tasks(1, self)  # of its own: a stuck query must not hide that the store is away
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

    def look_now(self) -> None:
        """Looks at once ("Try now")."""
        self._timer.stop()
        self._look()

    @Slot()
    def _look(self) -> None:
        self._looks += 1
        ask_session = self._looks % SESSION_EVERY == 0

        def look(_progress: object) -> Exception | None:
            self._ping()
            if ask_session and self._session is not None:
                try:
                    self._session()
                except Exception as error:  # noqa: BLE001 - the receiver decides what it means
                    return error
            return None

        self._tasks.run(look, self._answered, self._failed, replaces="look")

    def _answered(self, session_error: Exception | None) -> None:
        if not self._there:
            self._there = True
            self.found.emit()
        self._timer.start()
        if session_error is not None:
            self.ended.emit(session_error)

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
        self._timer = QTimer(self, interval=LOOK_MS)
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
