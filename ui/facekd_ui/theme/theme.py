"""The theme in use. Qt has one palette and one stylesheet for a process; the tokens are the third of that kind.

Widgets take colours from `tokens()` while they paint. Icons and type roles that were given to a widget by
`set_icon` and `set_type` are remembered on it and renewed when the theme or the text size changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from facekd_ui.theme import icons
from facekd_ui.theme.fonts import font as font_of
from facekd_ui.theme.fonts import load_shipped_fonts
from facekd_ui.theme.palette import palette
from facekd_ui.theme.paper import PaperStyle
from facekd_ui.theme.stylesheet import stylesheet
from facekd_ui.theme.tokens import Tokens, load

MODES = ("light", "dark", "system")
SMALLEST_SCALE, LARGEST_SCALE = 0.9, 1.5


@dataclass(slots=True)
class _Now:
    tokens: Tokens
    scale: float


_now = _Now(load("light"), 1.0)


def tokens() -> Tokens:
    """The tokens of the theme in use."""
    return _now.tokens


def font(role: str = "body") -> QFont:
    """The font of a role in the text size in use."""
    return font_of(_now.tokens, role, _now.scale)


def px(pixels: float) -> int:
    """A height or width that must grow with the text."""
    return round(pixels * _now.scale)


def grown(pixels: float) -> int:
    """A width of a side panel: it grows with the text by a quarter at the most, because the page needs room, too."""
    return round(pixels * min(_now.scale, 1.25))


def set_type(widget: QWidget, role: str, token: str | None = None) -> None:
    """Gives a widget a type role, and a colour if its text is not in `text`."""
    widget.setProperty("type", role)
    if token is not None:
        widget.setProperty("ink", token)
    widget.setFont(font(role))


def set_icon(
    target: QAbstractButton | QLabel | QAction, name: str, token: str = "text", size: int = 16, gap: int = 0
) -> None:
    """Gives a button, label or action an icon that follows the theme."""
    target.setProperty("facekdIcon", [name, token, size, gap])
    _renew_icon(target)


def set_variant(widget: QWidget, name: str, value: object) -> None:
    """Sets a dynamic property that the stylesheet looks at, and draws the widget anew."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class Theme(QObject):
    """Applies light, dark or the system's theme, and the text size, to the application."""

    changed = Signal()

    def __init__(self, app: QApplication, mode: str = "system", scale: float = 1.0) -> None:
        super().__init__(app)
        self._app = app
        self._mode, self._scale = "", 0.0
        load_shipped_fonts()
        self._style = PaperStyle(tokens)
        app.setStyle(self._style)
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        app.screenAdded.connect(self._screen_added)
        self.apply(mode, scale)

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self._mode

    @property
    def scale(self) -> float:
        """Text size; 1.0 is 100 %."""
        return self._scale

    def apply(self, mode: str | None = None, scale: float | None = None) -> None:
        """Changes the theme, the text size or both; everything open follows at once.

        Raises:
            ValueError: an unknown mode.
        """
        mode = self._mode if mode is None else mode
        if mode not in MODES:
            raise ValueError(f"expected a theme among {', '.join(MODES)}, got {mode!r}")
        wanted = self._scale if scale is None else scale
        self._mode, self._scale = mode, min(LARGEST_SCALE, max(SMALLEST_SCALE, wanted))
        _now.tokens, _now.scale = load(self._resolved()), self._scale
        self._app.setPalette(palette(_now.tokens))
        self._app.setFont(font())
        self._app.setStyleSheet(stylesheet(_now.tokens, _now.scale))
        for thing in _everything(self._app):
            _renew(thing)
        self.changed.emit()

    def _resolved(self) -> str:
        if self._mode != "system":
            return self._mode
        # Unknown (a bare X session) is light.
        return "dark" if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"

    @Slot()
    def _screen_added(self) -> None:
        self.apply()  # icons are drawn for the screens that there are

    @Slot()
    def _system_changed(self) -> None:
        if self._mode == "system":
            self.apply()


def _everything(app: QApplication) -> Iterator[QObject]:
    for window in app.topLevelWidgets():
        yield window
        yield from window.findChildren(QObject)


def _renew(thing: QObject) -> None:
    if isinstance(thing, QWidget) and (role := thing.property("type")) is not None:
        thing.setFont(font(role))
    if isinstance(thing, QAbstractButton | QLabel | QAction) and thing.property("facekdIcon"):
        _renew_icon(thing)


def _renew_icon(target: QAbstractButton | QLabel | QAction) -> None:
    name, token, size, gap = target.property("facekdIcon")
    size = px(size)
    if isinstance(target, QLabel):
        target.setPixmap(icons.pixmap(_now.tokens, name, token, size, target.devicePixelRatioF()))
        return
    target.setIcon(icons.icon(_now.tokens, name, token, size, gap))
    if isinstance(target, QAbstractButton):
        target.setIconSize(icons.icon_size(size, gap))
