"""Sources that end: a video file, a picture, a folder of pictures. Every frame counts."""

import re
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from facekd.errors import CameraError, InputError
from facekd.images import (
    MAX_PIXELS,
    has_picture_suffix,
    is_image,
    list_pictures,
    printable_name,
    read_image,
)
from facekd.sources.base import Patience, Source
from facekd.types import Frame, Image

PICTURE_MS = 40.0
"""Milliseconds from one picture of a folder to the next, as if they had been cut from a video of 25 frames a second."""

SHORTFALL = 0.1
"""A video that ends this much before the frame count of its header was cut short. Headers that give only a duration,
and edit lists, make counts that are a little off in good files."""

# MP4 and MOV, AVI, Matroska and WebM, MPEG program and transport streams, FLV, ASF, Ogg. Anything else is refused
# before FFmpeg sees it: its guesses include playlists, which may name other files and addresses.
_CONTAINERS = re.compile(
    rb"....(ftyp|moov|mdat|wide|free|skip)|RIFF....AVI |\x1aE\xdf\xa3|\x00\x00\x01[\xba\xb3]"
    rb"|\x47.{187}\x47|FLV\x01|\x30\x26\xb2\x75|OggS",
    re.DOTALL,
)
_CONTAINER_HEAD = 189  # bytes


def is_video(path: Path) -> bool:
    """Whether the content is a video container that is read. Raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(_CONTAINER_HEAD)
    return bool(_CONTAINERS.match(head)) and not is_image(head)


def read_only(image: Image) -> Image:
    """The same array, closed for writing: frames are shared between threads without a copy."""
    image.flags.writeable = False
    return image


class VideoFile(Source):
    """A video on disk, each frame once, with its time in the file.

    Decoding errors within the file are FFmpeg's to bridge; a file that ends clearly before its header says so
    raises CameraError after its last good frame.
    """

    live = False

    def __init__(self, path: Path) -> None:
        """Raises CameraError: missing, not a video, damaged, or frames beyond `MAX_PIXELS`."""
        self.name = printable_name(str(path))
        try:
            known = is_video(path)
        except OSError as error:
            raise self._refusal(f"an error of the system ({error.strerror})", "check the path") from error
        if not known:
            raise self._refusal("something else", "convert it to MP4, or check the path")
        # The whole path, because FFmpeg takes a relative "http:x" for an address.
        self._capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
        self._index = 0
        self._t_ms = -1.0
        width, height = (self._capture.get(p) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        self._declared = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps: float | None = fps if fps > 0 else None
        if not self._capture.isOpened():
            self.close()
            raise self._refusal("a damaged or incomplete file", "copy it again or convert it to MP4")
        if width * height > MAX_PIXELS:
            self.close()
            raise self._refusal(
                f"frames of {width:.0f} x {height:.0f} pixels", "convert it to a smaller size"
            )

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """Any regular file; whether it is a video is seen on opening, with a better message."""
        return Path(spec).is_file()

    @classmethod
    def open(cls, spec: str, _patience: Patience, /) -> Self:
        """Raises CameraError."""
        return cls(Path(spec))

    @property
    def declared_frames(self) -> int | None:
        """How many frames the header promises; None when it says nothing."""
        return self._declared if self._declared > 0 else None

    def read(self) -> Frame | None:
        """The next frame; None at the end. Raises CameraError for a file without frames or cut short."""
        image = self._next_image()
        if image is None:
            self._check_end()
            return None
        position = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        if position <= self._t_ms:  # some containers hold no usable time stamps
            position = self._t_ms + 1000 / (self.fps or 25)
        self._t_ms = position
        frame = Frame(read_only(image), self._index, position)
        self._index += 1
        return frame

    def _next_image(self) -> Image | None:
        try:
            good, image = self._capture.read()
        except cv2.error as error:
            raise self._refusal(
                f"a frame that cannot be decoded ({error.err})", "convert it to MP4"
            ) from error
        return np.asarray(image, np.uint8) if good else None

    def _check_end(self) -> None:
        if not self._capture.isOpened():  # closed by us: the file was not to be read to its end
            return
        if self._index == 0:
            raise self._refusal("no frame that can be decoded", "convert it to MP4 with H.264")
        if self._index < (1 - SHORTFALL) * self._declared:
            raise self._refusal(
                f"{self._index} of the {self._declared} frames that its header promises",
                "copy it again from where it came",
            )

    def _refusal(self, came: str, remedy: str) -> CameraError:
        return CameraError(
            f"{self.name}: expected a video (MP4, MOV, AVI, MKV, WebM, MPEG), got {came}; {remedy}"
        )

    def close(self) -> None:
        """Closes the file."""
        self._capture.release()


class Pictures(Source):
    """Pictures as frames: one file, or all in and below a folder, sorted by relative name."""

    live = False
    fps: float | None = None

    def __init__(self, path: Path) -> None:
        """Raises InputError: no such folder, or no picture in it."""
        self.name = printable_name(str(path))
        try:
            self._paths = list_pictures(path) if path.is_dir() else [path]
        except OSError as error:
            raise InputError(
                f"{self.name}: the folder cannot be read ({error}); check its permissions"
            ) from error
        if not self._paths:
            raise InputError(
                f"{self.name}: expected a folder with pictures, found none in it or below; "
                "name another folder, or check the suffixes (.jpg, .png, ...)"
            )
        self._index = 0

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        """A folder, or a file that is or calls itself a picture."""
        path = Path(spec)
        if path.is_dir():
            return True
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return is_image(stream.read(32)) or has_picture_suffix(path.name)

    @classmethod
    def open(cls, spec: str, _patience: Patience, /) -> Self:
        """Raises InputError."""
        return cls(Path(spec))

    def read(self) -> Frame | None:
        """The next picture. Raises ImageError for one that cannot be read; the call after goes on behind it."""
        if self._index >= len(self._paths):
            return None
        index = self._index
        self._index += 1
        return Frame(read_only(read_image(self._paths[index])), index, index * PICTURE_MS)

    def close(self) -> None:
        """After this `read` returns None."""
        self._index = len(self._paths)
