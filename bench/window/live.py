"""The live picture in the real window: `python -m window.live HOME NAME PASSWORD SECONDS`.

Prints for every picture the milliseconds from its capture to the screen, how many faces were recognised in how many
pictures, and for every second memory, threads and descriptors of the process.
"""

import json
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer

from facekd_ui.pages.live import LivePage
from facekd_ui.workers.inference import Seen
from window.session import Beat, descriptors, live, logged_in, memory_mb, threads, wait_until

SETTLE_S = 3.0


class Delays:
    """From the capture of a picture until it was given to the screen."""

    def __init__(self, page: LivePage) -> None:
        self.ms: list[float] = []
        self.faces: list[int] = []
        self._page = page
        self._captured: float | None = None
        page.run.picture.connect(self._shown)
        page.run.seen.connect(self._seen)
        page.tile.view.painted.connect(self._painted)

    def _shown(self, _frame: object, _faces: object) -> None:
        feed = self._page.run.feed
        self._captured = None if feed is None else feed.shown_at

    def _painted(self) -> None:
        captured = self._captured
        if captured is not None:  # painting is over when Qt comes back to its events: then the screen has it
            self._captured = None
            QTimer.singleShot(0, lambda: self.ms.append((time.perf_counter() - captured) * 1000))

    def _seen(self, seen: Seen) -> None:
        self.faces.append(len(seen.recognition.faces))


def main() -> int:
    """Log in, watch, tell."""
    home, name, password, seconds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
    with logged_in(home, name, password) as program:
        page = program.window.pages.page("live")
        assert isinstance(page, LivePage)
        delays = Delays(page)
        wait_until(lambda: len(delays.ms) > 10, "a live picture")
        live(SETTLE_S)
        delays.ms.clear()
        delays.faces.clear()
        beat = Beat(program)
        samples = []
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            samples.append((round(now, 2), round(memory_mb(), 3), threads(), descriptors()))
            live(1 - (time.monotonic() - began) % 1)
        feed = page.run.feed
        assert feed is not None
        statistics = feed.statistics
        answer = {
            "delay_ms": [round(ms, 2) for ms in delays.ms],
            "faces": delays.faces,
            "seconds": seconds,
            "samples": samples,
            "fps": statistics.fps,
            "recognised_fps": statistics.recognised_fps,
            "stage_ms": dict(statistics.stage_ms),
            "longest_block_ms": round(beat.longest_ms, 1),
        }
    print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
