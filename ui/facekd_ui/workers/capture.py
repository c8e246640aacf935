"""The thread that reads one source: live ones as frames come, files at their own pace."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from facekd.errors import FacekdError
from facekd.mailbox import Mailbox
from facekd.sources import Link, Source, Status
from facekd.types import Frame
from facekd_ui.workers.statistics import Rate

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
PICTURES_FPS = 2.0  # a folder of pictures is shown so fast


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A frame and when it came, by `time.perf_counter()`."""

    frame: Frame
    at: float
    session: int  # counts the times the source was opened; time stamps of two sessions do not compare


class CaptureThread(QThread):
    """Reads frames into mailboxes until stopped; opens the source again when it is lost.

    Args:
        open_source: makes the source; called in this thread, each time it is opened.
        boxes: mailboxes that get every frame (recogniser, screen). They are closed at the end.
        loop: begin again at the end of a file.
    """

    failed = Signal(str)
    """The source was lost or cannot be opened; a sentence. It is tried again, unless it is a file."""
    recovered = Signal()
    """A picture came again after `failed`."""
    ended = Signal()
    """A file came to its end."""

    def __init__(
        self,
        open_source: Callable[[], Source],
        boxes: tuple[Mailbox[Captured], ...],
        *,
        loop: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("capture")
        self._open, self._boxes, self._loop = open_source, boxes, loop
        self._stopping = threading.Event()
        self._retry_now = threading.Event()
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._error = ""
        self._frames = 0
        self._newest: float | None = None  # perf_counter seconds
        self._rate = Rate()
        self._attempt = 0
        self._next_attempt: float | None = None

    # -- any thread

    @property
    def status(self) -> Status:
        """How the source stands, fit for the screen. Never waits."""
        if self._stopping.is_set():
            return Status(Link.CLOSED)
        if self._error:
            return Status(Link.RECONNECTING, self._error)
        source_status = getattr(self._source, "status", None)  # only live sources have one
        if isinstance(source_status, Status):
            return source_status
        return Status(Link.CONNECTED if self._newest is not None else Link.CONNECTING)

    @property
    def fps(self) -> float:
        """Frames a second that really come."""
        return self._rate.value()

    @property
    def frames(self) -> int:
        """How many came since the start."""
        return self._frames

    @property
    def silent_s(self) -> float | None:
        """Seconds since the newest frame; None before the first."""
        return None if self._newest is None else time.perf_counter() - self._newest

    @property
    def attempt(self) -> int:
        """How many times in a row opening failed."""
        return self._attempt

    @property
    def retry_in_s(self) -> float | None:
        """Seconds to the next attempt; None when none is planned."""
        planned = self._next_attempt
        return None if planned is None else max(0.0, planned - time.monotonic())

    def retry_now(self) -> None:
        """Ends the pause before the next attempt."""
        self._retry_now.set()

    def stop(self) -> None:
        """Asks the thread to end; returns at once. `finished` comes when it has."""
        self._stopping.set()
        self._retry_now.set()
        for box in self._boxes:
            box.close()
        with self._lock:
            source = self._source
        # Only live sources may be closed during a read: the decoder of a file hangs or crashes then. Files end soon.
        if source is not None and source.live:
            # `close` may wait for a driver; the interface must not.
            threading.Thread(target=source.close, name="close source", daemon=True).start()

    # -- this thread

    def run(self) -> None:
        """Opens, reads, opens again."""
        session = 0
        while not self._stopping.is_set():
            session += 1
            try:
                self._read_to_the_end(session)
            except FacekdError as error:
                self._lose(str(error))
            except Exception as error:  # the thread's edge: the page shows it, the log keeps it
                log.exception("the capture thread failed")
                self._lose(f"{type(error).__name__}: {error}")
            else:
                if self._stopping.is_set() or self._loop:
                    continue
                self.ended.emit()
                break
        for box in self._boxes:
            box.close()

    def _read_to_the_end(self, session: int) -> None:
        source = self._open()
        with self._lock:
            self._source = source
        try:
            if self._stopping.is_set():  # stop() came while it was being opened
                return
            started = time.perf_counter()
            while (frame := source.read()) is not None and not self._stopping.is_set():
                if not source.live:
                    self._keep_pace(frame, source, started)
                self._deliver(Captured(frame, time.perf_counter(), session))
        finally:
            with self._lock:
                self._source = None
            source.close()

    def _deliver(self, captured: Captured) -> None:
        self._frames += 1
        self._newest = captured.at
        self._rate.tick()
        if self._error:
            self._error, self._attempt, self._next_attempt = "", 0, None
            self.recovered.emit()
        for box in self._boxes:
            box.put(captured)

    def _keep_pace(self, frame: Frame, source: Source, started: float) -> None:
        """Files are shown at their own rate. A decoder that is late does not catch up by rushing."""
        due = started + (frame.index / PICTURES_FPS if source.fps is None else frame.t_ms / 1000)
        wait = due - time.perf_counter()
        if wait > 0:
            self._stopping.wait(wait)

    def _lose(self, reason: str) -> None:
        if self._stopping.is_set():
            return
        first = not self._error
        self._error = reason
        self._attempt += 1
        if first:
            log.warning("source lost: %s", reason)
            self.failed.emit(reason)
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._attempt - 1, 10))
        self._next_attempt = time.monotonic() + pause
        self._retry_now.wait(pause)
        self._retry_now.clear()
