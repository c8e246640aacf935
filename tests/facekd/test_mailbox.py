"""The one-slot mailbox between two threads."""

import threading
import time

import pytest

from facekd.mailbox import Mailbox


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    box: Mailbox[int] = Mailbox()
    for number in range(5):
        box.put(number)
    assert box.take() == 4
    assert box.dropped == 4


def test_an_item_is_taken_at_most_once() -> None:
    box: Mailbox[str] = Mailbox()
    box.put("only")
    assert box.take() == "only"
    assert box.take(timeout=0) is None
    assert box.dropped == 0
    assert not box.closed


def test_take_waits_no_longer_than_its_time_out() -> None:
    box: Mailbox[int] = Mailbox()
    started = time.monotonic()
    assert box.take(timeout=0.1) is None
    assert 0.09 < time.monotonic() - started < 1


def test_take_wakes_as_soon_as_an_item_is_put() -> None:
    box: Mailbox[str] = Mailbox()
    timer = threading.Timer(0.05, box.put, ["late"])
    timer.start()
    started = time.monotonic()
    assert box.take(timeout=10) == "late"
    assert time.monotonic() - started < 2
    timer.join()


def test_closing_wakes_every_waiting_thread_with_none() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int | None] = []
    threads = [threading.Thread(target=lambda: taken.append(box.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    box.close()
    for thread in threads:
        thread.join(5)
    assert taken == [None, None, None]


@pytest.mark.parametrize("put_first", [True, False])
def test_a_closed_mailbox_gives_nothing_and_counts_what_was_lost(put_first: bool) -> None:
    box: Mailbox[int] = Mailbox()
    if put_first:
        box.put(1)
        box.close()
    else:
        box.close()
        box.put(1)
    assert box.take() is None
    assert box.dropped == 1
    assert box.closed


def test_between_two_busy_threads_every_item_is_either_taken_in_order_or_dropped() -> None:
    box: Mailbox[int] = Mailbox()
    count = 20_000

    def produce() -> None:
        for number in range(count):
            box.put(number)
            if number % 100 == 0:
                time.sleep(0)  # lets the consumer in, so that both cases occur
        box.close()

    producer = threading.Thread(target=produce)
    producer.start()
    taken = []
    while (item := box.take()) is not None:
        taken.append(item)
    producer.join()
    assert taken == sorted(set(taken))
    assert len(taken) + box.dropped == count
