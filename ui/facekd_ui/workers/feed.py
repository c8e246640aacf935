"""One live source for the interface: both threads, their mailboxes, and the pull timer of the page."""

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from facekd.mailbox import Mailbox
from facekd.policy import Policy
from facekd.recognise import Recogniser
from facekd.sources import Link, Source, Status
from facekd.types import Frame, RecognisedFace
from facekd_ui.workers.boxes import MovingBoxes
from facekd_ui.workers.capture import Captured, CaptureThread
from facekd_ui.workers.inference import InferenceThread, Recognises, Seen
from facekd_ui.workers.statistics import LiveStatistics, Recent

log = logging.getLogger(__name__)

PULL_MS = 16  # the page asks so often for a newer picture; asking costs microseconds
STATUS_MS = 250

# Threads that outlived their window (a driver that does not return). Deleting a running QThread ends the process.
_left_behind: list[object] = []


class LiveFeed(QObject):
    """Pictures and names of one source, delivered in the interface thread. Nothing queues; the newest wins.

    `picture(frame, faces)` comes at the source's rate while the page is visible, with boxes moved to that picture.
    `seen(Seen)` comes for every recognition, visible or not: events are made of it. `status_changed(Status)` follows
    the source within a quarter of a second.
    """

    picture = Signal(object, object)  # Frame, tuple[RecognisedFace, ...]
    seen = Signal(object)  # Seen
    status_changed = Signal(object)  # facekd.sources.Status
    failed = Signal(str)
    """The source was lost; a sentence."""
    recovered = Signal()
    unrecognised = Signal(str)
    """Frame after frame cannot be recognised; a sentence. Pictures go on."""
    recognised = Signal()
    """After `unrecognised`: names come again."""
    ended = Signal()
    stopped = Signal()

    def __init__(
        self,
        open_source: Callable[[], Source],
        pipeline: Recognises | None,
        *,
        provider: str = "",
        loop: bool = False,
        parent: QObject | None = None,
    ) -> None:
        """`pipeline` None shows pictures without names (no recogniser chosen yet)."""
        super().__init__(parent)
        self._screen: Mailbox[Captured] = Mailbox()
        self._frames: Mailbox[Captured] = Mailbox()
        self._results: Mailbox[Seen] = Mailbox()
        boxes = (self._screen,) if pipeline is None else (self._screen, self._frames)
        self._capture = CaptureThread(open_source, boxes, loop=loop)
        self._inference = (
            None if pipeline is None else InferenceThread(pipeline, self._frames, self._results, provider)
        )
        self._moving = MovingBoxes()
        self._to_screen = Recent()
        self._session = 0
        self._shown: Captured | None = None
        self._status = Status(Link.CONNECTING)
        self._visible = True
        self._pull = QTimer(self, interval=PULL_MS, timerType=Qt.TimerType.PreciseTimer)
        self._pull.timeout.connect(self._take)
        self._look = QTimer(self, interval=STATUS_MS)
        self._look.timeout.connect(self._look_at_source)
        self._capture.failed.connect(self.failed)
        self._capture.recovered.connect(self.recovered)
        self._capture.ended.connect(self.ended)
        self._capture.finished.connect(self._thread_finished)
        if self._inference is not None:
            self._inference.failed.connect(self.unrecognised)
            self._inference.recovered.connect(self.recognised)
            self._inference.finished.connect(self._thread_finished)

    # -- control

    def start(self) -> None:
        """Starts both threads and the timers."""
        if self._inference is not None:
            self._inference.start()
        self._capture.start()
        self._pull.start()
        self._look.start()

    def set_visible(self, *, visible: bool) -> None:
        """Hidden pages get no pictures, but `seen` goes on."""
        self._visible = visible

    def replace(self, recogniser: Recogniser, policy: Policy, provider: str | None = None) -> None:
        """Another gallery or model from the next frame on."""
        if self._inference is not None:
            self._inference.replace(recogniser, policy, provider)

    def retry_now(self) -> None:
        """Tries a lost source again at once."""
        self._capture.retry_now()

    def stop(self) -> None:
        """Ends both threads; returns at once, `stopped` comes when they have ended."""
        self._pull.stop()
        self._look.stop()
        self._capture.stop()
        if self._inference is not None:
            self._inference.stop()

    def shut_down(self, limit_ms: int = 3000) -> bool:
        """Ends both threads and waits so long at most; False when a thread hangs. For the end of the program."""
        self.stop()
        end = time.monotonic() + limit_ms / 1000
        in_time = True
        for thread in (self._capture, self._inference):
            if thread is None:
                continue
            left = max(0, round((end - time.monotonic()) * 1000))
            if not thread.wait(left):
                in_time = False
                _left_behind.append(thread)
                log.warning(
                    "the %s thread did not end within %d ms and was left behind",
                    thread.objectName(),
                    limit_ms,
                )
        return in_time

    # -- what pages ask

    @property
    def status(self) -> Status:
        """How the source stands."""
        return self._status

    @property
    def capture(self) -> CaptureThread:
        """For attempt, silence and the time to the next attempt."""
        return self._capture

    @property
    def statistics(self) -> LiveStatistics:
        """For the timings panel."""
        inference = self._inference
        return LiveStatistics(
            fps=self._capture.fps,
            recognised_fps=inference.fps if inference else 0.0,
            dropped=inference.dropped if inference else 0,
            frames=self._capture.frames,
            provider=inference.provider if inference else "",
            stage_ms=inference.stage_ms if inference else {},
            to_screen_ms=self._to_screen.percentile(),
        )

    @property
    def shown_at(self) -> float | None:
        """When the picture that was given out last was captured (`time.perf_counter`); None once it was painted."""
        return None if self._shown is None else self._shown.at

    @Slot()
    def mark_painted(self) -> None:
        """Called when the picture stands on the screen (`VideoView.painted`): measures the delay."""
        if self._shown is not None:
            self._to_screen.add((time.perf_counter() - self._shown.at) * 1000)
            self._shown = None

    # -- the interface thread

    @Slot()
    def _take(self) -> None:
        while (seen := self._results.take(0)) is not None:
            if seen.captured.session != self._session:
                self._moving.forget()
                self._session = seen.captured.session
            self._moving.update(seen.recognition)
            self.seen.emit(seen)
        if not self._visible:
            return
        captured = self._screen.take(0)
        if captured is not None:
            faces: tuple[RecognisedFace, ...] = ()
            if captured.session == self._session:
                faces = self._moving.at(captured.frame.t_ms)
            self._shown = captured
            frame: Frame = captured.frame
            self.picture.emit(frame, faces)

    @Slot()
    def _look_at_source(self) -> None:
        status = self._capture.status
        if status != self._status:
            self._status = status
            self.status_changed.emit(status)

    @Slot()
    def _thread_finished(self) -> None:
        if self._capture.isFinished() and (self._inference is None or self._inference.isFinished()):
            self.stopped.emit()
