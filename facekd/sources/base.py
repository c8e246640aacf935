"""What every source of frames looks like from outside, and how long live ones are waited for."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from facekd.types import Frame


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a live source is waited for, in seconds. `math.inf` waits for ever where a limit is not wanted."""

    open_s: float = 4.0  # one attempt to connect
    read_s: float = 2.5  # the next frame of a connection; then the connection counts as lost
    stale_s: float = 1.5  # age of the newest frame from which the status no longer says connected
    first_frame_s: float = 10.0  # from the start to the first frame; then CameraError
    give_up_s: float = 60.0  # from the last frame on; then CameraError
    first_pause_s: float = 0.25  # before the first new attempt; doubles with each failure ...
    longest_pause_s: float = 5.0  # ... up to this

    @property
    def close_s(self) -> float:
        """How long `close()` may take at most. An RTSP reader was seen to use its time-out twice."""
        return 2 * max(self.open_s, self.read_s) + 1


class Source(Protocol):
    """Frames one after another. A context manager; `read` is for one thread, `close` may come from another.

    `open` and `accepts` take what the person typed, so that `SOURCES` needs nothing but the class.
    """

    live: bool
    """True: the newest frame wins and late ones are dropped. False: every frame counts."""
    name: str
    """For people: never holds a password."""
    fps: float | None
    """Frames a second where the source knows."""

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """Whether this kind of source is meant by `spec`; says nothing about whether it can be opened."""
        ...

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        """The source. Raises InputError; live sources connect in the background instead."""
        ...

    def read(self) -> Frame | None:
        """The next frame, its pixels read-only; None at the end or once closed. Raises InputError."""
        ...

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
