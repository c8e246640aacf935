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
        writer.write(grey(1))
        raise error


def grey(level: int, width: int = 64) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((48, width, 3), level, np.uint8)


def test_every_frame_is_written_whatever_its_size(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 25) as writer:
        for i in range(10):
            writer.write(grey(20 * i, width=64 + i))
    assert frames(path) == 10
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        record_then_raise(tmp_path / "out.mp4", RuntimeError())
    assert list(tmp_path.iterdir()) == []


def test_stopping_by_hand_keeps_what_was_recorded(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        record_then_raise(tmp_path / "out.mp4", KeyboardInterrupt())
    assert frames(tmp_path / "out.mp4") == 1


def test_a_video_without_frames_is_no_video(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.mp4"):
        VideoWriter(tmp_path / "out.avi", 25)
    with pytest.raises(InputError, match="there is no folder"):
        VideoWriter(tmp_path / "absent" / "out.mp4", 25)
