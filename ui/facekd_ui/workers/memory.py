"""Memory that nobody uses any more, given back to the system."""

import ctypes
import sys
import time
from collections.abc import Callable

EVERY_S = 60.0


class Trim:
    """Asks the C library once a minute to give freed memory back.

    A live picture makes and frees megabytes thirty times a second in several threads, and glibc keeps what is freed in
    the middle of its heaps. Giving it back costs a millisecond; it does not keep the heap from being torn into ever
    smaller pieces (`bench/ui.py --only memory` measures what is left of that). Elsewhere nothing is done: other C
    libraries give back by themselves.
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
