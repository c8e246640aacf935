"""A camera of this computer is opened once, however many pages look at it."""

import threading
from typing import Self

import numpy as np
import pytest

from facekd.errors import CameraError
from facekd.mailbox import Mailbox
from facekd.sources import Link, Patience, Source, Status
from facekd.types import Frame
from facekd_ui.workers.sharing import SharedSources

SOON_S = 5.0


class Handed(Source):
    """A camera whose frames a test hands out; like a driver it can be open once only."""

    live = True
    name = "camera 0"
    fps = None
    open_now = 0
    opened = 0

    def __init__(self) -> None:
        if type(self).open_now:
            raise CameraError("camera 0: expected a free camera, it is in use; close the other program")
        type(self).open_now += 1
        type(self).opened += 1
        self.frames: Mailbox[Frame | Exception] = Mailbox()
        self.closing = threading.Event()
        self.may_close = threading.Event()
        self.may_close.set()

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        return spec == "0"

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        raise CameraError(spec)

    @property
    def status(self) -> Status:
        return Status(Link.CONNECTED)

    def read(self) -> Frame | None:
        item = self.frames.take()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.closing.set()
        self.may_close.wait(SOON_S)
        if not self.frames.closed:
            self.frames.close()
            type(self).open_now -= 1


def frame(number: int) -> Frame:
    return Frame(np.zeros((2, 2, 3), np.uint8), number, float(number))


@pytest.fixture
def cameras() -> list[Handed]:
    Handed.open_now = Handed.opened = 0
    return []


@pytest.fixture
def shared(cameras: list[Handed]) -> SharedSources:
    def opener(address: str) -> Source:
        del address
        cameras.append(Handed())
        return cameras[-1]

    return SharedSources(opener, Handed.accepts)


def test_both_who_look_get_every_frame_of_one_camera(shared: SharedSources, cameras: list[Handed]) -> None:
    live, enrolment = shared.open("0"), shared.open("0")
    assert Handed.opened == 1
    cameras[0].frames.put(frame(1))
    seen = [live.read(), enrolment.read()]
    assert [each.index for each in seen if each is not None] == [1, 1]
    live.close()
    enrolment.close()


def test_one_who_leaves_does_not_take_the_picture_from_the_other(
    shared: SharedSources, cameras: list[Handed]
) -> None:
    live, enrolment = shared.open("0"), shared.open("0")
    enrolment.close()
    assert enrolment.read() is None
    assert not cameras[0].closing.is_set()
    cameras[0].frames.put(frame(2))
    found = live.read()
    assert found is not None
    assert found.index == 2
    live.close()
    assert Handed.open_now == 0


def test_leaving_wakes_a_waiting_read(shared: SharedSources) -> None:
    tap = shared.open("0")
    threading.Timer(0.05, tap.close).start()
    assert tap.read() is None


def test_a_camera_that_fails_tells_everybody_and_is_opened_anew(
    shared: SharedSources, cameras: list[Handed]
) -> None:
    taps = [shared.open("0"), shared.open("0")]
    cameras[0].frames.put(CameraError("camera 0: the plug was pulled"))
    for tap in taps:
        with pytest.raises(CameraError, match="plug was pulled"):
            tap.read()
        tap.close()
    again = shared.open("0")
    assert Handed.opened == 2
    again.close()


def test_whoever_comes_while_it_closes_waits_instead_of_finding_it_busy(
    shared: SharedSources, cameras: list[Handed]
) -> None:
    first = shared.open("0")
    cameras[0].may_close.clear()
    leaving = threading.Thread(target=first.close)
    leaving.start()
    assert cameras[0].closing.wait(SOON_S)
    found: list[Source] = []
    coming = threading.Thread(target=lambda: found.append(shared.open("0")))
    coming.start()
    coming.join(0.1)
    assert coming.is_alive()  # it waits for the driver
    cameras[0].may_close.set()
    for thread in (leaving, coming):
        thread.join(SOON_S)
        assert not thread.is_alive()
    assert Handed.open_now == 1
    found[0].close()


def test_the_status_is_that_of_the_camera(shared: SharedSources) -> None:
    tap = shared.open("0")
    assert getattr(tap, "status") == Status(Link.CONNECTED)  # noqa: B009 - no part of the protocol
    tap.close()


def test_what_can_be_opened_twice_is_opened_twice(cameras: list[Handed]) -> None:
    opened: list[str] = []

    class File(Handed):
        pass

    def opener(address: str) -> Source:
        opened.append(address)
        File.open_now = 0
        return File()

    shared = SharedSources(opener, Handed.accepts)
    for source in (shared.open("film.mp4"), shared.open("film.mp4")):
        assert isinstance(source, File)
        source.close()
    assert opened == ["film.mp4", "film.mp4"]
