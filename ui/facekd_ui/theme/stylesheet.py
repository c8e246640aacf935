"""`resources/window.qss` with names put in: `${accent}` is a token, `${32}` so many pixels times "Text size"."""

import re
from importlib import resources

from facekd_ui.theme.tokens import Tokens


def fill(template: str, tokens: Tokens, scale: float = 1.0) -> str:
    """The finished stylesheet.

    Raises:
        KeyError: a name that the tokens do not have.
    """

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name.isdecimal():
            return f"{round(int(name) * scale)}px"
        return tokens[name]

    return re.sub(r"\$\{([^}]+)\}", value, template)


def stylesheet(tokens: Tokens, scale: float = 1.0) -> str:
    """The application's stylesheet for one theme and text size."""
    file = resources.files("facekd_ui") / "resources" / "window.qss"
    return fill(file.read_text(encoding="utf-8"), tokens, scale)
