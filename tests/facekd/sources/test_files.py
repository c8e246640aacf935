"""Sources that end: every frame counts, and broken files say so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from facekd.errors import CameraError, ImageError, InputError
from facekd.sources import SOURCES, Camera, Pictures, Source, Stream, VideoFile, open_source

MakeVideo = Callable[..., Path]


def numbered(number: int) -> np.ndarray:
    """Eight bars, black or white: the bits of the number, which no codec blurs away."""
    bits = [255 * (number >> bit & 1) for bit in range(8)]
    return np.broadcast_to(np.repeat(np.array(bits, np.uint8), 8)[None, :, None], (48, 64, 3)).copy()


def number_of(image: np.ndarray) -> int:
    return sum(int(image[24, 8 * bit + 4, 1] > 127) << bit for bit in range(8))


def count_frames(source: Source) -> Iterator[int]:
    while frame := source.read():
        yield frame.index


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    def make(name: str = "clip.avi", frames: int = 50, codec: str = "MJPG", fps: float = 20) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
        assert writer.isOpened()
        for number in range(frames):
            writer.write(numbered(number))
        writer.release()
        return path

    return make


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.avi", "MJPG"), ("clip.mp4", "mp4v"), ("clip.mkv", "MJPG")]
)
def test_every_frame_of_a_video_comes_once_with_its_time(
    make_video: MakeVideo, name: str, codec: str
) -> None:
    with open_source(str(make_video(name, codec=codec))) as source:
        assert isinstance(source, VideoFile)
        assert not source.live
        assert source.fps == pytest.approx(20)
        assert source.declared_frames == 50
        frames = []
        while frame := source.read():
            frames.append(frame)
        assert source.read() is None  # and stays at the end
    assert [f.index for f in frames] == list(range(50))
    np.testing.assert_allclose([f.t_ms for f in frames], np.arange(50) * 50.0, atol=0.01)
    for frame in frames:
        assert number_of(frame.image) == frame.index
        assert not frame.image.flags.writeable


def test_a_cut_video_gives_its_good_frames_and_then_one_sentence(make_video: MakeVideo) -> None:
    path = make_video()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_source(str(path)) as source:
        good: list[int] = []
        with pytest.raises(CameraError, match="of the 50 frames that its header promises; copy it again"):
            good.extend(count_frames(source))
    assert good == list(range(len(good)))
    assert 5 < len(good) < 45


def test_a_video_whose_index_is_missing_is_refused(make_video: MakeVideo) -> None:
    path = make_video("clip.mp4", codec="mp4v")  # the index of an MP4 stands at its end
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CameraError, match=r"clip\.mp4: expected a video .*got a damaged or incomplete file"):
        open_source(str(path))


def test_a_video_without_frames_is_refused(make_video: MakeVideo) -> None:
    path = make_video(frames=0)
    with pytest.raises(CameraError, match=r"got (no frame that can be decoded|a damaged or incomplete file)"):
        open_source(str(path)).read()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just words\n",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_what_is_no_video_never_reaches_the_decoder(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match=r"expected a video .*, got something else; convert it"):
        open_source(str(path))


def test_the_pictures_of_a_folder_are_frames_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for number, name in [(3, "b/1.png"), (2, "a.png"), (1, "B.png")]:
        cv2.imwrite(str(tmp_path / name), numbered(number))
    (tmp_path / ".hidden.png").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("no picture")
    with open_source(str(tmp_path)) as source:
        assert isinstance(source, Pictures)
        assert source.fps is None
        frames = [source.read() for _ in range(3)]
        assert source.read() is None
    assert [number_of(f.image) for f in frames if f] == [1, 2, 3]
    assert [(f.index, f.t_ms) for f in frames if f] == [(0, 0.0), (1, 40.0), (2, 80.0)]


def test_a_broken_picture_of_a_folder_is_an_error_and_the_next_one_follows(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "b.png"), numbered(5))
    with open_source(str(tmp_path)) as source:
        with pytest.raises(ImageError, match=r"a\.png: expected a picture"):
            source.read()
        frame = source.read()
    assert frame is not None
    assert frame.index == 1


def test_a_single_picture_is_one_frame_whatever_its_suffix(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), numbered(5))
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    with open_source(str(tmp_path / "a.mp4")) as source:
        frame = source.read()
        assert frame is not None
        assert number_of(frame.image) == 5
        assert source.read() is None


def test_a_missing_path_and_an_empty_folder_are_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"nowhere\.mp4: expected a camera index, an rtsp:// or http:// address"
    ):
        open_source(str(tmp_path / "nowhere.mp4"))
    with pytest.raises(InputError, match="expected a folder with pictures, found none"):
        open_source(str(tmp_path))
    with pytest.raises(InputError, match=r"^ftp://\*\*\*@host/x: expected"):
        open_source("ftp://me:secret@host/x")


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("0", Camera),
        ("12", Camera),
        ("rtsp://cam/1", Stream),
        ("HTTP://cam/1", Stream),
        ("rtsps://cam/1", Stream),
    ],
)
def test_what_was_typed_decides_the_kind_of_source(spec: str, kind: type) -> None:
    assert next(source for source in SOURCES.values() if source.accepts(spec)) is kind


def test_a_closed_video_has_no_more_frames(make_video: MakeVideo) -> None:
    source = open_source(str(make_video()))
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_a_relative_name_that_looks_like_an_address_is_a_file(
    make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_video("http:clip.avi")
    monkeypatch.chdir(path.parent)
    with open_source("http:clip.avi") as source:
        assert source.read() is not None


@pytest.mark.shared
def test_a_real_video_is_read_to_its_last_frame(shared_data: Path) -> None:
    with open_source(str(shared_data / "videos" / "short_hamilton_clip.mp4")) as source:
        assert source.fps == pytest.approx(29.97)
        times = []
        while frame := source.read():
            assert frame.image.shape == (360, 640, 3)
            times.append(frame.t_ms)
    assert len(times) == 275
    np.testing.assert_allclose(np.diff(times), 1001 / 30, atol=0.01)
