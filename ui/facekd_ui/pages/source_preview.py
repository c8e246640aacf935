"""A small live picture of a source that was chosen, and one sentence when there is none."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from facekd.sources import Link, Source, Status, open_source
from facekd.types import Frame
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.video import VideoView
from facekd_ui.workers.pictures import Pictures

SETTLE_MS = 400  # after the last letter of an address
PATIENCE_MS = 2000
HEIGHT = 225


class SourcePreview(QFrame):
    """Opens what it is told in threads of its own; the page is never kept waiting. `seen(bool)`: there is a picture."""

    seen = Signal(bool)

    def __init__(self, opener: Callable[[str], Source] = open_source, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._opener = opener
        self._address = ""
        self._size = (0, 0)
        self.view = VideoView(T("Picture of the camera"), radius=8)
        self.view.setFixedHeight(HEIGHT)
        self.words = Label("", "small", "text.2", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.view)
        column.addWidget(self.words)
        self._pictures = Pictures(self)
        self._pictures.picture.connect(self._picture)
        self._pictures.status_changed.connect(self._status)
        self._pictures.failed.connect(self._failed)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._begin)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._too_long)

    @property
    def has_picture(self) -> bool:
        """Whether one came since the source was chosen."""
        return self._size != (0, 0)

    def show_source(self, address: str) -> None:
        """Opens an address, once nothing else was asked for during a moment."""
        if address == self._address and (self._pictures.is_on or self._settle.isActive()):
            return
        self.stop()
        self._address = address
        self.view.show_notice(T("Connecting"), icon="video")
        self._settle.start()

    def show_none(self, lead: Text, rest: Text | str = "") -> None:
        """There is nothing to open, and why."""
        self.stop()
        self.view.show_notice(lead, rest, "camera-off")

    def stop(self) -> None:
        """Gives the source back; returns at once."""
        self._settle.stop()
        self._patience.stop()
        self._pictures.end()
        self._address, self._size = "", (0, 0)
        self.view.clear()
        self.words.say("")
        self.seen.emit(False)

    def shut_down(self) -> None:
        """Gives it back and waits; for the end of the page."""
        self.stop()
        self._pictures.shut_down()

    @Slot()
    def _begin(self) -> None:
        self._patience.start()
        self._pictures.begin(self._opener, self._address)

    @Slot(object)
    def _picture(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        self.view.show_frame(frame.image)
        if self._size != (width, height):
            self._size = (width, height)
            self._patience.stop()
            self.view.hide_notice()
            self.words.say(
                T(
                    "{width} x {height} pixels. This is what FaceKD will see.",
                    width=str(width),
                    height=str(height),
                )
            )
            self.seen.emit(True)

    @Slot(object)
    def _status(self, status: Status) -> None:
        if status.link is Link.RECONNECTING and self.has_picture:
            self._no_picture(T("No picture any more"), status.reason)

    @Slot()
    def _too_long(self) -> None:
        self._no_picture(
            T("No picture within 2 s"),
            T("It is still being tried. Is it plugged in, and does another program use it?"),
        )

    @Slot(str)
    def _failed(self, why: str) -> None:
        self._no_picture(T("No picture"), why)

    def _no_picture(self, lead: Text, why: Text | str) -> None:
        self._size = (0, 0)
        self.view.show_notice(lead, relayed(why) if isinstance(why, str) and why else why, "camera-off")
        self.words.say(T("You can go on all the same and set it up later."))
        self.seen.emit(False)
