"""Twenty cameras that are unplugged or hang, all at once and again: `python -m window.cameras ROUNDS`.

Each is watched by the threads that the Live page uses. Half of them are unplugged (their port is closed), half hang
(the connection stays open and nothing comes). Prints for every round how long after its return each camera gave a
picture again, and threads and descriptors before and after all rounds, and after all were closed.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from facekd.sources import Link, Source, open_source
from facekd_ui.workers.feed import LiveFeed
from window.session import Beat, descriptors, live, threads, wait_until

CAMERAS = 20
AWAY_S = 4.0
SETTLE_S = 12.0  # longer than any pause before another attempt: a thread that ends late has ended


class Servers:
    """The cameras, in a process of their own: their threads are not counted."""

    def __init__(self, count: int) -> None:
        program = Path(__file__).with_name("fake_cameras.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.addresses: list[str] = json.loads(self._process.stdout.readline())

    def tell(self, number: int, words: str) -> None:
        """Waits until it is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number} {words}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def close(self) -> None:
        """All cameras end."""
        self._process.communicate(timeout=30)


def watch(address: str) -> LiveFeed:
    """A camera as the Live page watches it, without names."""

    def open_it() -> Source:
        return open_source(address)

    feed = LiveFeed(open_it, None)
    feed.start()
    return feed


def one_round(servers: Servers, feeds: list[LiveFeed]) -> list[float]:
    """All go away and come back; seconds from the return of each until its next picture."""
    unplugged = range(0, CAMERAS, 2)
    for number in range(CAMERAS):
        servers.tell(number, "refuse" if number in unplugged else "mode stall")
    began = time.monotonic()
    wait_until(lambda: all(feed.status.link is Link.RECONNECTING for feed in feeds), "every loss", 20)
    live(max(0.1, AWAY_S - (time.monotonic() - began)))
    frames = [feed.capture.frames for feed in feeds]
    back = []
    for number in range(CAMERAS):
        servers.tell(number, "listen" if number in unplugged else "mode ok")
        back.append(time.monotonic())
    seconds: dict[int, float] = {}

    def all_back() -> bool:
        for number, feed in enumerate(feeds):
            if number not in seconds and feed.capture.frames > frames[number]:
                seconds[number] = time.monotonic() - back[number]
        return len(seconds) == CAMERAS

    wait_until(all_back, "a picture of every camera", 60)
    return [seconds[number] for number in range(CAMERAS)]


def main() -> int:
    """Watch, lose, find, count, close, count."""
    rounds = int(sys.argv[1])
    app = QApplication(["facekd"])
    servers = Servers(CAMERAS)
    nothing = threads(), descriptors()
    beat = Beat(app)
    feeds = [watch(address) for address in servers.addresses]
    wait_until(lambda: all(feed.capture.frames > 2 for feed in feeds), "the first pictures")
    live(2)
    before = threads(), descriptors()
    beat.begin_anew()
    recovered = [one_round(servers, feeds) for _ in range(rounds)]
    live(SETTLE_S)
    after = threads(), descriptors()
    block_ms = beat.longest_ms
    ended = [feed.shut_down(5000) for feed in feeds]
    live(1)
    closed = threads(), descriptors()
    print(
        json.dumps(
            {
                "cameras": CAMERAS,
                "recovered_s": recovered,
                "before": before,
                "after": after,
                "nothing": nothing,
                "closed": closed,
                "all_ended": all(ended),
                "longest_block_ms": round(block_ms, 1),
            }
        ),
        flush=True,
    )
    servers.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
