"""How long work tells its caller how far it is, and learns that it shall stop."""

from typing import Protocol


class Watch(Protocol):
    """Watches work that takes a while. Its methods are called in the thread that works."""

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        """So many of so many are done, and so many of those were refused."""

    def cancelled(self) -> bool:
        """Whether to stop; asked between steps of well under a second. Stopping is no error."""


class Unwatched:
    """Nobody looks, nobody cancels."""

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        """Says nothing."""

    def cancelled(self) -> bool:
        """Never."""
        return False


UNWATCHED = Unwatched()
