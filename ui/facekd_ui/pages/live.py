"""The Live page: one source, names over faces, who is here now."""

import logging
import time
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from facekd.types import Frame, RecognisedFace
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.live_choose import SourceChooser
from facekd_ui.pages.live_guests import LiveGuests
from facekd_ui.pages.live_run import LiveRun
from facekd_ui.pages.live_sources import Opener, Target
from facekd_ui.pages.live_tile import LiveTile
from facekd_ui.pages.live_watch import Kept, Opened
from facekd_ui.shell.actions import action, button_for
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.labels import IconLabel, Label

log = logging.getLogger(__name__)

TICK_MS = 250
WIDE, NARROW = 336, 320  # of the list
NARROW_BELOW = 1330  # of the page, which is the window less the rail


class LivePage(QWidget):
    """Watches one source.

    Args:
        sample: the sample video, where there is one.
        opener: opens what was chosen; called in the capture thread.
    """

    camera_state = Signal(str, object)
    """ok, warning or danger and a Text, for the top bar; "" when no source is open."""
    records_state = Signal(object)
    """services.recording.RecordingState, every second or so."""
    recogniser_changed = Signal(object, str, int, object)
    """Card, provider and number of people that can be recognised, for the status line."""

    def __init__(
        self, context: PageContext, *, sample: Path | None = None, opener: Opener = Target.open
    ) -> None:
        super().__init__()
        self._context = context
        self.run = LiveRun(context, opener, self)
        self._last_tick = time.monotonic()
        self._told: tuple[str, str] = ("", "")
        self._halted = False  # paused, ended or not begun: "Go on" begins again
        self._unrecognised = ""  # why frame after frame cannot be recognised
        self.tile = LiveTile()
        self.guests = LiveGuests(self, context, self.tile.view)
        self.chooser = SourceChooser(self, context, sample, self.watch)
        self.banner = Banner("warning", "")
        self.banner.hide()
        self._make_actions()
        self._lay_out()
        self._connect()
        self._ticking = QTimer(self, interval=TICK_MS)
        self._ticking.timeout.connect(self._tick)

    # -- for the window

    def show_what(self, what: object) -> None:
        """A Target to watch: from the first run, or the camera of the settings."""
        if isinstance(what, Target):
            self.watch(what)

    def watch(self, target: Target) -> None:
        """Watches a source instead of the one that runs."""
        self.guests.begin(target.name)
        self._stack.setCurrentWidget(self._watching)
        self.banner.hide()
        self._unrecognised, self._halted = "", False
        self.tile.show_target(target)
        self._source.say(T("Change source"))
        self.run.begin(target)
        self.tile.view.setFocus()
        self._last_tick = time.monotonic()
        self._ticking.start()
        self._allow()

    def close_source(self) -> None:
        """Ends watching."""
        self.run.end()
        self.run.target = None
        self._ticking.stop()
        self.guests.leave()
        self.banner.hide()
        self._source.say(T("Choose a source"))
        self._stack.setCurrentWidget(self._empty)
        self._tell("", T("No camera"))
        self._allow()

    def opened(self) -> None:
        """The page is shown."""
        self.run.set_visible(visible=True)
        if self.run.target is not None:
            self.tile.view.setFocus()

    def left(self) -> None:
        """Another page is shown; recognising and recording go on."""
        self.run.set_visible(visible=False)

    def shut_down(self) -> None:
        """Ends threads and timers, and waits for them."""
        self._ticking.stop()
        self.run.shut_down()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space, Up, Down and Enter, when nothing that has the focus needs them."""
        pressed = QKeySequence(event.keyCombination())
        for act in (self.pause_action, *self.guests.keys):
            if act.isEnabled() and act.shortcut() == pressed:
                act.trigger()
                return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """A page that is thrown away (log-out) must not leave its threads behind."""
        if event.type() == QEvent.Type.DeferredDelete:
            self.shut_down()
        return super().event(event)

    # -- made of

    def _make_actions(self) -> None:
        self.choose_action = action(self, T("Choose a source"), self._choose, "Ctrl+O", "video")
        self.pause_action = action(self, T("Pause"), self.pause_or_go_on, "Space", "pause")
        self.stop_action = action(self, T("Close the source"), self.close_source, "", "stop")
        self.timings_action = action(self, T("Timings"), self._toggle_timings, "Ctrl+Shift+P", "activity")
        for act in (self.pause_action, *self.guests.keys):
            act.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)

    def _lay_out(self) -> None:
        self._source = button_for(self.choose_action)
        self._pause = button_for(self.pause_action, "quiet")
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self._source)
        bar.addStretch()
        for act, button in (
            (self.pause_action, self._pause),
            (self.stop_action, button_for(self.stop_action, "quiet", T("Close"))),
            (self.timings_action, button_for(self.timings_action, "quiet")),
        ):
            bar.addWidget(button)
            act.enabledChanged.connect(button.setVisible)
        self._watching = QWidget()
        watching = QVBoxLayout(self._watching)
        watching.setContentsMargins(0, 0, 0, 0)
        watching.setSpacing(12)
        watching.addWidget(self.banner)
        watching.addWidget(self.tile, 100)
        watching.addWidget(self.guests.just_now)
        watching.addStretch(1)
        self._empty = self.chooser.empty_state()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._watching)
        left = QVBoxLayout()
        left.setContentsMargins(16, 14, 16, 12)
        left.setSpacing(12)
        left.addLayout(bar)
        left.addWidget(self._stack, 1)
        left.addLayout(_liveness())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(Line(standing=True))
        row.addWidget(self.guests.here)
        self.guests.here.setFixedWidth(WIDE)
        self._allow()

    def _connect(self) -> None:
        self.run.began.connect(self._began)
        self.run.failed.connect(self._not_begun)
        self.run.picture.connect(self._show_picture)
        self.run.seen.connect(self.guests.see)
        self.run.ended.connect(self._source_ended)
        self.run.kept.connect(self._kept)
        self.run.unrecognised.connect(self._show_unrecognised)
        self.tile.retry.connect(self._retry)
        self.tile.again.connect(self.pause_or_go_on)
        self.guests.acts.changed.connect(self._people_changed)

    def _allow(self) -> None:
        watching = self.run.target is not None
        self.pause_action.setEnabled(watching)
        self.stop_action.setEnabled(watching)
        self.timings_action.setEnabled(watching)
        halted = watching and self._halted
        self._pause.say(T("Go on") if halted else T("Pause"))
        self._pause.set_icon("play" if halted else "pause")
        self.guests.acts.refresh()

    # -- going on

    def _choose(self) -> None:
        self.chooser.ask(self._source)

    def pause_or_go_on(self) -> None:
        """Pausing closes the source, so that nobody is recorded; going on opens it again."""
        target = self.run.target
        if target is None:
            return
        if self._halted:
            self.watch(target)
            return
        self._halted = True
        self.run.end()
        self._ticking.stop()
        self.guests.leave()
        self.tile.show_ended(paused=True)
        self._tell("warning", T("Paused"))
        self._allow()

    def _retry(self) -> None:
        if self.run.feed is not None:
            self.run.feed.retry_now()
        elif self.run.target is not None:
            self.watch(self.run.target)

    # -- what the source gives

    def _began(self, opened: Opened) -> None:
        watch, feed = self.run.watch, self.run.feed
        assert feed is not None
        self.tile.view.painted.connect(feed.mark_painted)
        self.guests.named_by(watch)
        if watch is not None:
            self.recogniser_changed.emit(watch.card, watch.provider, watch.people, watch.promise)
        if opened.without_names:
            self._warn(T("Pictures without names."), opened.without_names)
        elif opened.without_records:
            self._warn(T("Nothing is recorded."), opened.without_records)
        self._allow()

    def _not_begun(self, error: Exception) -> None:
        self._halted = True
        self._ticking.stop()
        self.tile.show_failed(explain(error))
        self._tell("danger", T("No picture"))
        self._allow()

    def _show_picture(self, frame: Frame, faces: tuple[RecognisedFace, ...]) -> None:
        height, width = frame.image.shape[:2]
        self.tile.show_size(width, height)
        self.tile.view.show_frame(frame.image, self.guests.shown(faces))

    def _source_ended(self) -> None:
        self._halted = True
        self._ticking.stop()
        self.guests.leave()
        self.tile.show_ended()
        self._tell("ok", T("The video has ended"))
        self._allow()

    def _kept(self, kept: Kept) -> None:
        watch = self.run.watch
        if kept.change is not None and watch is not None:
            self.guests.photos_changed()
            self.recogniser_changed.emit(watch.card, watch.provider, watch.people, watch.promise)
        if kept.records is None:
            return
        self.records_state.emit(kept.records)
        if kept.records.trouble:
            waiting = kept.records.waiting
            self._warn(
                T("Records are not being saved."),
                T(
                    "{n} wait on this computer and follow by themselves. {why}",
                    n=waiting,
                    why=kept.records.trouble,
                ),
            )
        elif kept.trouble:
            self._warn(T("Changes of people on file do not reach this picture."), kept.trouble)
        elif self._unrecognised:
            self._show_unrecognised(self._unrecognised)
        else:
            self.banner.hide()

    def _show_unrecognised(self, why: str) -> None:
        self._unrecognised = why
        if why:
            self._warn(T("Faces cannot be recognised. The picture goes on."), relayed(why))
        else:
            self.banner.hide()

    def _warn(self, lead: Text, rest: Text | str) -> None:
        self.banner.show_message("warning", lead, rest, [])
        self.banner.show()

    def _tick(self) -> None:
        now = time.monotonic()
        elapsed, self._last_tick = now - self._last_tick, now
        feed = self.run.feed
        if feed is None:
            self.tile.wait(elapsed)
            return
        self._tell(*self.tile.show_state(feed, self.run.asked_fps, elapsed))
        if self.isVisible():
            self.guests.refresh()
            if self.tile.timings.isVisible():
                self.tile.timings.show_statistics(feed.statistics)

    def _tell(self, kind: str, words: Text) -> None:
        if (kind, str(words)) != self._told:
            self._told = (kind, str(words))
            self.camera_state.emit(kind, words)

    def _people_changed(self) -> None:
        self.guests.photos_changed()
        self.run.keep_now()

    def _toggle_timings(self) -> None:
        panel = self.tile.timings
        panel.setVisible(not panel.isVisible())
        if panel.isVisible() and self.run.feed is not None:
            panel.show_statistics(self.run.feed.statistics)
        panel.place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The list is narrower in small windows."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_BELOW
        self.guests.here.setFixedWidth(NARROW if narrow else WIDE)
        self.guests.here.set_photo_size(40 if narrow else 48)


def _liveness() -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(IconLabel("info", "text.2", 14))
    words = T(
        "There is no liveness check: a photograph held up to the camera is recognised like the person. Do not open "
        "doors by this alone."
    )
    row.addWidget(Label(words, "small", "text.2", wrap=True), 1)
    return row
