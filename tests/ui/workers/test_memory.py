"""Freed memory goes back to the system."""

import sys
from pathlib import Path

import numpy as np
import pytest

from facekd_ui.workers.memory import EVERY_S, Trim


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096 / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems give memory back by themselves")
def test_what_was_freed_between_pieces_in_use_goes_back_once_a_minute() -> None:
    now = 0.0
    trim = Trim(lambda: now)
    assert not trim()  # the minute has just begun
    pieces = [np.ones(100_000, np.uint8) for _ in range(1000)]  # too small to be mapped one by one
    kept = pieces[::50]  # so the heap cannot shrink from its end
    del pieces
    before = resident_mb()
    now = EVERY_S
    assert trim()
    assert before - resident_mb() > 50  # of 95
    assert len(kept) == 20
    assert not trim()
