import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facekd.errors import InputError
from facekd.video import VideoWriter


def frames(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def record_then_raise(path: Path, error: BaseException) -> None:
    with VideoWriter(path, 25) as writer:
        writer.write(grey(1), 0.0)
        raise error


def grey(level: int, width: int = 64) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((48, width, 3), level, np.uint8)


def test_every_frame_is_written_whatever_its_size(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 25) as writer:
        for i in range(10):
            writer.write(grey(20 * i, width=64 + i), 40.0 * i)
    assert frames(path) == 10
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), InputError("camera lost")])
def test_an_error_keeps_what_was_recorded(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        record_then_raise(tmp_path / "out.mp4", error)
    assert frames(tmp_path / "out.mp4") == 1


def test_frames_of_a_live_source_are_placed_by_their_time(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", None) as writer:
        for t_ms in (5000.0, 5010.0, 5100.0, 6000.0):  # one second from first to last
            writer.write(grey(100), t_ms)
    assert frames(tmp_path / "out.mp4") == 26


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_is_said_and_leaves_no_broken_video(tmp_path: Path) -> None:
    script = f"""
import resource, signal, numpy as np
from pathlib import Path
from facekd.errors import InputError
from facekd.video import VideoWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
rng = np.random.default_rng(0)
try:
    with VideoWriter(Path({str(tmp_path / "out.mp4")!r}), 25) as writer:
        for i in range(50):
            writer.write(rng.integers(0, 256, (240, 320, 3), np.uint8), 40.0 * i)
except InputError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "could not be written whole; is the disk full?" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_frames_is_no_video(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.mp4"):
        VideoWriter(tmp_path / "out.avi", 25)
    with pytest.raises(InputError, match="there is no folder"):
        VideoWriter(tmp_path / "absent" / "out.mp4", 25)
