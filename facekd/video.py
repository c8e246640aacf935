"""Writing a video file that is either whole or absent."""

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from facekd.errors import InputError
from facekd.types import Image

FALLBACK_FPS = 25.0


class VideoWriter:
    """Frames into an MP4 file (MPEG-4 part 2, which every OpenCV wheel can encode). A context manager.

    Args:
        path: ends in `.mp4`. Frames go into a file beside it that takes the name when the block ends without
            an error; Ctrl+C counts as an end, so a recording is not lost.
        fps: frames a second; 25 when unknown.

    Raises:
        InputError: the folder is missing or cannot be written to.
    """

    def __init__(self, path: Path, fps: float | None) -> None:
        if path.suffix.lower() != ".mp4":
            raise InputError(f"{path}: expected a name that ends in .mp4")
        if not path.parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}; make it or choose another place")
        self._path = path
        self._partial = path.with_suffix(".part.mp4")
        self._fps = fps or FALLBACK_FPS
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, image: Image) -> None:
        """Append a BGR frame [H, W, 3]; frames of another size than the first are scaled to it."""
        if self._writer is None:
            self._size = (image.shape[1], image.shape[0])
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._partial), cv2.CAP_FFMPEG, code, self._fps, self._size)
            if not self._writer.isOpened():
                raise InputError(
                    f"{self._path}: OpenCV cannot write a video there; is the disk full or read-only?"
                )
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size)  # type: ignore[assignment]  # cv2's stub loses the dtype
        self._writer.write(image)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is None:
            return
        self._writer.release()
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)
