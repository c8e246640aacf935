"""What a page is given: the services of the session, pools to run them on, and ways to say something."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.services.everything import Services
from facekd_ui.services.progress import Stopped
from facekd_ui.session import Session
from facekd_ui.workers.sharing import SharedSources
from facekd_ui.workers.task import Progress
from facekd_ui.workers.tasks import Tasks

R = TypeVar("R")


class Shows(Protocol):
    """A place for short notes (`facekd_ui.widgets.toasts.Toasts`)."""

    def show(
        self,
        text: Text | str,
        *,
        icon: str = "check",
        token: str = "success",
        action: tuple[Text, Callable[[], object]] | None = None,
        key: str = "",
    ) -> object:
        """Shows a note for some seconds, with what can be done about it."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """One session at one window."""

    services: Services
    session: Session
    store: Tasks  # one thread: everything that asks the database
    work: Tasks  # what looks at pictures
    toasts: Shows
    go: Callable[[str, object], None]  # opens another page by key, with something to show there
    sources: SharedSources = field(default_factory=SharedSources)  # cameras, which pages share

    def fail(self, error: Exception) -> None:
        """Says a failure as a note; pages with a place for it say it there instead."""
        if isinstance(error, Stopped):  # on request: no failure
            self.toasts.show(explain(error), icon="info", token="accent")
            return
        self.toasts.show(explain(error), icon="error", token="danger")

    def ask(
        self,
        work: Callable[[], R],
        done: Callable[[R], object],
        failed: Callable[[Exception], object] | None = None,
        *,
        over: QWidget | None = None,
        title: Text | str = "",
        replaces: str = "",
    ) -> None:
        """Runs a quick call of a service on the store's thread."""
        self.store.run(
            lambda _progress: work(), done, failed or self.fail, over=over, title=title, replaces=replaces
        )


class Told:
    """A `services.progress.Watch` over the progress of a task."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        """ "1,480 of 3,200, 12 refused"."""
        fraction = done / total if total else None
        words = (
            T("{done} of {total}, {refused} refused", done=done, total=total, refused=refused)
            if refused
            else T("{done} of {total}", done=done, total=total)
        )
        if not self._progress.is_cancelled:  # the service ends by itself and returns what it has
            self._progress.report(fraction, words)

    def cancelled(self) -> bool:
        """Whether Cancel was pressed."""
        return self._progress.is_cancelled
