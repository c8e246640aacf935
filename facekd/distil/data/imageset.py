"""A set of images: decoded once, kept memory-mapped under the digest of its sources, with classes by name.

Readers list what there is (`Listing`); `open_images` decodes it to one uint8 array [n, side, side, 3] in the cache
folder, so that the next run, and every other process of this run, maps the same pages.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import platformdirs
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.types import Ids, Image

FORMAT = 1
"""Part of every key: raise it when decoding changes, and old caches are left alone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a listing."""

    name: str
    label: str  # who or what it shows; empty: unlabelled
    read: Callable[[], Image]  # [H, W, 3] RGB; raises InputError when it cannot be read


@dataclass(frozen=True, slots=True)
class Listing:
    """What one file or folder holds, before anything is decoded."""

    source: str
    entries: tuple[Entry, ...]
    digest: str  # SHA-256 over the content, so that a changed file is another set


@dataclass(frozen=True, slots=True)
class Skipped:
    """An image that could not be read."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """Images of one size with their classes."""

    images: NDArray[np.uint8]  # [n, side, side, 3] RGB; may be memory-mapped, never written to
    labels: Ids  # [n], row of `classes`; -1: unlabelled
    classes: tuple[str, ...]
    names: tuple[str, ...]  # n
    digest: str  # of pixels and order: the key of everything computed from them
    skipped: tuple[Skipped, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def side(self) -> int:
        """Pixels."""
        return int(self.images.shape[1])

    def take(self, rows: NDArray[np.intp], classes: Sequence[str] | None = None) -> "ImageSet":
        """The images `rows` in that order; classes that no longer occur vanish unless `classes` are given."""
        names = [self.classes[k] if k >= 0 else "" for k in self.labels[rows].tolist()]
        if classes is None:
            classes = sorted({name for name in names if name}, key=_natural)
        number = {name: k for k, name in enumerate(classes)}
        labels = np.array([number.get(name, -1) for name in names], np.int64)
        chosen = hashlib.sha256(self.digest.encode() + rows.astype(np.int64).tobytes()).hexdigest()
        images = self.images if np.array_equal(rows, np.arange(len(self))) else self.images[rows]
        return ImageSet(images, labels, tuple(classes), tuple(self.names[r] for r in rows.tolist()), chosen)


def open_images(
    listings: Sequence[Listing],
    side: int | None,
    cache: Path,
    advance: Callable[[int], None] = lambda _: None,
) -> ImageSet:
    """The images of all listings in one set, decoded or taken from the cache.

    Args:
        listings: what to read; equal class names of several listings are one class.
        side: pixels; images of another size are resized. None: the size of the first image, which must be square
            and everybody's.
        cache: folder for decoded images; shared by all runs.
        advance: called with the number of images done.

    Raises:
        InputError: no image at all can be read, or sizes differ where `side` is None.
    """
    total = sum(len(one.entries) for one in listings)
    sources = ", ".join(one.source for one in listings)
    if not total:
        raise InputError(f"{sources}: expected images, found none")
    parts = json.dumps([FORMAT, side, [one.digest for one in listings]])
    key = hashlib.sha256(parts.encode()).hexdigest()
    folder = cache / "images" / key[:20]
    if not (folder / "set.json").is_file():
        _decode(listings, side, folder, advance)
    index = json.loads((folder / "set.json").read_text("utf-8"))
    # Copy on write: torch wants writable memory, and nobody may write into the cache.
    images = np.load(folder / "images.npy", mmap_mode="c")
    skipped = tuple(Skipped(*pair) for pair in index["skipped"])
    labels = index["labels"]
    classes = sorted({label for label in labels if label}, key=_natural)
    number = {label: k for k, label in enumerate(classes)}
    rows = np.array([number.get(label, -1) for label in labels], np.int64)
    return ImageSet(images, rows, tuple(classes), tuple(index["names"]), key, skipped)


def digest_of(parts: Iterator[bytes]) -> str:
    """SHA-256 over byte strings, each with its length, so that no two lists of parts are alike."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


def _decode(
    listings: Sequence[Listing], side: int | None, folder: Path, advance: Callable[[int], None]
) -> None:
    entries = [entry for one in listings for entry in one.entries]
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir(parents=True)
    try:
        names: list[str] = []
        labels: list[str] = []
        skipped: list[tuple[str, str]] = []
        pixels = None
        for entry in entries:
            try:
                image = entry.read()
            except InputError as error:
                skipped.append((entry.name, str(error)))
                advance(1)
                continue
            if pixels is None:
                side = side or _side_of(image, entry)
                shape = (len(entries), side, side, 3)
                pixels = np.lib.format.open_memmap(partial / "all.npy", "w+", np.uint8, shape)
            assert side is not None
            pixels[len(names)] = _resized(image, side)
            names.append(entry.name)
            labels.append(entry.label)
            advance(1)
        if pixels is None:
            raise InputError(
                f"expected images, but none of {len(entries):,} can be read; the first: {skipped[0][1]}"
            )
        pixels.flush()
        if len(names) == len(entries):
            (partial / "all.npy").rename(partial / "images.npy")
        else:
            np.save(partial / "images.npy", pixels[: len(names)])
            (partial / "all.npy").unlink()
        index = {"names": names, "labels": labels, "skipped": skipped}
        (partial / "set.json").write_text(json.dumps(index, ensure_ascii=False), "utf-8")
        try:
            partial.rename(folder)
        except OSError:
            if not (folder / "set.json").is_file():  # else another process was faster with the same set
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _side_of(image: Image, entry: Entry) -> int:
    height, width = image.shape[:2]
    if height != width:
        raise InputError(
            f"{entry.name}: expected square images where [data] size is not given, got {width}x{height}; give a size"
        )
    return int(height)


def _resized(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    if (height, width) == (side, side):
        return image
    shrinking = height > side and width > side
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=method), np.uint8)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers in the order of their values, before words in the order of the alphabet."""
    return (0, int(name), "") if name.isdecimal() and name.isascii() else (1, 0, name)


def default_cache() -> Path:
    """HOME/cache, HOME being FACEKD_HOME or the platform's folder for application data."""
    named = os.environ.get("FACEKD_HOME")
    home = Path(named) if named else Path(platformdirs.user_data_dir("facekd", appauthor=False))
    return home / "cache"
