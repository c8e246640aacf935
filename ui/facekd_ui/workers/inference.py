"""The thread that recognises: takes the newest frame, whatever that skips."""

import logging
import time
from typing import Protocol

from PySide6.QtCore import QObject, QThread, Signal

from facekd.mailbox import Mailbox
from facekd.policy import Policy
from facekd.recognise import Recogniser
from facekd.types import Frame, Recognition
from facekd_ui.workers.capture import Captured
from facekd_ui.workers.statistics import Rate, Smoothed

log = logging.getLogger(__name__)

FAILURES_SHOWN = 3  # in a row; a single broken frame is skipped in silence


class Recognises(Protocol):
    """What is needed of `facekd.recognise.Pipeline`."""

    def replace(self, recogniser: Recogniser, policy: Policy) -> None:
        """Goes on with another gallery, other networks or thresholds."""
        ...

    def __call__(self, frame: Frame) -> Recognition:
        """The faces of one frame, tracked and named."""
        ...


class Seen:
    """A recognition, the frame it is of, and when both were taken and finished."""

    __slots__ = ("captured", "finished", "recognition")

    def __init__(self, captured: Captured, recognition: Recognition, finished: float) -> None:
        self.captured = captured
        self.recognition = recognition
        self.finished = finished  # perf_counter seconds


class InferenceThread(QThread):
    """Recognises until its mailbox of frames is closed.

    Args:
        pipeline: recogniser and tracks of one source; used by this thread alone.
        frames: closed by the capture thread at its end.
        results: gets a Seen for each recognised frame; closed at the end.
        provider: what ONNX Runtime really uses, for the statistics.
    """

    failed = Signal(str)
    """Frame after frame cannot be recognised; a sentence. It goes on trying."""
    recovered = Signal()

    def __init__(
        self,
        pipeline: Recognises,
        frames: Mailbox[Captured],
        results: Mailbox[Seen],
        provider: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("inference")
        self._pipeline, self._frames, self._results = pipeline, frames, results
        self.provider = provider
        self._replacements: Mailbox[tuple[Recogniser, Policy]] = Mailbox()
        self._rate = Rate()
        self._ms = Smoothed()

    def replace(self, recogniser: Recogniser, policy: Policy, provider: str | None = None) -> None:
        """Another gallery or another model from the next frame on. Any thread; of several calls the last counts."""
        self._replacements.put((recogniser, policy))
        if provider is not None:
            self.provider = provider

    @property
    def fps(self) -> float:
        """Frames recognised a second."""
        return self._rate.value()

    @property
    def dropped(self) -> int:
        """Frames that came and were never recognised."""
        return self._frames.dropped

    @property
    def stage_ms(self) -> dict[str, float]:
        """Stage -> smoothed milliseconds."""
        return dict(self._ms.values)

    def stop(self) -> None:
        """Asks the thread to end after the frame it works on; returns at once."""
        self._frames.close()

    def run(self) -> None:
        """Takes, recognises, gives."""
        failures = 0
        while (captured := self._frames.take()) is not None:
            try:
                if (newer := self._replacements.take(0)) is not None:
                    self._pipeline.replace(*newer)
                recognition = self._pipeline(captured.frame)
            except Exception as error:  # a frame that cannot be recognised must not end the live picture
                failures += 1
                log.exception("frame skipped (%d in a row)", failures)
                if failures == FAILURES_SHOWN:
                    self.failed.emit(str(error) or type(error).__name__)
                continue
            if failures >= FAILURES_SHOWN:
                self.recovered.emit()
            failures = 0
            self._rate.tick()
            self._ms.add(recognition.ms)
            self._results.put(Seen(captured, recognition, time.perf_counter()))
        self._results.close()
