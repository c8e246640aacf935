"""What the command line's PATH may be: a picture, a folder, a zip archive or a video, one picture after another.

A file that cannot be read is a picture with an error, so that one broken file does not end a run over thousands.
Archives are read in memory; nothing is ever unpacked to the disk.
"""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from facekd.errors import FacekdError, ImageError, InputError
from facekd.images import (
    KINDS,
    MAX_BYTES,
    decode_image,
    has_picture_suffix,
    list_pictures,
    printable_name,
    read_image,
)
from facekd.sources.files import VideoFile, is_video
from facekd.types import Image

MAX_ENTRIES = 200_000
"""Entries of an archive, pictures or not."""
MAX_UNPACKED = 32 * 2**30
"""Bytes of all pictures of an archive together."""
MAX_RATIO = 100
"""Unpacked to packed size of one entry; photographs stay below 2. Small entries may exceed it, see below."""
SMALL_ENTRY = 4 * 2**20
"""Bytes up to which the ratio does not matter: an empty page as BMP packs a thousandfold."""

_UNPACKING_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture of a PATH: either an image or the reason why there is none."""

    name: str  # relative POSIX name; "clip.mp4#12" for frame 12, counted from 0; safe to print
    image: Image | None  # [H, W, 3] BGR
    error: str | None  # one sentence


def open_pictures(path: Path) -> Iterator[Picture]:
    """Every picture of PATH, sorted by name; frames of a video in their order.

    The kind is decided by content: a folder (recursively, without hidden files), a zip archive (its pictures), a
    video (each frame), anything else a picture.

    Raises:
        InputError: at the call, not at the first picture: PATH is missing, a folder or archive holds no picture,
            or an archive is broken or hostile (names that lead outside, links, sizes or ratios beyond the limits).
    """
    return _plan(path)[1]


def count_pictures(path: Path) -> int | None:
    """How many pictures `open_pictures` will yield, without decoding any; None when only reading would tell.

    A video's count is what its header promises. Raises InputError as `open_pictures` does.
    """
    return _plan(path)[0]


def _plan(path: Path) -> tuple[int | None, Iterator[Picture]]:
    """The count and the pictures, none of them read yet."""
    with _readable(path) as name:
        if path.is_dir():
            files = _pictures_in(path, name)
            return len(files), _of_folder(path, files)
        if not path.exists():
            raise InputError(
                f"{name}: expected a picture, folder, zip archive or video, found nothing; check the path"
            )
        if path.is_file() and _is_archive(path):
            entries = _entries_of(path, name)
            return len(entries), _of_archive(path, entries)
        if path.is_file() and is_video(path):
            return _promised_frames(path), _of_video(path)
        return 1, _of_file(path)


def _promised_frames(path: Path) -> int | None:
    try:
        with VideoFile(path) as video:
            return video.declared_frames
    except InputError:  # `_of_video` makes a picture with an error of it
        return None


@contextmanager
def _readable(path: Path) -> Iterator[str]:
    """The printable name; the system's errors within become InputError."""
    name = printable_name(str(path))
    try:
        yield name
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check its permissions") from error


def _is_archive(path: Path) -> bool:
    """By its first bytes: `zipfile.is_zipfile` would also take a photograph with an archive at its end."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\3\4", b"PK\5\6")


def _pictures_in(folder: Path, name: str) -> list[Path]:
    found = list_pictures(folder)
    if not found:
        raise InputError(
            f"{name}: expected a folder with pictures ({KINDS}), found none in it or below; "
            "name another folder, or check the suffixes of the files"
        )
    return found


def _picture_of_file(path: Path, name: str) -> Picture:
    try:
        return Picture(name, read_image(path), None)
    except ImageError as error:
        return Picture(name, None, str(error))


def _of_file(path: Path) -> Iterator[Picture]:
    yield _picture_of_file(path, printable_name(path.name))


def _of_folder(folder: Path, paths: list[Path]) -> Iterator[Picture]:
    for path in paths:
        yield _picture_of_file(path, printable_name(path.relative_to(folder).as_posix()))


def _of_video(path: Path) -> Iterator[Picture]:
    name = printable_name(path.name)
    index = 0
    try:
        with VideoFile(path) as video:
            while frame := video.read():
                yield Picture(f"{name}#{frame.index}", frame.image, None)
                index = frame.index + 1
    except FacekdError as error:  # the frames before it were good
        yield Picture(f"{name}#{index}" if index else name, None, str(error))


def _entries_of(path: Path, name: str) -> list[zipfile.ZipInfo]:
    """The pictures of an archive, sorted, once the whole archive has been found harmless. Raises InputError."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{name}: expected a zip archive, got a damaged one ({error}); copy it again"
        ) from error
    if len(entries) > MAX_ENTRIES:
        raise InputError(
            f"{name}: expected at most {MAX_ENTRIES} entries, got {len(entries)}; split the archive"
        )
    for entry in entries:
        if reason := _danger_of(entry):
            raise InputError(
                f"{name}: expected plain files below the archive, got {_shown(entry)!r}, {reason}; "
                "do not trust this archive, or pack it again"
            )
    pictures = [entry for entry in entries if _is_picture(entry)]
    unpacked = sum(entry.file_size for entry in pictures)
    if unpacked > MAX_UNPACKED:
        raise InputError(
            f"{name}: expected at most {MAX_UNPACKED >> 30} GiB of pictures, got {unpacked / 2**30:.0f}; "
            "split the archive"
        )
    if not pictures:
        raise InputError(f"{name}: expected an archive with pictures ({KINDS}), found none; name another one")
    return sorted(pictures, key=lambda entry: entry.filename)


def _danger_of(entry: zipfile.ZipInfo) -> str | None:
    """Why an entry marks its archive as hostile or broken; None when it does not.

    `orig_filename` is the name as stored; Python's `filename` stops at the first zero byte.
    """
    stored = entry.orig_filename
    path = PurePosixPath(stored.replace("\\", "/"))
    if "\0" in stored:
        return "whose name holds a zero byte"
    if ".." in path.parts or path.is_absolute() or PureWindowsPath(stored).drive:
        return "whose name leads outside"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "which is a link"
    if _is_picture(entry) and entry.file_size > MAX_BYTES:
        return f"which unpacks to {entry.file_size / 2**20:.0f} MiB (at most {MAX_BYTES >> 20})"
    if entry.file_size > max(SMALL_ENTRY, MAX_RATIO * entry.compress_size):
        return f"which unpacks to more than {MAX_RATIO} times its size"
    return None


def _is_picture(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    hidden = any(part.startswith(".") for part in parts[:-1])
    return bool(parts) and not entry.is_dir() and not hidden and has_picture_suffix(parts[-1])


def _shown(entry: zipfile.ZipInfo) -> str:
    return printable_name(entry.orig_filename[:200])


def _of_archive(path: Path, entries: list[zipfile.ZipInfo]) -> Iterator[Picture]:
    with zipfile.ZipFile(path) as archive:
        for entry in entries:
            name = printable_name(entry.filename)
            try:
                yield Picture(name, decode_image(_unpacked(archive, entry, name), name), None)
            except ImageError as error:
                yield Picture(name, None, str(error))


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """The content of an entry; never more than its header declared, which was checked. Raises ImageError."""
    if entry.flag_bits & 1:
        raise ImageError(f"{name}: expected a picture, got an encrypted entry; pack it without a password")
    try:
        with archive.open(entry) as stream:
            return stream.read(entry.file_size + 1)
    except _UNPACKING_ERRORS as error:
        raise ImageError(
            f"{name}: expected a picture, got a damaged entry ({error}); pack it again"
        ) from error
