"""Running figures of the live path: rates and durations as a person can read them, without jitter."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LiveStatistics:
    """What the timings panel shows."""

    fps: float = 0.0  # pictures from the source
    recognised_fps: float = 0.0
    dropped: int = 0  # frames that were never recognised because a newer one came
    frames: int = 0  # that the source gave
    provider: str = ""
    stage_ms: Mapping[str, float] = field(default_factory=dict)  # stage -> smoothed milliseconds
    to_screen_ms: float | None = None  # capture to paint, median of the last pictures


class Rate:
    """Events per second over the last two seconds. Any thread may use it."""

    WINDOW_S = 2.0

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def tick(self, now: float | None = None) -> None:
        """One event, at monotonic seconds."""
        now = time.monotonic() if now is None else now
        with self._lock:
            self._times.append(now)
            self._forget(now)

    def value(self, now: float | None = None) -> float:
        """Events per second; 0 when nothing came for the whole window."""
        now = time.monotonic() if now is None else now
        with self._lock:
            self._forget(now)
            if len(self._times) < 2:
                return 0.0
            # Intervals between events, so that the figure is right before the window is full.
            span = max(self._times[-1] - self._times[0], now - self._times[0] - self.WINDOW_S / 2)
            return (len(self._times) - 1) / span if span > 0 else 0.0

    def _forget(self, now: float) -> None:
        while self._times and now - self._times[0] > self.WINDOW_S:
            self._times.popleft()


class Smoothed:
    """Exponentially smoothed milliseconds by name. Written by one thread, read by another."""

    PULL = 0.2

    def __init__(self) -> None:
        self._values: dict[str, float] = {}

    def add(self, ms: Mapping[str, float]) -> None:
        """The durations of one frame."""
        mixed = dict(self._values)
        for name, value in ms.items():
            mixed[name] = mixed[name] + self.PULL * (value - mixed[name]) if name in mixed else value
        self._values = mixed  # replaced as a whole: readers see the old or the new one

    @property
    def values(self) -> Mapping[str, float]:
        """The smoothed durations."""
        return self._values


class Recent:
    """Median and percentiles of the last values."""

    def __init__(self, size: int = 120) -> None:
        self._values: deque[float] = deque(maxlen=size)

    def add(self, value: float) -> None:
        """One more."""
        self._values.append(value)

    def percentile(self, share: float = 0.5) -> float | None:
        """The value that `share` of the last ones stay below; None without any."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
