"""Fonts by role. Inter is shipped, so that a Linux without it looks the same; other systems use their own."""

import sys
from functools import cache
from importlib import resources

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QFont, QFontDatabase

from facekd_ui.theme.tokens import Tokens

SMALLEST_PX = 11  # Chinese is unreadable below
_PLATFORMS = {"win32": "windows", "darwin": "macos"}


def load_shipped_fonts() -> list[str]:
    """Makes the shipped fonts known to Qt; needs a QGuiApplication. Returns the families."""
    families: set[str] = set()
    for file in sorted(
        (resources.files("facekd_ui") / "resources" / "fonts").iterdir(), key=lambda f: f.name
    ):
        if file.name.endswith(".otf"):
            number = QFontDatabase.addApplicationFontFromData(QByteArray(file.read_bytes()))
            families |= set(QFontDatabase.applicationFontFamilies(number))
    return sorted(families)


def families(tokens: Tokens, *, code: bool = False) -> list[str]:
    """Latin first, also in Chinese: Chinese fonts lack letters like "č"."""
    latin = tokens.fonts["code"] if code else tokens.fonts[_PLATFORMS.get(sys.platform, "linux")]
    return list(_present((*latin, *tokens.fonts["chinese"])))


@cache
def _present(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Families that are not there cost a slow search through their aliases at the first text."""
    known = set(QFontDatabase.families())
    return tuple(f for f in wanted if f in known or f.startswith(".")) or wanted[-1:]


def font(tokens: Tokens, role: str = "body", scale: float = 1.0) -> QFont:
    """The font of a role in `tokens.toml`, its size multiplied by the setting "Text size"."""
    kind = tokens.type[role]
    result = QFont(families(tokens, code=role == "code"))
    # Hinted letters are heavier and change their widths with the scale of the screen.
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    result.setPixelSize(max(SMALLEST_PX, round(kind.size * scale)))
    result.setWeight(QFont.Weight(kind.weight))
    if kind.spacing:
        result.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, kind.spacing * scale)
    if role != "code":
        result.setFeature(QFont.Tag("tnum"), 1)  # figures in columns stand below each other
    return result
