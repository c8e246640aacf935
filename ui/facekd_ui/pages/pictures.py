"""Pictures that come from outside: dropped, pasted, chosen."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from facekd.images import IMAGE_SUFFIXES, has_picture_suffix
from facekd.types import Image
from facekd_ui.i18n.text import T

MOST = 500  # files of a drop; more is a bulk import


def picture_filter() -> str:
    """For file dialogs."""
    return f"{T('Pictures')} ({' '.join(f'*{suffix}' for suffix in sorted(IMAGE_SUFFIXES))})"


def dropped_paths(data: QMimeData) -> list[Path]:
    """The files and folders of this computer in a drop or in the clipboard."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def pictures_in(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and the pictures directly within folders; sorted, at most `MOST`."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.iterdir() if has_picture_suffix(each.name))
        else:
            found.append(path)
    return found[:MOST]


def image_of(data: object) -> Image | None:
    """[H, W, 3] BGR of a picture of Qt; None when it is none."""
    if not isinstance(data, QImage) or data.isNull():
        return None
    picture = data.convertToFormat(QImage.Format.Format_BGR888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return np.ascontiguousarray(rows[:, : picture.width() * 3].reshape(picture.height(), picture.width(), 3))
