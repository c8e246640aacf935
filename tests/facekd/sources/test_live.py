"""Live sources against a camera that misbehaves on demand."""

import dataclasses
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facekd.errors import CameraError
from facekd.sources import Camera, Link, Patience, Stream, open_source
from facekd.sources.connection import masked
from facekd.sources.live import LiveSource

HASTY = Patience(
    open_s=1.0,
    read_s=0.4,
    stale_s=0.15,
    first_frame_s=5.0,
    give_up_s=5.0,
    first_pause_s=0.01,
    longest_pause_s=0.05,
)
GREY_STEP = 10

Wait = Callable[..., bool]


def opened(camera: Any, **patience: float) -> LiveSource:
    source = open_source(camera.url, dataclasses.replace(HASTY, **patience))
    assert isinstance(source, Stream)
    return source


def read_on(source: LiveSource) -> None:
    while source.read() is not None:
        pass


def grey_of(frame: Any) -> int:
    return round(float(frame.image.mean()))


def capture_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("capture ")]


def test_frames_arrive_read_only_with_rising_indices_and_times(fake_camera: Any) -> None:
    with opened(fake_camera) as source:
        frames = [source.read() for _ in range(10)]
        assert source.status.link is Link.CONNECTED
    assert all(f is not None and f.image.shape == (48, 64, 3) for f in frames)
    assert not frames[0].image.flags.writeable
    indices = [f.index for f in frames]
    times = [f.t_ms for f in frames]
    assert indices == sorted(set(indices))
    assert times == sorted(set(times))
    assert 0 < times[0] < times[-1] < 10_000
    for frame in frames:  # the picture says which frame it is: none was mixed up
        assert abs(grey_of(frame) - (frame.index % 25) * GREY_STEP) <= 2


def test_a_slow_consumer_gets_the_newest_frame_and_the_others_are_counted(fake_camera: Any) -> None:
    opened_at = time.monotonic()
    with opened(fake_camera) as source:
        first = source.read()
        time.sleep(0.5)
        second = source.read()
        dropped = source.dropped
        age_s = time.monotonic() - opened_at - second.t_ms / 1000
    assert second.index - first.index - 1 <= dropped
    assert second.index - first.index > 10  # at about 90 frames a second, 45 passed meanwhile
    assert age_s < 0.25  # not the frame that had waited half a second


