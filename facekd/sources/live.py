"""Sources that never end by themselves: cameras by index and streams by address. The newest frame wins."""

import logging
import math
import random
import re
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from facekd.errors import CameraError
from facekd.mailbox import Mailbox
from facekd.sources.base import Patience, Source
from facekd.sources.connection import Connection, Lost, masked
from facekd.sources.files import read_only
from facekd.types import Frame

log = logging.getLogger(__name__)

LOG_EVERY_S = 60.0


class Link(StrEnum):
    """How a live source stands."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Status:
    """How a live source stands and, unless it is connected, why; both are fit for the screen."""

    link: Link
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.link}: {self.reason}" if self.reason else str(self.link)


class LiveSource(Source):
    """A capture thread that keeps a connection up, and the slot with its newest frame.

    Time stamps count from the opening of the source on the monotonic clock, through every reconnection.
    """

    live = True
    fps: float | None = None  # what drivers and streams say of it is not true often enough

    def __init__(self, address: int | str, name: str, patience: Patience | None = None) -> None:
        """Returns at once; the thread connects. `name` is shown and logged as it is."""
        self.name = name
        self._address = address
        self._patience = patience or Patience()
        self._frames: Mailbox[Frame] = Mailbox()
        self._closing = threading.Event()
        self._started = time.monotonic()
        self._newest: float | None = None  # when the newest frame came, monotonic seconds
        self._index = 0
        self._damaged = 0
        self._reason = ""  # why there is no connection; empty while there is one
        self._logged = ("", -math.inf)  # the last loss in the log, and when
        self._bug: Exception | None = None
        self._thread = threading.Thread(target=self._capture, name=f"capture {name}", daemon=True)
        self._thread.start()

    # -- called by the consumer

    def read(self) -> Frame | None:
        """Waits for a frame newer than the last one. None once closed.

        Raises CameraError when none came for `first_frame_s` (never any) or `give_up_s` (since the last one),
        even while the capture thread hangs in a driver.
        """
        while True:
            frame = self._frames.take(timeout=self._patience_left())
            if frame is not None:
                return frame
            if self._bug is not None:
                raise self._bug
            if self._closing.is_set():
                return None
            if self._patience_left() == 0:
                raise CameraError(
                    f"{self.name}: expected pictures, none came for {self._silent_s():.1f} s "
                    f"({self._reason or 'no answer yet'}); check the address, the cable and the camera"
                )

    @property
    def status(self) -> Status:
        """Any thread may ask. Frames that stop coming show here before the connection counts as lost."""
        if self._closing.is_set():
            return Status(Link.CLOSED)
        if self._newest is None:
            return Status(Link.CONNECTING, self._reason)
        if self._reason:
            return Status(Link.RECONNECTING, self._reason)
        if self._silent_s() > self._patience.stale_s:
            return Status(Link.RECONNECTING, f"nothing came for {self._silent_s():.1f} s")
        return Status(Link.CONNECTED)

    @property
    def dropped(self) -> int:
        """Frames that were replaced by newer ones before anybody read them."""
        return self._frames.dropped

    @property
    def damaged(self) -> int:
        """Pictures that came incomplete and were skipped."""
        return self._damaged

    def close(self) -> None:
        """Ends the thread and the connection; waits at most `Patience.close_s`. Wakes a waiting `read`."""
        self._closing.set()
        self._frames.close()
        self._thread.join(self._patience.close_s)
        if self._thread.is_alive():  # only a driver that ignores every time-out; the thread ends with it
            log.warning("%s: the camera driver does not return; its thread was left behind", self.name)

    def _silent_s(self) -> float:
        newest = self._newest  # read once: the capture thread writes it
        return time.monotonic() - (self._started if newest is None else newest)

    def _patience_left(self) -> float | None:
        """Seconds until giving up, at least 0; None for never."""
        limit = self._patience.first_frame_s if self._newest is None else self._patience.give_up_s
        return None if math.isinf(limit) else max(0.0, limit - self._silent_s())

    # -- the capture thread

    def _capture(self) -> None:
        try:
            self._stay_connected()
        except Exception as error:  # the thread's edge: the consumer raises it
            log.exception("%s: the capture thread failed", self.name)
            self._bug = error
        finally:
            self._frames.close()

    def _stay_connected(self) -> None:
        failures = 0
        while not self._closing.is_set():
            frames_before = self._index
            try:
                with Connection(self._address, self._patience) as connection:
                    self._pump(connection)
            except Lost as lost:
                failures = failures + 1 if self._index == frames_before else 1
                self._reason = str(lost)
                self._log_loss()
                self._closing.wait(self._pause_s(failures))

    def _pump(self, connection: Connection) -> None:
        """Frames from the connection to the slot, until `close` or Lost."""
        damaged_before = self._damaged
        while not self._closing.is_set():
            image = connection.read()
            self._newest = time.monotonic()
            self._frames.put(Frame(read_only(image), self._index, (self._newest - self._started) * 1000))
            self._index += 1
            self._damaged = damaged_before + connection.damaged
            self._reason = ""

    def _log_loss(self) -> None:
        """A loss for the same reason once in `LOG_EVERY_S`: a camera with a loose plug must not fill the disk."""
        now = time.monotonic()
        reason, when = self._logged
        if not self._closing.is_set() and (reason != self._reason or now - when >= LOG_EVERY_S):
            self._logged = (self._reason, now)
            log.warning("%s: %s; connecting again", self.name, self._reason)

    def _pause_s(self, failures: int) -> float:
        """Exponential back-off with jitter, so that many clients do not return to a camera in step."""
        longest, doublings = self._patience.longest_pause_s, min(failures - 1, 30)
        return min(longest, self._patience.first_pause_s * 2.0**doublings) * random.uniform(0.5, 1)


class Camera(LiveSource):
    """A camera of this computer, by its index."""

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """Digits alone; a file of that name can be given as "./0"."""
        return spec.isascii() and spec.isdecimal()

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        """Connects in the background."""
        return cls(int(spec), f"camera {int(spec)}", patience)


class Stream(LiveSource):
    """A network camera, by its address."""

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """Addresses that FFmpeg is trusted with."""
        return re.match(r"(rtsps?|https?)://", spec, re.IGNORECASE) is not None

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        """Connects in the background."""
        return cls(spec, masked(spec), patience)
