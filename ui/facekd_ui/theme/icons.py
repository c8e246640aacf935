"""Icons: SVG files with `currentColor`, coloured from a token and drawn sharp for every screen.

A file lies in `resources/icons`: 24 grid (state glyphs 16), 1.75 stroke, round caps, no fill.
"""

from functools import cache, lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from facekd_ui.theme.tokens import Tokens, load


@cache
def source(name: str) -> str:
    """The text of `resources/icons/NAME.svg`. Raises FileNotFoundError."""
    return (resources.files("facekd_ui") / "resources" / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@cache
def names() -> tuple[str, ...]:
    """All icons, sorted."""
    folder = resources.files("facekd_ui") / "resources" / "icons"
    return tuple(sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".svg")))


@lru_cache(maxsize=256)
def renderer(name: str, ink: str, mark_ink: str = "") -> QSvgRenderer:
    """Draws the icon in the colour `ink`; `mark_ink` is for the mark inside a filled state glyph."""
    text = source(name).replace("currentColor", ink).replace("markColor", mark_ink or ink)
    return QSvgRenderer(QByteArray(text.encode()))


def pixmap(tokens: Tokens, name: str, token: str = "text", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """The icon in `size` logical pixels for a screen of `ratio` pixels per logical pixel."""
    return _draw(tokens, name, token, size, ratio, gap=0)


def icon(tokens: Tokens, name: str, token: str = "text", size: int = 16, gap: int = 0) -> QIcon:
    """A QIcon for a button. Qt's own gap to the text is 4; `gap` adds empty logical pixels at the right, or at the
    left where it is negative. It is drawn for the screens that there are, and buttons share it: a page has dozens."""
    ratios = tuple(sorted({screen.devicePixelRatio() for screen in QGuiApplication.screens()}))
    return _icon(tokens.theme, name, token, size, gap, ratios)


@lru_cache(maxsize=512)
def _icon(theme: str, name: str, token: str, size: int, gap: int, ratios: tuple[float, ...]) -> QIcon:
    tokens = load(theme)
    result = QIcon()
    for ratio in ratios:
        normal = _draw(tokens, name, token, size, ratio, gap)
        result.addPixmap(normal, QIcon.Mode.Normal)
        result.addPixmap(normal, QIcon.Mode.Selected)
        result.addPixmap(_draw(tokens, name, "text.disabled", size, ratio, gap), QIcon.Mode.Disabled)
    return result


def icon_size(size: int, gap: int = 0) -> QSize:
    """What `setIconSize` needs for `icon` with the same numbers."""
    return QSize(size + abs(gap), size)


def app_icon() -> QIcon:
    """The program's own icon, for windows and task bars."""
    drawing = QSvgRenderer(
        QByteArray((resources.files("facekd_ui") / "resources" / "facekd.svg").read_bytes())
    )
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        picture = QPixmap(side, side)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        drawing.render(painter, QRectF(0, 0, side, side))
        painter.end()
        result.addPixmap(picture)
    return result


def paint(painter: QPainter, tokens: Tokens, name: str, rect: QRectF, token: str = "text") -> None:
    """Draws the icon into `rect` of a painter."""
    inner = tokens["accent" if name == "mark" else "glyph.ink"]
    renderer(name, tokens[token], inner).render(painter, rect)


def _draw(tokens: Tokens, name: str, token: str, size: int, ratio: float, gap: int) -> QPixmap:
    result = QPixmap(round((size + abs(gap)) * ratio), round(size * ratio))
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter, tokens, name, QRectF(max(0, -gap), 0, size, size), token)
    painter.end()
    return result
