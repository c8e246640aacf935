"""Reading pictures: one way in, right pixels or one clear sentence.

The header is read first and checked against the limits, so that a small file that unfolds to gigabytes is refused
before any pixel is decoded. The content decides what a file is, never its suffix. Pillow decodes every kind: its
JPEG pixels equal OpenCV's bit for bit, and it refuses cut files, which OpenCV returns half grey.

What is read from a file that holds several pictures: of a phone's multi-picture JPEG and of a TIFF the first;
animations (GIF, WebP, PNG) are refused, because any choice of frame would be a guess.
"""

import io
import logging
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import PIL.Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from facekd.errors import ImageError
from facekd.types import Image

log = logging.getLogger(__name__)

MAX_PIXELS = 120_000_000
"""Admits the 102-megapixel cameras on the market; decoding that many takes about 0.8 GB."""
MAX_SIDE = 32_000
"""Pixels; OpenCV's warps count in 16 bits."""
MIN_SIDE = 16
"""Pixels; nothing smaller can hold a face."""
MAX_BYTES = 400 * 2**20
"""Admits `MAX_PIXELS` uncompressed, three bytes each."""
BACKGROUND = 255
"""What shows through transparent pixels: white, as most viewers and printers have it."""

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
)
"""Which files of a folder or archive are taken for pictures."""

KINDS = "JPEG, PNG, WebP, BMP, TIFF or still GIF"
_STRIP_PIXELS = 200_000  # measured: larger strips cost page faults, twice the time at 720p
_ORIENTATION = 0x0112  # EXIF 2.32, table 4
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # not a stuffed byte, not a restart marker
_JPEG_END = 0xD9
_JPEG_BARE = 0x01  # the one other marker without a length that may occur

# First bytes -> what reads them. The classes themselves, because `PIL.Image.open` would apply its own pixel limit
# (a warning at 89 megapixels) before ours can speak.
_READERS: tuple[tuple[re.Pattern[bytes], Callable[[BinaryIO], ImageFile]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), JpegImageFile),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), WebPImageFile),
    (re.compile(rb"BM"), BmpImageFile),
    (re.compile(rb"II\*\x00|MM\x00\*"), TiffImageFile),
    (re.compile(rb"GIF8[79]a"), GifImageFile),
)
# First bytes -> words, for what people hand in by mistake.
_STRANGERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL), "a HEIC picture"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL), "a video"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"PK[\x03\x05]"), "a zip archive"),
    (re.compile(rb"[\t\n\r\x20-\x7e]+\Z"), "text"),
)


def read_image(path: Path) -> Image:
    """The picture in a file, upright.

    Returns:
        [H, W, 3] BGR after EXIF rotation. Grey is repeated, 16 bit keeps its upper 8, transparent pixels show
        `BACKGROUND`.

    Raises:
        ImageError: missing, no permission, not a picture, damaged, cut short, animated, or beyond the limits.
    """
    name = printable_name(str(path))
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refusal(name, "a folder", "name a file in it")
        if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
            raise _refusal(name, "a device or pipe", "name a regular file")
        with path.open("rb") as stream:
            return _decode(stream, name)
    except FileNotFoundError:
        raise _refusal(name, "nothing: there is no such file", "check the path") from None
    except PermissionError:
        raise _refusal(name, "a file that may not be read", "ask for permission to read it") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise _refusal(name, f"an error of the system ({error})", "check the path and the disk") from error


def decode_image(data: bytes, name: str) -> Image:
    """The picture in `data`, as `read_image` returns it; `name` is what messages call it. Raises ImageError."""
    return _decode(io.BytesIO(data), printable_name(name))


def is_image(head: bytes) -> bool:
    """Whether a file that starts with these bytes (32 suffice) claims to be a picture of a kind that is read."""
    return any(signature.match(head) for signature, _ in _READERS)


