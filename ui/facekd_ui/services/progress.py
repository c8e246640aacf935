"""How long work tells its caller how far it is, and learns that it shall stop."""

from typing import Protocol

from facekd_ui.i18n.text import T
from facekd_ui.services.errors import ServiceError


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


class Stopped(ServiceError):
    """The work was cancelled: a normal outcome, which callers show as such."""

    def __init__(self) -> None:
        super().__init__(T("Stopped; nothing was changed."))


class Telling:
    """A function that passes on how far work of the store is, and stops it on request.

    Args:
        of: how many times everything is gone through.
    """

    def __init__(self, watch: Watch, of: int = 1) -> None:
        self._watch, self._of = watch, of

    def __call__(self, done: int, total: int) -> None:
        """Raises Stopped."""
        self._watch.progress(done, total * self._of)
        if self._watch.cancelled():
            raise Stopped
