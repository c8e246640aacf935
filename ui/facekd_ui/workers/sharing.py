"""One camera for several pages: a device can be opened once only, so whoever comes second looks at the same frames.

Cameras of this computer are shared by their index; everything else is opened as often as it is asked for. No Qt.
"""

import logging
import threading
from collections.abc import Callable
from typing import Self

from facekd.mailbox import Mailbox
from facekd.sources import Camera, Link, Patience, Source, Status, open_source
from facekd.types import Frame

log = logging.getLogger(__name__)


class SharedSources:
    """Opens sources. Any thread may ask; `open` may wait for a driver that is just closing the same camera.

    Args:
        opener: what really opens an address.
        is_shared: which addresses can be opened once only.
    """

    def __init__(
        self,
        opener: Callable[[str], Source] = open_source,
        is_shared: Callable[[str], bool] = Camera.accepts,
    ) -> None:
        self._opener, self._is_shared = opener, is_shared
        self._lock = threading.Lock()
        self._open: dict[str, _Shared] = {}

    def open(self, address: str) -> Source:
        """The source of its own, or a tap of the one that is open. Raises InputError."""
        if not self._is_shared(address):
            return self._opener(address)
        while True:
            with self._lock:
                shared = self._open.get(address)
                if shared is None:
                    self._open[address] = shared = _Shared(self._opener(address), address, self._forget)
                tap = shared.tap()
            if tap is not None:
                return tap
            shared.gone.wait()  # it is closing: two at a time is what the driver refuses

    def _forget(self, shared: "_Shared") -> None:
        with self._lock:
            if self._open.get(shared.address) is shared:
                del self._open[shared.address]
        shared.gone.set()


class _Shared:
    """One open source, the thread that reads it, and the taps that get each frame."""

    def __init__(self, source: Source, address: str, forget: Callable[["_Shared"], None]) -> None:
        self.source, self.address = source, address
        self.gone = threading.Event()
        """The source is closed: the camera is free."""
        self.error: Exception | None = None
        self._forget = forget
        self._lock = threading.Lock()
        self._taps: list[Tap] = []
        self._over = False
        threading.Thread(target=self._pump, name=f"share {source.name}", daemon=True).start()

    def tap(self) -> "Tap | None":
        """Another one to look; None when the source is ending."""
        with self._lock:
            if self._over:
                return None
            tap = Tap(self)
            self._taps.append(tap)
            return tap

    def leave(self, tap: "Tap") -> None:
        """One looks no longer. The last one closes the source, and waits for that."""
        with self._lock:
            if tap not in self._taps:
                return
            self._taps.remove(tap)
            last = not self._taps and not self._over
            self._over = self._over or last
        if last:
            self.source.close()
            self._forget(self)

    def _pump(self) -> None:
        try:
            while (frame := self.source.read()) is not None:
                with self._lock:
                    taps = tuple(self._taps)
                for tap in taps:
                    tap.box.put(frame)
        except Exception as error:  # the thread's edge: each tap raises it to whoever reads
            log.info("%s ended", self.source.name, exc_info=True)
            self.error = error
        with self._lock:
            ended_by_itself, self._over = not self._over, True
            taps = tuple(self._taps)
        if ended_by_itself:
            self.source.close()
            self._forget(self)
        for tap in taps:
            tap.box.close()


class Tap(Source):
    """Frames of a source that others look at, too. The newest frame wins."""

    live = True

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self.box: Mailbox[Frame] = Mailbox()
        self.name, self.fps = shared.source.name, shared.source.fps

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """Taps are made by `SharedSources`."""
        del spec
        return False

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        """Never: see `accepts`."""
        del patience
        raise ValueError(f"expected SharedSources.open for {spec!r}; a tap has no address of its own")

    @property
    def status(self) -> Status:
        """How the source stands."""
        status = getattr(self._shared.source, "status", None)
        return status if isinstance(status, Status) else Status(Link.CONNECTED)

    def read(self) -> Frame | None:
        """The next frame; None once closed. Raises what the source raised."""
        frame = self.box.take()
        if frame is None and self._shared.error is not None:
            raise self._shared.error
        return frame

    def close(self) -> None:
        """Looks no longer; the source ends with the last one who looked."""
        self.box.close()
        self._shared.leave(self)
