"""Writing a video file that can be played, or none."""

import logging
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from facekd.errors import InputError
from facekd.types import Image

log = logging.getLogger(__name__)

PACED_FPS = 25.0
"""Frames a second when the source has no rate of its own; frames are then repeated or left out to keep its time."""


class VideoWriter:
    """Frames into an MP4 file (MPEG-4 part 2, which every OpenCV wheel can encode). A context manager.

    Frames go into a file beside `path` that takes the name at the end of the block, also when an error ends it: what
    was recorded until then is not lost.

    Args:
        path: ends in `.mp4`.
        fps: frames a second; None for a live source, whose frames are placed by their time.

    Raises:
        InputError: the folder is missing or cannot be written to, or the result cannot be played (a full disk).
    """

    def __init__(self, path: Path, fps: float | None) -> None:
        if path.suffix.lower() != ".mp4":
            raise InputError(f"{path}: expected a name that ends in .mp4")
        if not path.parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}; make it or choose another place")
        self._path = path
        self._partial = path.with_suffix(".part.mp4")
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._start_ms = 0.0
        self._written = 0

    def write(self, image: Image, t_ms: float) -> None:
        """Append a BGR frame [H, W, 3] of time `t_ms`; frames of another size than the first are scaled to it."""
        if self._writer is None:
            self._start_ms = t_ms
            self._writer = self._open(image)
        if (image.shape[1], image.shape[0]) != self._size:
            image = np.asarray(cv2.resize(image, self._size), np.uint8)
        due = self._written + 1 if self._fps else round((t_ms - self._start_ms) * PACED_FPS / 1e3) + 1
        for _ in range(due - self._written):
            self._writer.write(image)
        self._written = max(self._written, due)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is None:
            return
        self._writer.release()
        if self._playable():
            self._partial.replace(self._path)
            return
        self._partial.unlink(missing_ok=True)
        message = f"{self._path}: the video could not be written whole; is the disk full?"
        if kind is None:
            raise InputError(message)
        log.error(message)  # the error that ended the block is the one to raise

    def _open(self, image: Image) -> cv2.VideoWriter:
        self._size = (image.shape[1], image.shape[0])
        code, fps = cv2.VideoWriter.fourcc(*"mp4v"), self._fps or PACED_FPS
        writer = cv2.VideoWriter(str(self._partial), cv2.CAP_FFMPEG, code, fps, self._size)
        if not writer.isOpened():
            raise InputError(
                f"{self._path}: OpenCV cannot write a video there; is the disk full or read-only?"
            )
        return writer

    def _playable(self) -> bool:
        """OpenCV reports no failed write, so the file is asked what it holds."""
        capture = cv2.VideoCapture(str(self._partial), cv2.CAP_FFMPEG)
        try:
            return capture.isOpened() and round(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == self._written
        finally:
            capture.release()
