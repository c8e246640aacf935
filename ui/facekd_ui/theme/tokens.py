"""Colours and type sizes by name, read from `resources/tokens.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from PySide6.QtGui import QColor

THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class TypeRole:
    """One size of text: logical pixels before the setting "Text size", and a weight as in CSS."""

    size: int
    line: int
    weight: int
    spacing: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one theme. `tokens["accent"]` is "#rrggbb"; `tokens.color("accent")` a QColor."""

    theme: str
    colors: dict[str, str]
    type: dict[str, TypeRole]
    fonts: dict[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> str:
        """The colour as text. Raises KeyError with the name."""
        return self.colors[name]

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """The colour for a painter; `alpha` 0..1."""
        color = QColor(self.colors[name])
        color.setAlphaF(alpha)
        return color

    @property
    def is_dark(self) -> bool:
        """Whether this is the dark theme."""
        return self.theme == "dark"


@cache
def load(theme: str) -> Tokens:
    """The tokens of "light" or "dark"."""
    raw: dict[str, Any] = tomllib.loads(
        (resources.files("facekd_ui") / "resources" / "tokens.toml").read_text(encoding="utf-8")
    )
    return Tokens(
        theme,
        raw["both"] | raw[theme],
        {name: TypeRole(**role) for name, role in raw["type"].items()},
        {name: tuple(families) for name, families in raw["fonts"].items()},
    )


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours "#rrggbb", 1..21.

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    brighter, darker = sorted((_luminance(QColor(first)), _luminance(QColor(second))), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