def list_pictures(folder: Path) -> list[Path]:
    """The files in and below a folder that have a picture's suffix, sorted by relative POSIX name.

    Left out: hidden files and folders, and everything that is not a regular file. Links to folders are not
    followed. Raises OSError when the folder cannot be listed.
    """
    found = []
    for parent, folders, files in os.walk(folder, onerror=_give_up):
        folders[:] = [name for name in folders if not name.startswith(".")]
        pictures = (Path(parent, name) for name in files if has_picture_suffix(name))
        found += [path for path in pictures if path.is_file()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def has_picture_suffix(name: str) -> bool:
    """Whether a file name is a picture's and not hidden."""
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES


def _give_up(error: OSError) -> None:
    raise error  # os.walk would otherwise leave out a folder that it may not read, and nobody would know


def printable_name(name: str) -> str:
    """A name that is safe on a terminal and in a log: control, direction and undecodable characters replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _refusal(name: str, came: str, remedy: str) -> ImageError:
    return ImageError(f"{name}: expected a picture ({KINDS}), got {came}; {remedy}")


def _decode(stream: BinaryIO, name: str) -> Image:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(32)
    stream.seek(0)
    if not head:
        raise _refusal(name, "an empty file", "copy it again from where it came")
    if size > MAX_BYTES:
        raise _refusal(
            name, f"{size / 2**20:.0f} MiB (at most {MAX_BYTES // 2**20})", "save it smaller or as JPEG"
        )
    reader = next((reader for signature, reader in _READERS if signature.match(head)), None)
    if reader is None:
        words = next((words for signature, words in _STRANGERS if signature.match(head)), "")
        raise _refusal(name, words or "unknown data", "save it as JPEG or PNG")
    try:
        with reader(stream) as picture:
            _check(picture, name)
            if isinstance(picture, JpegImageFile) and not is_complete_jpeg(_all_bytes(stream)):
                raise _refusal(name, "a JPEG that was cut short", "copy it again from where it came")
            picture.load()
            return _upright(_to_bgr(picture), _orientation(picture))
    except ImageError:
        raise
    except (
        PIL.Image.DecompressionBombError
    ) as error:  # Pillow's own limit, above ours, within some of its readers
        raise _refusal(
            name, f"a picture of more than {MAX_PIXELS // 10**6} megapixels", "make it smaller"
        ) from error
    except Exception as error:  # hostile bytes: Pillow raises whatever its parsers stumble over
        log.debug("%s: decoding failed", name, exc_info=True)
        raise _refusal(
            name,
            f"a damaged or incomplete file ({type(error).__name__}: {error})",
            "copy it again or re-save it",
        ) from error


def _check(picture: ImageFile, name: str) -> None:
    """Everything that the header can tell. Raises ImageError."""
    width, height = picture.size
    kind = f"{picture.format} of {width} x {height} pixels"
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        limit = f"at most {MAX_PIXELS // 10**6} megapixels and {MAX_SIDE} a side"
        raise _refusal(name, f"a {kind} ({limit})", "make it smaller")
    if min(width, height) < MIN_SIDE:
        raise _refusal(name, f"a {kind} (at least {MIN_SIDE} a side)", "use the original photograph")
    if not isinstance(picture, TiffImageFile) and getattr(picture, "is_animated", False):
        raise _refusal(name, f"an animated {picture.format}", "save the frame you mean as a single picture")
    if picture.mode in ("I", "F"):
        raise _refusal(name, f"a {picture.format} of 32 bits a pixel", "save it with 8 or 16 bits")


def _all_bytes(stream: BinaryIO) -> bytes:
    """The whole content; the position stays where the decoder wants it."""
    position = stream.tell()
    stream.seek(0)
    data = stream.read()
    stream.seek(position)
    return data


def is_complete_jpeg(data: bytes) -> bool:
    """Whether the end marker follows the scans (ITU-T T.81, annex B).

    Pillow alone misses a download whose missing end was filled with zeros, and OpenCV misses every cut.
    """
    at = 2
    while marker := _JPEG_MARKER.search(data, at):
        at = marker.end()
        code = data[at - 1]
        if code == _JPEG_END:
            return True
        if code != _JPEG_BARE:
            at += int.from_bytes(data[at : at + 2], "big")
    return False


def _orientation(picture: ImageFile) -> int:
    """1..8; Pillow has turned TIFFs while loading, and says 1 then. Broken EXIF means upright."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # see _decode; the pixels are good all the same
        log.debug("EXIF cannot be read", exc_info=True)
        return 1


def _to_bgr(picture: ImageFile) -> Image:
    """Strip by strip, so that no third copy of a large photograph exists."""
    width, height = picture.size
    out = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        whole = rows >= height
        out[top:bottom] = _strip_to_bgr(picture if whole else picture.crop((0, top, width, bottom)))
    return out


def _strip_to_bgr(strip: PIL.Image.Image) -> Image:
    if strip.mode.startswith("I;16"):  # Pillow's own conversion to 8 bit clips at 255 instead of scaling
        upper = (np.asarray(strip) >> 8).astype(np.uint8)
        return np.repeat(upper[:, :, None], 3, axis=2)
    if strip.has_transparency_data:
        background = PIL.Image.new("RGBA", strip.size, (BACKGROUND, BACKGROUND, BACKGROUND, 255))
        strip = PIL.Image.alpha_composite(background, strip.convert("RGBA"))
    rgb = strip if strip.mode == "RGB" else strip.convert("RGB")
    return np.frombuffer(rgb.tobytes("raw", "BGR"), np.uint8).reshape(rgb.height, rgb.width, 3)


def _upright(image: Image, orientation: int) -> Image:
    """The picture turned as its EXIF orientation says (EXIF 2.32, table 4); unknown values leave it."""
    turned = {
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.swapaxes(0, 1),
        6: image[::-1].swapaxes(0, 1),
        7: image[::-1, ::-1].swapaxes(0, 1),
        8: image[:, ::-1].swapaxes(0, 1),
    }
    return np.ascontiguousarray(turned.get(orientation, image))
