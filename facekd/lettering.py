"""One line of text in the fonts this machine has, for drawing on pictures.

Pillow draws with one font at a time; here each stretch of text gets the first font that has its characters, so
that "Novák 王芳" comes out whole. What no font has becomes that font's empty box, never an error.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

# Order of preference. Latin first: Chinese fonts lack letters like "č".
LATIN = (
    "Inter-SemiBold.ttf",
    "seguisb.ttf",
    "NotoSans-SemiBold.ttf",
    "NotoSans-Bold.ttf",
    "DejaVuSans-Bold.ttf",
)
CHINESE = (
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyhbd.ttc",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
)
CHINESE_TOO = ("wqy-microhei.ttc", "wqy-zenhei.ttc", "Arial Unicode.ttf")


def drawable(text: str) -> str:
    """The text on one line, without the characters that have no picture: controls, marks of format, surrogates."""
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    shown = (c for c in unicodedata.normalize("NFC", spaced) if unicodedata.category(c) not in {"Cf", "Cs"})
    return " ".join("".join(shown).split())


def width_of(text: str, size: int) -> float:
    """Pixels that the text takes at a font size in pixels."""
    return sum(font.getlength(run) for run, font in _runs(text, size))


def elided(text: str, size: int, room: float, tail: str = "…") -> str:
    """The longest beginning of `text` that with `tail` fits into `room` pixels; all of it, without, when that fits."""
    if width_of(text, size) <= room:
        return text
    for end in range(len(text) - 1, 0, -1):
        shorter = text[:end].rstrip() + tail
        if width_of(shorter, size) <= room:
            return shorter
    return tail


def write(canvas: Image.Image, x: float, baseline: float, text: str, size: int, ink: int) -> None:
    """Draw the text on a grey canvas; `x`, `baseline`: where its first letter stands, in pixels."""
    pen = ImageDraw.Draw(canvas)
    for run, font in _runs(text, size):
        pen.text((x, baseline), run, font=font, fill=ink, anchor="ls")
        x += font.getlength(run)


def _runs(text: str, size: int) -> Iterator[tuple[str, FreeTypeFont]]:
    """Stretches of text that one font can draw."""
    chosen: list[int] = []
    for char in text:
        stays = bool(chosen) and (char.isspace() or unicodedata.combining(char) > 0)
        chosen.append(chosen[-1] if stays else _font_index(char))
    for index, group in groupby(zip(text, chosen, strict=True), key=lambda pair: pair[1]):
        yield "".join(char for char, _ in group), _fonts(size)[index]


@lru_cache(maxsize=1)
def _font_paths() -> tuple[str, ...]:
    """Files of those fonts that this machine has."""
    found = []
    for name in (*LATIN, *CHINESE, *CHINESE_TOO):
        try:
            found.append(str(ImageFont.truetype(name, 12).path))
        except OSError:
            continue
    return tuple(found)


@lru_cache(maxsize=16)
def _fonts(size: int) -> tuple[FreeTypeFont, ...]:
    """The fonts at one size in pixels; Pillow's own comes last, so there is always one."""
    own = ImageFont.load_default(size)
    assert isinstance(own, FreeTypeFont)  # a Pillow without FreeType is one that nobody ships
    return (*(ImageFont.truetype(path, size) for path in _font_paths()), own)


@lru_cache(maxsize=4096)
def _font_index(char: str) -> int:
    """Which of `_fonts` draws this character; the first one (as its empty box) when none has it."""
    for index, font in enumerate(_fonts(16)):
        # Pillow does not tell which characters a font has; it draws a missing one like a code point nobody uses.
        if char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask("\U0010ffff")):
            return index
    return 0
