"""One connection to a camera or stream, from opening to loss. `facekd.sources.live` opens the next one."""

import logging
import re
import time
from typing import Self

import cv2
import numpy as np

from facekd.errors import ImageError
from facekd.images import decode_image, printable_name
from facekd.sources.base import Patience
from facekd.types import Image

log = logging.getLogger(__name__)

_MOTION_JPEG = cv2.VideoWriter.fourcc(*"MJPG")


class Lost(Exception):
    """The connection is over or never came about; the message is half a sentence for the status."""


def masked(address: str) -> str:
    """An address for people and logs: no user, no password, no query (cameras take passwords there too).

    Everything up to the last "@" goes, since passwords hold unescaped "/" and "#" in practice.
    """
    hidden = re.sub(r"://.*@", "://***@", address, flags=re.DOTALL)
    return printable_name(re.sub(r"\?.*", "?***", hidden, flags=re.DOTALL))


class Connection:
    """An open camera or stream. A context manager; everything is called in the capture thread.

    Motion JPEG is taken undecoded and decoded here: FFmpeg fills the missing part of a truncated picture with the
    picture before it and calls the result good, which is a face where none is. Our decoder refuses such pictures;
    they are counted in `damaged` and skipped. (A camera that never sends JPEG's end marker is therefore refused.)
    Other codecs carry no such mark: what FFmpeg returns for them is believed.
    """

    def __init__(self, address: int | str, patience: Patience) -> None:
        """`address` is a camera index or a URL. Takes up to `patience.open_s`. Raises Lost."""
        self.damaged = 0
        self._patience = patience
        started = time.monotonic()
        if isinstance(address, int):
            self._capture = cv2.VideoCapture(address)
        else:
            limits = [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(patience.open_s * 1000)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(patience.read_s * 1000)),
            ]
            self._capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self._capture.release()
            raise Lost(self._why_closed(address, time.monotonic() - started))
        is_motion_jpeg = int(self._capture.get(cv2.CAP_PROP_FOURCC)) == _MOTION_JPEG
        # -1 asks FFmpeg for packets instead of pictures; a USB camera's driver decodes by itself.
        self._undecoded = (
            isinstance(address, str) and is_motion_jpeg and self._capture.set(cv2.CAP_PROP_FORMAT, -1)
        )

    def _why_closed(self, address: int | str, waited_s: float) -> str:
        if isinstance(address, int):
            return f"there is no camera with index {address}, or another program uses it"
        if waited_s >= 0.9 * self._patience.open_s:
            return f"no answer within {self._patience.open_s:g} s"
        return "the address refuses the connection or sends no video"

    def read(self) -> Image:
        """The next whole picture [H, W, 3] BGR. Takes up to about `patience.read_s`. Raises Lost."""
        deadline = time.monotonic() + self._patience.read_s
        while True:
            try:
                good, data = self._capture.read()
            except cv2.error as error:
                raise Lost(f"the picture cannot be decoded ({error.err})") from error
            now = time.monotonic()
            if not good:
                silent = now >= deadline - 0.1 * self._patience.read_s
                raise Lost(
                    f"nothing came for {self._patience.read_s:g} s" if silent else "the stream broke off"
                )
            image = self._decoded(np.asarray(data, np.uint8))
            if image is not None:
                return image
            if now >= deadline:
                raise Lost(f"only damaged pictures came for {self._patience.read_s:g} s")

    def _decoded(self, data: Image) -> Image | None:
        if not self._undecoded:
            return data
        try:
            return decode_image(data.tobytes(), "picture of the stream")
        except ImageError as error:
            self.damaged += 1
            log.debug("skipped: %s", error)
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()