def test_a_dropped_connection_is_opened_again_by_itself(
    fake_camera: Any, wait_until: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    fake_camera.mode = "drop"
    with caplog.at_level(logging.WARNING), opened(fake_camera) as source:
        frames = [source.read() for _ in range(5)]
        assert wait_until(lambda: fake_camera.connections >= 3)
        assert source.status.link in (Link.RECONNECTING, Link.CONNECTED)
        fake_camera.mode = "ok"
        assert wait_until(lambda: source.read() is not None and source.status.link is Link.CONNECTED)
    assert [f.index for f in frames] == sorted({f.index for f in frames})
    assert [f.t_ms for f in frames] == sorted(f.t_ms for f in frames)
    assert caplog.text.count("the stream broke off; connecting again") == 1  # once a minute is enough


def test_a_stalled_camera_shows_in_the_status_and_recovers(fake_camera: Any, wait_until: Wait) -> None:
    fake_camera.mode = "stall"
    with opened(fake_camera) as source:
        assert source.read() is not None
        assert wait_until(lambda: source.status.link is Link.RECONNECTING)
        assert "nothing came for" in source.status.reason
        assert wait_until(lambda: fake_camera.connections >= 2)  # after read_s a new connection is tried
        fake_camera.mode = "ok"
        stalled_at = time.monotonic()
        assert wait_until(lambda: source.read() is not None and source.status.link is Link.CONNECTED)
        assert time.monotonic() - stalled_at < 3


def test_garbage_is_reported_until_good_pictures_come(fake_camera: Any, wait_until: Wait) -> None:
    fake_camera.mode = "garbage"
    with opened(fake_camera, first_frame_s=20.0) as source:
        assert wait_until(lambda: source.status.reason != "", 10)
        assert source.status.link is Link.CONNECTING  # no picture came yet
        fake_camera.mode = "ok"
        frame = source.read()
        assert source.status.link is Link.CONNECTED
    assert frame is not None
    assert frame.image.shape == (48, 64, 3)


def test_truncated_pictures_are_skipped_and_counted(fake_camera: Any) -> None:
    fake_camera.mode = "truncated"
    with opened(fake_camera) as source:
        frames = [source.read() for _ in range(8)]
        damaged = source.damaged
    # Every second frame of the camera is cut: only even numbers may come through, whole.
    greys = [grey_of(f) for f in frames]
    assert all(min(abs(g - 2 * i * GREY_STEP) for i in range(13)) <= 2 for g in greys)
    assert damaged >= 7
    assert all(int(f.image.max()) - int(f.image.min()) <= 2 for f in frames)


def test_a_refused_connection_recovers_when_the_camera_comes_back(fake_camera: Any, wait_until: Wait) -> None:
    with opened(fake_camera) as source:
        assert source.read() is not None
        fake_camera.refuse()
        assert wait_until(lambda: "refuses" in source.status.reason)
        assert source.status.link is Link.RECONNECTING
        fake_camera.listen()
        assert wait_until(lambda: source.read() is not None and source.status.link is Link.CONNECTED)


def test_it_gives_up_with_one_sentence_when_nobody_listens(fake_camera: Any) -> None:
    fake_camera.refuse()
    started = time.monotonic()
    with opened(fake_camera, first_frame_s=0.5) as source, pytest.raises(CameraError) as refusal:
        source.read()
    assert 0.4 < time.monotonic() - started < 3
    message = str(refusal.value)
    assert message.startswith("http://127.0.0.1:")
    assert "expected pictures, none came for 0.5 s" in message
    assert "refuses the connection" in message
    assert "check the address" in message
    assert "\n" not in message


def test_it_gives_up_on_a_camera_that_never_answers(fake_camera: Any) -> None:
    fake_camera.mode = "hang"
    with opened(fake_camera, open_s=0.3, first_frame_s=0.8) as source:
        with pytest.raises(CameraError, match=r"no answer within 0\.3 s"):
            source.read()
        started = time.monotonic()
    assert time.monotonic() - started < 1.5
    assert not capture_threads()


def test_old_frames_show_in_the_status_and_end_in_giving_up_while_the_reader_still_waits(
    fake_camera: Any, wait_until: Wait
) -> None:
    fake_camera.mode = "stall"
    with opened(fake_camera, read_s=5.0, give_up_s=0.6) as source:
        assert source.read() is not None
        assert wait_until(lambda: source.status.link is Link.RECONNECTING, 1)
        assert source.status.reason.startswith("nothing came for 0.")  # the age, measured by us
        with pytest.raises(CameraError, match="none came for"):  # long before FFmpeg's own read time-out
            read_on(source)
        fake_camera.refuse()


def test_a_camera_index_without_a_camera_says_so() -> None:
    with open_source("98", dataclasses.replace(HASTY, first_frame_s=0.3)) as source:
        assert isinstance(source, Camera)
        assert source.name == "camera 98"
        with pytest.raises(CameraError, match=r"camera 98: .*there is no camera with index 98"):
            source.read()


def test_close_from_another_thread_wakes_a_waiting_reader(fake_camera: Any) -> None:
    fake_camera.mode = "hang"
    source = opened(fake_camera, open_s=0.5)
    timer = threading.Timer(0.1, source.close)
    timer.start()
    started = time.monotonic()
    assert source.read() is None
    assert time.monotonic() - started < 0.5
    timer.join()
    assert source.status.link is Link.CLOSED
    source.close()
    assert source.read() is None


@pytest.mark.parametrize("mode", ["ok", "hang", "stall", "garbage", "drop"])
def test_close_is_bounded_in_every_mode(fake_camera: Any, mode: str) -> None:
    fake_camera.mode = mode
    source = opened(fake_camera)
    time.sleep(0.15)
    started = time.monotonic()
    source.close()
    assert time.monotonic() - started < HASTY.close_s
    assert not capture_threads()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors through /proc")
def test_twenty_reconnections_leave_no_thread_and_no_descriptor(fake_camera: Any, wait_until: Wait) -> None:
    def usage() -> tuple[int, int]:
        return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))

    threads_before = threading.active_count()
    with opened(fake_camera) as source:  # FFmpeg and OpenCV start what they keep
        source.read()
    assert wait_until(lambda: threading.active_count() == threads_before)
    tasks_before, descriptors_before = usage()
    fake_camera.mode = "drop"
    connections = fake_camera.connections
    with opened(fake_camera) as source:
        while fake_camera.connections < connections + 21:
            source.read()
    assert wait_until(lambda: usage()[0] <= tasks_before and usage()[1] <= descriptors_before), usage()


def test_the_pause_doubles_up_to_its_limit_with_jitter() -> None:
    with socket.socket() as unused:  # bound, not listening: every attempt fails at once
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with open_source(url, dataclasses.replace(HASTY, first_pause_s=1.0, longest_pause_s=5.0)) as source:
            assert isinstance(source, Stream)
            for failures, longest in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5, 5.0), (5000, 5.0)]:
                pauses = [source._pause_s(failures) for _ in range(100)]
                assert longest / 2 <= min(pauses) < max(pauses) <= longest


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://admin:secret@10.0.0.7/h264", "rtsp://***@10.0.0.7/h264"),
        ("rtsp://admin:se@cret/#1@10.0.0.7:554/h264", "rtsp://***@10.0.0.7:554/h264"),
        ("http://cam/video.cgi?user=admin&pwd=secret", "http://cam/video.cgi?***"),
        ("http://a:secret\n@cam/x?mail=a@b", "http://***@b"),
        ("http://cam:8080/live", "http://cam:8080/live"),
    ],
)
def test_an_address_is_shown_without_what_opens_the_camera(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_a_password_is_in_no_name_message_log_thread_or_status(
    fake_camera: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_camera.refuse()
    url = fake_camera.url.replace("//", "//admin:s3cr3t@", 1) + "?token=s3cr3t"
    caplog.set_level(logging.DEBUG)
    with open_source(url, dataclasses.replace(HASTY, first_frame_s=0.3)) as source:
        names = " ".join(t.name for t in threading.enumerate())
        with pytest.raises(CameraError) as refusal:
            source.read()
    assert "***@127.0.0.1" in str(refusal.value)
    out, err = capfd.readouterr()
    for text in (
        source.name,
        str(source.status),
        str(refusal.value),
        caplog.text,
        names,
        repr(source),
        out,
        err,
    ):
        assert "s3cr3t" not in text
