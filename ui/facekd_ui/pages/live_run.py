"""The running of one source for the page: opening off the interface thread, the feed, the records, the ending."""

import logging
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from facekd.sources import Source
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.live_sources import Opener, Target
from facekd_ui.pages.live_watch import Kept, Opened, Watch, open_watch
from facekd_ui.workers.feed import LiveFeed
from facekd_ui.workers.memory import Trim
from facekd_ui.workers.tasks import Tasks

log = logging.getLogger(__name__)

KEEP_MS = 1000
END_MS = 3000


class LiveRun(QObject):
    """At most one source at a time. `picture` and `seen` are those of the feed; `kept` comes every second or so."""

    began = Signal(object)  # Opened
    failed = Signal(object)  # Exception: the source was not begun
    picture = Signal(object, object)
    seen = Signal(object)
    ended = Signal()
    kept = Signal(object)  # Kept
    unrecognised = Signal(str)  # frame after frame cannot be recognised, and why; "" when that is over

    def __init__(self, context: PageContext, opener: Opener, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._context, self._opener = context, opener
        self.target: Target | None = None
        self._opening: Target | None = None  # networks and people are being loaded for it
        self.feed: LiveFeed | None = None
        self.watch: Watch | None = None
        self.asked_fps: float | None = None
        self._ending: list[tuple[LiveFeed, Watch | None]] = []
        self._visible = True
        # One thread of its own: a store that is away must not hold up the pages that ask for something else.
        self._keeping = Tasks(1, self)
        self._keep_busy = False
        self._trim = Trim()
        self._clock = QTimer(self, interval=KEEP_MS)
        self._clock.timeout.connect(self.keep_now)

    def begin(self, target: Target) -> None:
        """Ends what runs and begins another source; `began` or `failed` comes."""
        self.end()
        self.target = self._opening = target
        services = self._context.services
        self._context.work.run(
            lambda _progress: open_watch(services, target),
            self._begin,
            partial(self._not_begun, target),
            over=self._page,  # gone by then: nobody is told
            replaces="live open",
        )

    def _not_begun(self, target: Target, error: Exception) -> None:
        if target is self._opening:
            self._opening = None
            self.failed.emit(error)

    def _begin(self, opened: Opened) -> None:
        if opened.target is not self._opening:
            return  # paused, or another one was chosen meanwhile
        self._opening = None
        self.asked_fps = None
        self.watch = opened.watch
        provider = opened.watch.provider if opened.watch is not None else ""
        feed = LiveFeed(self._open, opened.watch, provider=provider, loop=opened.target.loop, parent=self)
        feed.picture.connect(self.picture)
        feed.seen.connect(self.seen)
        feed.ended.connect(self._source_ended)
        feed.unrecognised.connect(self.unrecognised)
        feed.recognised.connect(partial(self.unrecognised.emit, ""))
        feed.set_visible(visible=self._visible)
        self.feed = feed
        self.began.emit(opened)
        feed.start()
        self._clock.start()

    def _open(self) -> Source:
        """In the capture thread."""
        assert self.target is not None
        source = self._opener(self.target)
        self.asked_fps = source.fps
        return source

    def set_visible(self, *, visible: bool) -> None:
        """Hidden pages need no pictures; names and records go on."""
        self._visible = visible
        if self.feed is not None:
            self.feed.set_visible(visible=visible)

    @Slot()
    def keep_now(self) -> None:
        """Sends records and looks for changed people, unless that is under way."""
        self._trim()
        watch = self.watch
        if watch is None or self._keep_busy:
            return
        self._keep_busy = True
        self._keeping.run(lambda _progress: watch.keep(), self._kept, self._keep_failed)

    def _kept(self, kept: Kept) -> None:
        self._keep_busy = False
        if kept.change is not None and self.feed is not None and self.watch is not None:
            self.feed.replace(*kept.change, self.watch.provider)
        self.kept.emit(kept)

    def _keep_failed(self, error: Exception) -> None:
        self._keep_busy = False
        log.error("records cannot be kept: %s", error)
        self.kept.emit(Kept(None, trouble=explain(error)))

    @Slot()
    def _source_ended(self) -> None:
        self.end()
        self.ended.emit()

    def end(self) -> None:
        """Closes the source; returns at once. Its last records still go to the store."""
        self._opening = None
        self._clock.stop()
        feed, watch = self.feed, self.watch
        self.feed = self.watch = None
        if feed is None:
            return
        self._ending.append((feed, watch))
        feed.stopped.connect(partial(self._stopped, feed, watch))
        feed.stop()

    def _stopped(self, feed: LiveFeed, watch: Watch | None) -> None:
        if (feed, watch) in self._ending:
            self._ending.remove((feed, watch))
            feed.deleteLater()
            self._finish(watch)

    def _finish(self, watch: Watch | None) -> None:
        if watch is not None:
            self._keeping.run(lambda _progress: Kept(watch.finish()), self.kept.emit, _nothing)

    def shut_down(self, limit_ms: int = END_MS) -> None:
        """Closes everything and waits; for the end of the page."""
        self.target = None
        self.end()
        for feed, watch in self._ending:
            feed.shut_down(limit_ms)
            self._finish(watch)
        self._ending.clear()
        self._keeping.drain(limit_ms)


def _nothing(_outcome: object) -> None:
    """Nobody waits for it."""
