"""One source to look at without names: begun and ended without waiting, for previews and the enrolment coach."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from facekd.sources import Source
from facekd_ui.workers.feed import LiveFeed

END_MS = 3000

# Feeds that are ending may outlive the page that had them: deleting a running QThread ends the process.
_leaving: set[LiveFeed] = set()


class Pictures(QObject):
    """At most one source at a time; one that ends does so in the background, however long its driver takes."""

    picture = Signal(object)  # Frame
    status_changed = Signal(object)  # facekd.sources.Status
    failed = Signal(str)
    recovered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed: LiveFeed | None = None
        self._ending: list[LiveFeed] = []

    @property
    def is_on(self) -> bool:
        """Whether a source is open, or being opened."""
        return self._feed is not None

    def begin(self, opener: Callable[[str], Source], address: str) -> None:
        """Ends what is open and opens an address; files begin again at their end."""
        self.end()

        def opened() -> Source:
            return opener(address)

        feed = LiveFeed(opened, None, loop=True, parent=self)
        feed.picture.connect(lambda frame, _faces: self.picture.emit(frame))
        feed.status_changed.connect(self.status_changed)
        feed.failed.connect(self.failed)
        feed.recovered.connect(self.recovered)
        self._feed = feed
        feed.start()

    def end(self) -> None:
        """Closes the source; returns at once."""
        feed, self._feed = self._feed, None
        if feed is None:
            return
        for signal in (feed.picture, feed.status_changed, feed.failed, feed.recovered):
            signal.disconnect()
        feed.setParent(None)
        _leaving.add(feed)
        self._ending = [each for each in self._ending if each in _leaving] + [feed]
        feed.stopped.connect(partial(_gone, feed))
        feed.stop()

    def shut_down(self, limit_ms: int = END_MS) -> None:
        """Closes everything and waits; for the end of a page."""
        self.end()
        for feed in self._ending:
            if feed in _leaving:
                feed.shut_down(limit_ms)
            _gone(feed)
        self._ending.clear()


def _gone(feed: LiveFeed) -> None:
    if feed in _leaving:
        _leaving.discard(feed)
        feed.deleteLater()
