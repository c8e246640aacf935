"""Memory that nobody uses any more, given back to the system."""

import ctypes
import sys
import time
from collections.abc import Callable

EVERY_S = 60.0


class Trim:
    """Asks the C library once a minute to give freed memory back.

    A live picture makes and frees megabytes thirty times a second in several threads. glibc keeps what is freed in the
    middle of its heaps, and as the pieces that are in use wander, the process grows by a megabyte a minute though it
    holds no more than before (`bench/ui.py --only memory`). Giving back costs a millisecond. Elsewhere nothing is done:
    other C libraries give back by themselves.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        library = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._trim = getattr(library, "malloc_trim", None)
        self._clock = clock
        self._due = clock() + EVERY_S

    def __call__(self) -> bool:
        """Called as often as one likes, by one thread; returns whether it was time."""
        if self._trim is None or self._clock() < self._due:
            return False
        self._trim(0)
        self._due = self._clock() + EVERY_S
        return True
