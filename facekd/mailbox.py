"""The slot through which one thread hands its newest value to another; nothing ever queues."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot between two threads. `put` overwrites; `take` waits for the newest item.

    `dropped` counts items nobody took. After `close()` every `take` returns None.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: list[T] = []  # at most one item; a list, so that None may be an item
        self._dropped = 0
        self._closed = False

    @property
    def dropped(self) -> int:
        """How many items were overwritten, or came too late, before anybody took them."""
        with self._changed:
            return self._dropped

    @property
    def closed(self) -> bool:
        """Tells a `take` that ran out of time from one that will never succeed."""
        with self._changed:
            return self._closed

    def put(self, item: T) -> None:
        """Leaves the item for the next `take`; whatever still lies in the slot is dropped. Never waits."""
        with self._changed:
            if self._closed:
                self._dropped += 1
                return
            self._dropped += len(self._slot)
            self._slot[:] = [item]
            self._changed.notify()

    def take(self, timeout: float | None = None) -> T | None:
        """The newest item, each at most once; None after `timeout` seconds without one, or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot or self._closed, timeout)
            return self._slot.pop() if self._slot else None

    def close(self) -> None:
        """Wakes every waiting `take`. An item still in the slot is dropped."""
        with self._changed:
            self._closed = True
            self._dropped += len(self._slot)
            self._slot.clear()
            self._changed.notify_all()
