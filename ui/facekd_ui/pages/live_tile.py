"""The picture of a source in its frame: name, place, rate and state above; why it does not move over it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from facekd.sources import Link
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.live_sources import Target
from facekd_ui.pages.live_timings import TimingsPanel
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label
from facekd_ui.widgets.video import VideoView, connecting
from facekd_ui.workers.feed import LiveFeed

SLOW = 0.6  # of the source's own rate, from which a mark says so
SILENT_S = 2.0  # without a picture the page says so, whatever the source claims
_ATTEMPTS = {1: T("first attempt"), 2: T("second attempt"), 3: T("third attempt")}


class LiveTile(QFrame):
    """One source on the screen."""

    retry = Signal()
    again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "card")
        self._name = ElidedLabel("", "strong", hug=True)
        self._place = ElidedLabel("", "small", "text.2")
        self._rate = Label("", "small", "text.2")
        self._mark = IconLabel("check", "success")
        self.view = VideoView(T("Live picture"))
        self.timings = TimingsPanel(self.view)
        self._try = Button(T("Try now"), "video", "refresh", parent=self.view)
        self._try.clicked.connect(self.retry)
        self._play = Button(T("Play again"), "video", "play", parent=self.view)
        self._play.clicked.connect(self.again)
        for button in (self._try, self._play):
            button.hide()
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 6)
        head.setSpacing(8)
        head.addWidget(self._name)
        head.addWidget(self._place, 1)
        head.addWidget(self._rate)
        head.addWidget(self._mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        self._waited_s = 0.0
        self._size = ""
        self._shape = 9 / 16

    @property
    def rate_words(self) -> str:
        """What stands at the right of the head."""
        return self._rate.text()

    def show_target(self, target: Target) -> None:
        """Another source; its picture comes later."""
        self._name.say(target.name)
        self._place.say("" if target.place == target.name else target.place)
        self._waited_s, self._size = 0.0, ""
        self.view.clear()
        self.show_opening()

    def show_size(self, width: int, height: int) -> None:
        """Of the pictures that come."""
        self._size = f"{width}×{height}"  # noqa: RUF001 - the sign for "by"
        self._shape = height / width
        self._fit()

    def _fit(self) -> None:
        """No higher than the picture needs at this width, so that nothing is letterboxed where there is room."""
        head = self.view.y() + 1
        wanted = head + round((self.width() - 2) * self._shape)
        if self.maximumHeight() != wanted:
            self.setMaximumHeight(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the shape of the picture."""
        super().resizeEvent(event)
        self._fit()

    def show_opening(self, why: str = "") -> None:
        """Networks and people are being loaded, or the source does not answer yet."""
        self._rate.say("")
        self._mark.show_icon("warning" if why else "clock", "warning" if why else "text.2")
        self.view.show_notice(connecting(self._waited_s), relayed(why) if why else "", "video")

    def wait(self, elapsed_s: float, why: str = "") -> None:
        """Still opening; why it takes so long, where that is known."""
        self._waited_s += elapsed_s
        self.show_opening(why)

    def show_ended(self, *, paused: bool = False) -> None:
        """A file came to its end, or somebody paused."""
        self._rate.say(T("paused") if paused else T("ended"))
        self._mark.show_icon("pause" if paused else "stop", "text.2")
        if paused:
            self.view.show_notice(T("Paused"), T("Nobody is recognised or recorded."), "pause")
        else:
            self.view.show_notice(T("The video has ended"), "", "stop", [self._play])

    def show_failed(self, why: Text | str) -> None:
        """The source could not be opened at all."""
        self._rate.say("")
        self._mark.show_icon("error", "danger")
        self.view.show_notice(T("This source cannot be watched"), why, "camera-off", [self._try])

    def show_state(self, feed: LiveFeed, asked_fps: float | None, elapsed_s: float) -> tuple[str, Text]:
        """Says how the source stands; called a few times a second.

        Args:
            asked_fps: the rate that the source has by itself, where it knows.
            elapsed_s: since the last call.

        Returns:
            Kind ("ok", "warning", "danger") and words for the top bar.
        """
        capture = feed.capture
        silent = capture.silent_s
        lost = feed.status.link is Link.RECONNECTING or (silent is not None and silent > SILENT_S)
        if silent is None and not lost:
            self.wait(elapsed_s, feed.status.reason)
            return ("danger", T("No picture")) if feed.status.reason else ("warning", T("Connecting"))
        if lost:
            self._show_lost(feed, silent)
            return "danger", T("No picture")
        self.view.hide_notice()
        got = round(capture.fps)
        slow = asked_fps is not None and capture.frames > 50 and capture.fps < SLOW * asked_fps
        words = (
            T("{got} fps", got=got)
            if asked_fps is None
            else T("{got} of {asked} fps", got=got, asked=round(asked_fps))
        )
        self._rate.say(T("{size}  {rate}", size=self._size, rate=words) if self._size else words)
        self._mark.show_icon("warning" if slow else "check", "warning" if slow else "success")
        return ("warning", T("Slow")) if slow else ("ok", T("1 camera"))

    def _show_lost(self, feed: LiveFeed, silent: float | None) -> None:
        capture = feed.capture
        self._rate.say(T("reconnecting"))
        self._mark.show_icon("warning", "warning")
        lead = T("No picture yet") if silent is None else T("No picture for {n} s", n=int(silent))
        wait = capture.retry_in_s
        if wait is None or wait < 1:
            rest: Text = T("Trying again now.")
        else:
            number = capture.attempt
            which = _ATTEMPTS.get(number, T("attempt {n}", n=number))
            rest = T("Trying again in {n} s, {which}.", n=int(wait), which=which)
        reason: Text | None = relayed(feed.status.reason) if feed.status.reason else None
        self.view.show_notice(
            lead,
            T("{rest} {reason}", rest=rest, reason=reason) if reason else rest,
            "camera-off",
            [self._try],
        )
