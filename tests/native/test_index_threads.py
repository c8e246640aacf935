"""The compiled index serves readers and writers at the same time, and forgets what it is told to forget."""

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from facekd.search import Index
from facekd.types import Floats


def random_unit(seed: int, n: int, dim: int) -> Floats:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_a_search_sees_the_state_before_or_after_a_change_never_between() -> None:
    """A writer swaps 300 rows spread over many blocks between two states; every answer is of one of them."""
    states = [random_unit(1, 1000, 32), random_unit(2, 1000, 32)]
    changed = np.arange(0, 900, 3)
    states[1][np.setdiff1d(np.arange(1000), changed)] = states[0][np.setdiff1d(np.arange(1000), changed)]
    queries = states[0][:8]
    index = Index(32)
    index.add(np.arange(1000), states[0])
    answers = []
    for state in states:
        whole = Index(32)
        whole.add(np.arange(1000), state)
        answers.append(whole.search(queries, 200)[0])
    stop, wrong, seen = threading.Event(), [], set()

    def read() -> None:
        while not stop.is_set():
            got = index.search(queries, 200)[0]
            fits = [number for number, want in enumerate(answers) if np.array_equal(got, want)]
            seen.update(fits)
            if not fits:
                wrong.append(got)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(200):
        index.replace(changed, np.ascontiguousarray(states[(turn + 1) % 2][changed]))
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert seen == {0, 1}


def test_readers_with_allow_find_every_id_that_never_leaves() -> None:
    rows = random_unit(4, 2000, 16)
    index = Index(16)
    index.add(np.arange(2000), rows)
    stay = np.arange(0, 2000, 40)
    come_and_go = np.setdiff1d(np.arange(2000), stay)
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            ids, _ = index.search(rows[stay], 1, allow=stay)
            if not np.array_equal(ids[:, 0], stay):
                wrong.append(ids)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        index.remove(come_and_go)
        index.add(come_and_go, rows[come_and_go])
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_the_interpreter_runs_on_while_a_search_runs() -> None:
    rows = random_unit(5, 60_000, 128)
    index = Index(128, compact=False, threads=1)
    index.add(np.arange(len(rows)), rows)
    running, ticks = threading.Event(), 0
    done = threading.Event()

    def search() -> None:
        running.set()
        index.search(rows[:400], 5)
        done.set()

    worker = threading.Thread(target=search)
    worker.start()
    running.wait()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    worker.join()
    assert ticks > 20  # a search that held the interpreter would leave one or two


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_any_number_of_threads_gives_the_same_answer(threads: int) -> None:
    rows = random_unit(6, 40_000, 96)
    one, many = Index(96, threads=1), Index(96, threads=threads)
    for index in (one, many):
        index.add(np.arange(len(rows)), rows)
    for m in (1, 30):
        for got, want in zip(many.search(rows[:m], 12), one.search(rows[:m], 12), strict=True):
            np.testing.assert_array_equal(got, want)


def test_more_threads_than_any_machine_has_are_refused() -> None:
    with pytest.raises(ValueError, match=r"threads: .*5000"):
        Index(4, threads=5000)


def occurrences(needle: bytes) -> int:
    """How often bytes stand in the writable memory of this process."""
    found = 0
    with Path("/proc/self/maps").open() as maps, Path("/proc/self/mem").open("rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                while start < end:
                    piece = memory.read(min(1 << 24, end - start))
                    found += piece.count(needle)
                    start += len(piece)
            except OSError:  # a mapping that cannot be read holds nothing of ours
                continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/mem")
@pytest.mark.skipif("FACEKD_SANITIZED" in os.environ, reason="a sanitizer's shadow memory has no end")
@pytest.mark.parametrize("change", ["remove", "replace"])
def test_a_removed_vector_is_nowhere_in_memory_when_the_call_returns(change: str) -> None:
    # The needle is made from the row only after the change, by a mask, so that searching does not plant it.
    rows = random_unit(8, 130, 64)
    index = Index(64)
    index.add(np.arange(130), rows)
    index.search(rows[:3], 5)
    masked = bytes(byte ^ 0x5A for byte in rows[77, 8:24].tobytes())
    kept = bytes(byte ^ 0x5A for byte in rows[78, 8:24].tobytes())
    rows[:] = 0
    if change == "remove":
        index.remove(np.array([77]))
    else:
        index.replace(np.array([77]), random_unit(9, 1, 64))

    def count(mask: bytes) -> int:
        needle = bytes(byte ^ 0x5A for byte in mask)
        return occurrences(needle) - 1  # the needle itself

    assert count(kept) >= 1, "the check would find a row that is still there"
    assert count(masked) <= 0
