"""Choosing the theme by small pictures of the window: light, dark, and both halves for "as the system"."""

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import px, set_type, tokens
from facekd_ui.theme.tokens import Tokens, load

WIDTH, HEIGHT = 122, 74
WORDS: dict[str, Text] = {"light": T("Light"), "dark": T("Dark"), "system": T("As the system")}
_HALVES = {"light": ("light",), "dark": ("dark",), "system": ("light", "dark")}


class ThemePicture(QWidget):
    """A window drawn small in the colours of a theme, or of two. A click is for the radio below."""

    clicked = Signal()

    def __init__(self, mode: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = [load(theme) for theme in _HALVES[mode]]
        self._chosen = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_chosen(self, *, chosen: bool) -> None:
        """A thick line around the chosen one."""
        self._chosen = chosen
        self.update()

    def sizeHint(self) -> QSize:
        """As in the design."""
        return QSize(px(WIDTH), px(HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Rail, title, card, button; then the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        clip = QPainterPath()
        clip.addRoundedRect(inside, 7, 7)
        painter.setClipPath(clip)
        width = inside.width() / len(self._themes)
        for place, theme in enumerate(self._themes):
            _paint_window(painter, theme, QRectF(inside.left() + place * width, 1, width, inside.height()))
        painter.setClipping(False)
        t = tokens()
        line = 2.0 if self._chosen else 1.0
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(t.color("accent" if self._chosen else "border.control"), line))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 7, 7)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Chooses."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class ThemeChoice(QWidget):
    """One of the three modes; `changed` carries its key."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        say(self, T("Theme"), "accessibleName")
        self._group = QButtonGroup(self)
        self._radios: dict[str, QRadioButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(16)
        for mode, words in WORDS.items():
            picture, radio = ThemePicture(mode), QRadioButton()
            say(radio, words)
            set_type(radio, "body")
            radio.toggled.connect(lambda on, picture=picture: picture.set_chosen(chosen=on))
            picture.clicked.connect(partial(radio.setChecked, True))
            self._group.addButton(radio)
            self._radios[mode] = radio
            column = QVBoxLayout()
            column.setSpacing(8)
            column.addWidget(picture)
            column.addWidget(radio)
            row.addLayout(column)
        self.choose("light")
        self._group.buttonToggled.connect(self._toggled)

    @property
    def value(self) -> str:
        """The mode that is chosen."""
        return next(mode for mode, radio in self._radios.items() if radio.isChecked())

    def choose(self, mode: str) -> None:
        """Chooses as a click would."""
        self._radios[mode].setChecked(True)

    def _toggled(self, _button: object, checked: bool) -> None:
        if checked:
            self.changed.emit(self.value)


def _paint_window(painter: QPainter, t: Tokens, at: QRectF) -> None:
    rail = at.width() * (0.09 if at.width() > at.height() else 0.14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillRect(at, t.color("bg"))
    painter.fillRect(QRectF(at.left() + rail, at.top(), 1, at.height()), t.color("border"))
    left, room = at.left() + rail + 7, at.width() - rail - 13
    painter.setBrush(t.color("text"))
    painter.drawRoundedRect(QRectF(left, at.top() + at.height() * 0.12, min(room, 26), 4), 2, 2)
    painter.setPen(QPen(t.color("border"), 1))
    painter.setBrush(t.color("surface"))
    painter.drawRoundedRect(QRectF(left, at.top() + at.height() * 0.28, room, at.height() * 0.34), 2.5, 2.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(t.color("accent"))
    painter.drawRoundedRect(QRectF(left, at.top() + at.height() * 0.73, min(room, 20), 7), 2.5, 2.5)
