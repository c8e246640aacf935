"""Photographs that are dropped, pasted or opened: from files, from the clipboard, from another window."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage, QPainter

from facekd.images import IMAGE_SUFFIXES, printable_name, read_image
from facekd.types import Image

AT_ONCE = 2
OPEN_FILTER = " ".join(f"*{suffix}" for suffix in sorted(IMAGE_SUFFIXES))


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A photograph before it is read: a file, or pixels of the clipboard."""

    name: str
    path: Path | None = None
    pixels: Image | None = None

    def read(self) -> Image:
        """[H, W, 3] BGR. Raises ImageError. Slow: not in the interface thread."""
        if self.pixels is not None:
            return self.pixels
        assert self.path is not None
        return read_image(self.path)


def of_files(paths: Sequence[Path]) -> list[Given]:
    """The first ones, as many as are looked at together."""
    return [Given(printable_name(path.name), path) for path in paths[:AT_ONCE]]


def of_mime(data: QMimeData, pasted: str) -> list[Given]:
    """What lies on the clipboard or is dropped; files before pixels. `pasted` names a picture without a name."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if paths:
        return of_files(paths)
    if data.hasImage():
        image = data.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return [Given(pasted, pixels=pixels_of(image))]
    return []


def can_take(data: QMimeData) -> bool:
    """Whether there is a picture in it."""
    return data.hasImage() or any(url.isLocalFile() for url in data.urls())


def pixels_of(image: QImage) -> Image:
    """[H, W, 3] BGR, a copy; what is transparent becomes white."""
    if image.hasAlphaChannel():
        ground = QImage(image.size(), QImage.Format.Format_RGB32)
        ground.fill(0xFFFFFFFF)
        painter = QPainter(ground)
        painter.drawImage(0, 0, image)
        painter.end()
        image = ground
    plain = image.convertToFormat(QImage.Format.Format_BGR888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return np.ascontiguousarray(rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3)).copy()
