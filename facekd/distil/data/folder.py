"""A folder per class or person as a listing: FOLDER/NAME/*.jpg. Pictures right in the folder are unlabelled."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from facekd.distil.data.imageset import Entry, Listing, digest_of
from facekd.errors import InputError
from facekd.images import list_pictures, read_image
from facekd.types import Image


def list_folder(path: Path) -> Listing:
    """The pictures in and below a folder. Raises InputError when there is no such folder."""
    if not path.is_dir():
        raise InputError(
            f"{path}: expected a folder with one folder per class or person, found "
            f"{'a file' if path.exists() else 'nothing'}"
        )
    pictures = list_pictures(path)
    entries = []
    for picture in pictures:
        parts = picture.relative_to(path).parts
        label = parts[0] if len(parts) > 1 else ""
        entries.append(Entry("/".join(parts), label, partial(read_rgb, picture)))
    return Listing(str(path), tuple(entries), digest_of(content_of(pictures, path)))


def read_rgb(path: Path) -> Image:
    """A picture file as [H, W, 3] RGB. Raises ImageError as `read_image`."""
    return np.ascontiguousarray(read_image(path)[:, :, ::-1])


def content_of(pictures: list[Path], root: Path) -> Iterator[bytes]:
    """Names and bytes, for a digest; a file that may not be read counts as empty and is skipped later."""
    for picture in pictures:
        yield picture.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
        try:
            yield picture.read_bytes()
        except OSError:
            yield b""
