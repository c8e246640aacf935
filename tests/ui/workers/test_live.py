"""The live path on synthetic sources and the tiny networks: newest wins, lost sources return, nothing is left."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from facekd.errors import CameraError
from facekd.mailbox import Mailbox
from facekd.policy import Policy
from facekd.recognise import Pipeline, Recogniser
from facekd.sources import Link, Source, open_source
from facekd.types import Frame, RecognisedFace, Recognition
from facekd_ui.workers import capture
from facekd_ui.workers.capture import Captured, CaptureThread
from facekd_ui.workers.feed import LiveFeed
from facekd_ui.workers.inference import InferenceThread, Seen

Painted = Callable[..., Source]


def still(index: int) -> Captured:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture.flags.writeable = False
    return Captured(Frame(picture, index, index * 40.0), time.perf_counter(), 1)


class Slow:
    """A pipeline that takes its time and remembers which frames it saw."""

    def __init__(self, seconds: float) -> None:
        self.frames: list[int] = []
        self._seconds = seconds

    def replace(self, recogniser: Recogniser, policy: Policy) -> None:
        raise AssertionError("nobody replaces it")

    def __call__(self, frame: Frame) -> Recognition:
        time.sleep(self._seconds)
        self.frames.append(frame.index)
        return Recognition(frame.index, frame.t_ms, (), {"detect": self._seconds * 1000})


# -- inference


def test_a_slow_recogniser_skips_to_the_newest_frame(qtbot: QtBot) -> None:
    frames: Mailbox[Captured] = Mailbox()
    slow = Slow(0.1)
    thread = InferenceThread(slow, frames, Mailbox())
    thread.start()
    for index in range(40):
        frames.put(still(index))
        time.sleep(0.01)
    qtbot.waitUntil(lambda: slow.frames[-1] == 39)
    assert len(slow.frames) <= 7
    assert slow.frames == sorted(slow.frames)
    assert thread.dropped == 40 - len(slow.frames)
    assert thread.stage_ms["detect"] == pytest.approx(100)
    thread.stop()
    assert thread.wait(1000)


def test_one_broken_frame_is_skipped_and_many_are_told_once(qtbot: QtBot) -> None:
    class Broken(Slow):
        def __call__(self, frame: Frame) -> Recognition:
            if frame.index < 5:
                raise ValueError("no such layer")
            return super().__call__(frame)

    frames: Mailbox[Captured] = Mailbox()
    results: Mailbox[Seen] = Mailbox()
    thread = InferenceThread(Broken(0), frames, results)
    failures: list[str] = []
    thread.failed.connect(failures.append)
    with qtbot.waitSignal(thread.recovered):
        thread.start()
        for index in range(8):
            frames.put(still(index))
            time.sleep(0.03)
    assert failures == ["no such layer"]
    seen = results.take(1)
    assert seen is not None
    assert seen.recognition.frame >= 5
    thread.stop()
    assert thread.wait(1000)


def test_another_recogniser_serves_from_the_next_frame_on(
    pipeline: Pipeline, wider_recogniser: Recogniser, paint: Callable[..., NDArray[np.uint8]], qtbot: QtBot
) -> None:
    frames: Mailbox[Captured] = Mailbox()
    results: Mailbox[Seen] = Mailbox()
    thread = InferenceThread(pipeline, frames, results)
    thread.start()
    picture = paint({6: (160, 120)})  # Bob, whom only the wider gallery knows
    picture.flags.writeable = False

    def name_after(first: int) -> str | None:
        name = None
        for index in range(first, first + 6):
            frames.put(Captured(Frame(picture, index, index * 40.0), 0, 1))
            seen = results.take(2)
            assert seen is not None
            name = seen.recognition.faces[0].person
        return name

    assert name_after(0) is None
    thread.replace(wider_recogniser, Policy.from_card(wider_recogniser.embedder.card, 2))
    assert name_after(300) == "Bob"
    thread.stop()
    assert thread.wait(1000)


# -- capture


def test_frames_go_to_every_mailbox_and_the_thread_stops_quickly(
    painted: Painted, ada: NDArray[np.uint8], qtbot: QtBot
) -> None:
    boxes: tuple[Mailbox[Captured], ...] = (Mailbox(), Mailbox())
    thread = CaptureThread(lambda: painted(ada), boxes)
    thread.start()
    for box in boxes:
        captured = box.take(2)
        assert captured is not None
        assert not captured.frame.image.flags.writeable
    qtbot.waitUntil(lambda: thread.frames > 20)
    assert thread.fps == pytest.approx(50, rel=0.4)
    assert thread.status.link is Link.CONNECTED
    start = time.monotonic()
    thread.stop()
    assert thread.wait(1000)
    assert time.monotonic() - start < 0.3
    assert boxes[0].closed
    assert thread.status.link is Link.CLOSED


def test_a_lost_source_is_opened_again_without_a_click(
    painted: Painted, ada: NDArray[np.uint8], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "FIRST_PAUSE_S", 0.05)
    opened: list[int] = []

    def open_it() -> Source:
        opened.append(1)
        if len(opened) == 2:
            raise CameraError("painted: expected a camera, there is none; plug it in")
        return painted(ada, lose_after=3 if len(opened) == 1 else None)

    box: Mailbox[Captured] = Mailbox()
    thread = CaptureThread(open_it, (box,))
    failures: list[str] = []
    thread.failed.connect(failures.append)
    with qtbot.waitSignal(thread.recovered, timeout=5000):
        thread.start()
    assert failures == ["painted: expected pictures, the plug was pulled; put it in again"]  # told once
    assert len(opened) == 3
    qtbot.waitUntil(lambda: thread.status.link is Link.CONNECTED)
    captured = box.take(2)
    assert captured is not None
    assert captured.session == 3
    thread.stop()
    assert thread.wait(1000)


def test_the_pause_before_the_next_attempt_can_be_ended(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "FIRST_PAUSE_S", 60.0)
    monkeypatch.setattr(capture, "LONGEST_PAUSE_S", 60.0)
    opened: list[int] = []

    def open_it() -> Source:
        opened.append(1)
        raise CameraError("no camera")

    thread = CaptureThread(open_it, (Mailbox(),))
    thread.start()
    qtbot.waitUntil(lambda: thread.retry_in_s is not None)
    assert thread.status.reason == "no camera"
    assert thread.attempt == 1
    thread.retry_now()
    qtbot.waitUntil(lambda: len(opened) == 2)
    thread.stop()
    assert thread.wait(1000)


def test_stop_returns_at_once_though_the_driver_hangs(
    painted: Painted, ada: NDArray[np.uint8], qtbot: QtBot
) -> None:
    thread = CaptureThread(lambda: painted(ada, hang_s=0.6), (Mailbox(),))
    thread.start()
    qtbot.waitUntil(lambda: thread.frames > 2)
    start = time.monotonic()
    thread.stop()
    assert time.monotonic() - start < 0.1
    assert thread.wait(5000)


def test_a_video_plays_at_its_own_rate_and_tells_its_end(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "film.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (320, 240))
    for _ in range(10):
        film.write(np.zeros((240, 320, 3), np.uint8))
    film.release()
    thread = CaptureThread(lambda: open_source(str(path)), (Mailbox(),))
    start = time.monotonic()
    with qtbot.waitSignal(thread.ended, timeout=5000):
        thread.start()
    assert 0.4 < time.monotonic() - start < 2  # ten frames at 20 a second last 0.45 s to the last one
    assert thread.frames == 10
    assert thread.wait(1000)


# -- both, as the page sees them


class Page:
    """Collects what a feed delivers, and where."""

    def __init__(self, feed: LiveFeed) -> None:
        self.pictures: list[tuple[Frame, tuple[RecognisedFace, ...]]] = []
        self.seen: list[Seen] = []
        self.threads: set[int] = set()
        feed.picture.connect(self._picture)
        feed.seen.connect(self.seen.append)

    def _picture(self, frame: Frame, faces: tuple[RecognisedFace, ...]) -> None:
        self.pictures.append((frame, faces))
        self.threads.add(threading.get_ident())


def test_names_appear_over_the_picture_in_the_interface_thread(
    painted: Painted, ada: NDArray[np.uint8], pipeline: Pipeline, qtbot: QtBot
) -> None:
    feed = LiveFeed(lambda: painted(ada), pipeline, provider="CPUExecutionProvider")
    page = Page(feed)
    feed.picture.connect(lambda *_: feed.mark_painted())
    feed.start()
    qtbot.waitUntil(
        lambda: bool(page.pictures) and [f.state.value for f in page.pictures[-1][1]] == ["known"],
        timeout=5000,
    )
    face = page.pictures[-1][1][0]
    assert face.person == "Ada"
    assert face.box == pytest.approx((128, 88, 192, 152), abs=5)  # the painted face: 64 px around (160, 120)
    assert page.threads == {threading.get_ident()}
    qtbot.waitUntil(lambda: feed.statistics.recognised_fps > 0)
    figures = feed.statistics
    assert figures.provider == "CPUExecutionProvider"
    assert {"detect", "embed", "search", "track"} <= set(figures.stage_ms)
    assert figures.to_screen_ms is not None
    assert figures.to_screen_ms < 100
    assert feed.shut_down(2000)


def test_without_a_recogniser_the_picture_runs_all_the_same(
    painted: Painted, ada: NDArray[np.uint8], qtbot: QtBot
) -> None:
    feed = LiveFeed(lambda: painted(ada), None)
    page = Page(feed)
    feed.start()
    qtbot.waitUntil(lambda: len(page.pictures) > 5)
    assert all(faces == () for _, faces in page.pictures)
    assert feed.shut_down(2000)


def test_a_hidden_page_gets_no_pictures_but_its_events_go_on(
    painted: Painted, ada: NDArray[np.uint8], pipeline: Pipeline, qtbot: QtBot
) -> None:
    feed = LiveFeed(lambda: painted(ada), pipeline)
    page = Page(feed)
    feed.set_visible(visible=False)
    feed.start()
    qtbot.waitUntil(lambda: len(page.seen) > 5)
    assert page.pictures == []
    feed.set_visible(visible=True)
    qtbot.waitUntil(lambda: len(page.pictures) > 0)
    assert feed.shut_down(2000)


def test_the_page_hears_of_loss_and_return_within_half_a_second(
    painted: Painted,
    ada: NDArray[np.uint8],
    pipeline: Pipeline,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "FIRST_PAUSE_S", 0.4)
    sources = iter([painted(ada, lose_after=10), painted(ada)])
    feed = LiveFeed(lambda: next(sources), pipeline)
    states: list[Link] = []
    feed.status_changed.connect(lambda status: states.append(status.link))
    with qtbot.waitSignal(feed.failed):
        feed.start()
    qtbot.waitUntil(lambda: states[-1:] == [Link.RECONNECTING], timeout=500)
    with qtbot.waitSignal(feed.recovered):
        pass
    qtbot.waitUntil(lambda: states[-1:] == [Link.CONNECTED], timeout=500)
    assert feed.shut_down(2000)


def test_the_interface_is_never_blocked_and_pictures_are_fresh(
    painted: Painted,
    paint: Callable[..., NDArray[np.uint8]],
    pipeline: Pipeline,
    qtbot: QtBot,
    heartbeat: Any,
) -> None:
    from facekd_ui.i18n import T
    from facekd_ui.widgets.overlay import ShownFace
    from facekd_ui.widgets.video import VideoView

    picture = cv2.resize(paint({1: (160, 120)}), (1280, 720))
    view = VideoView(T("Video"))
    qtbot.addWidget(view)
    view.resize(960, 540)
    view.show()
    feed = LiveFeed(lambda: painted(picture, fps=30), pipeline)

    def show(frame: Frame, faces: tuple[RecognisedFace, ...]) -> None:
        shown = [ShownFace(f.track, f.box, f.state, f.person or "Unknown") for f in faces]
        view.show_frame(frame.image, shown)

    feed.picture.connect(show)
    view.painted.connect(feed.mark_painted)
    feed.start()
    qtbot.waitUntil(lambda: feed.statistics.frames > 10, timeout=8000)
    longest = []
    for _ in range(
        3
    ):  # another program may hold the processor once; what blocks by itself does so every time
        with heartbeat:
            qtbot.wait(700)
        longest.append(heartbeat.longest_ms)
        if longest[-1] < 100:
            break
    assert min(longest) < 100, longest
    start = time.perf_counter()
    feed.stop()
    assert time.perf_counter() - start < 0.05
    assert feed.statistics.to_screen_ms is not None
    assert feed.statistics.to_screen_ms < 100
    assert feed.shut_down(2000)


def test_twenty_feeds_come_and_go_and_leave_no_thread(
    painted: Painted, ada: NDArray[np.uint8], recogniser: Recogniser, pipeline: Pipeline, qtbot: QtBot
) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0

    before, files_before = threading.active_count(), open_files()
    for _ in range(20):
        feed = LiveFeed(lambda: painted(ada, fps=200), pipeline)
        page = Page(feed)
        feed.start()
        qtbot.waitUntil(lambda page=page: len(page.pictures) > 0)
        with qtbot.waitSignal(feed.stopped, timeout=2000):
            feed.stop()
        feed.deleteLater()
    qtbot.waitUntil(lambda: threading.active_count() <= before + 1, timeout=3000)
    assert open_files() <= files_before + 3  # what Qt keeps for itself, but nothing per feed
