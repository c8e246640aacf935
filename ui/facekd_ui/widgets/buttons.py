"""Buttons in their roles. One primary button in a view; `dangerFill` only as the last step of a dialog."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import px, set_icon, set_type, set_variant, tokens

_INKS = {
    "primary": "accent.on",
    "danger": "danger",
    "dangerFill": "danger.fill.on",
    "link": "accent",
    "video": "video.text",
}
_ICON_ROLES = ("icon", "quietIcon")


def tip_with_key(tip: Text | str, key: str) -> Text | str:
    """A tooltip ends with its key."""
    return T("{tip} ({key})", tip=tip, key=key) if key else tip


class Button(QPushButton):
    """A push button.

    Args:
        text: what it does, a verb. Icon buttons leave it out and give `tip`, which is then their name.
        role: "" (secondary), "primary", "quiet", "danger", "dangerFill", "link", "video", "icon", "quietIcon".
        icon: name in `resources/icons`.
        size: "", "small" or "large".
        tip: tooltip; the key is added.
        key: shortcut as QKeySequence reads it.
    """

    def __init__(
        self,
        text: Text | str = "",
        role: str = "",
        icon: str | None = None,
        *,
        size: str = "",
        tip: Text | str = "",
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setProperty("density", size)
        small = "label" if role not in ("link", "chip", "segment") else "small"
        set_type(
            self, small if size == "small" or role == "link" else "strong" if role in _INKS else "medium"
        )
        if icon:
            self.set_icon(icon)
        if text:
            say(self, text)
        if tip:
            say(self, tip_with_key(tip, key), "toolTip")
            if not text:
                say(self, tip, "accessibleName")
        elif key:
            say(self, tip_with_key(text, key), "toolTip")
        if key:
            self.setShortcut(QKeySequence(key))
        if role == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        # A long word must not push a page wider than its window; a button never eats the Enter of another.
        self.setAutoDefault(False)

    def set_icon(self, name: str, token: str | None = None) -> None:
        """Another icon, in the ink of the role."""
        role = str(self.property("role"))
        size = 18 if role in _ICON_ROLES else 14 if self.property("density") == "small" else 16
        set_icon(self, name, token or _INKS.get(role, "text"), size, 0 if role in _ICON_ROLES else 4)

    def say(self, text: Text | str) -> None:
        """Another word on the button."""
        say(self, text)


class IconButton(Button):
    """A square button with an icon; `tip` is its name too."""

    def __init__(
        self, icon: str, tip: Text, *, quiet: bool = True, key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__("", "quietIcon" if quiet else "icon", icon, tip=tip, key=key, parent=parent)


class _Segment(Button):
    """Left and Right choose the neighbour."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step, everything else is a button's."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.stepped.emit(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)


class Segments(QFrame):
    """Two to four choices that exclude each other, in one sunken frame. Arrow keys move between them."""

    changed = Signal(str)

    def __init__(self, options: Mapping[str, Text | str], name: Text, parent: QWidget | None = None) -> None:
        """`options`: key -> word; the first is chosen. `name` is for screen readers."""
        super().__init__(parent)
        self.setProperty("part", "segments")
        say(self, name, "accessibleName")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, Button] = {}
        for key, word in options.items():
            button = _Segment(word, "segment")
            button.stepped.connect(partial(self._step, key))
            button.setCheckable(True)
            self._group.addButton(button)
            row.addWidget(button)
            self._buttons[key] = button
        next(iter(self._buttons.values())).setChecked(True)
        self._group.buttonToggled.connect(self._toggled)

    @property
    def value(self) -> str:
        """The key of the chosen segment."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Chooses as a click would."""
        self._buttons[key].setChecked(True)

    def button(self, key: str) -> Button:
        """One segment, for a count in its word or to disable it."""
        return self._buttons[key]

    def _step(self, key: str, step: int) -> None:
        keys = list(self._buttons)
        neighbour = self._buttons[keys[(keys.index(key) + step) % len(keys)]]
        if neighbour.isEnabled():
            neighbour.setChecked(True)
            neighbour.setFocus(Qt.FocusReason.TabFocusReason)

    def _toggled(self, _button: QAbstractButton, checked: bool) -> None:
        if checked:
            self.changed.emit(self.value)


class Chip(Button):
    """A filter: "+ Camera" opens a menu; once set it is filled and shows its value with an x that clears it."""

    opened = Signal()
    cleared = Signal()

    def __init__(self, word: Text, parent: QWidget | None = None) -> None:
        super().__init__(word, "chip", "plus", size="small", parent=parent)
        self._word = word
        set_type(self, "small")
        say(self, T("Filter by {what}", what=word), "accessibleName")

    @property
    def is_set(self) -> bool:
        """Whether the filter holds a value."""
        return bool(self.property("set"))

    def set_value(self, value: Text | str | None) -> None:
        """Shows the value; None shows the empty filter."""
        set_variant(self, "set", value is not None)
        # The x stands behind the words, the plus before them.
        mirrored = Qt.LayoutDirection.RightToLeft if value is not None else Qt.LayoutDirection.LeftToRight
        self.setLayoutDirection(mirrored)
        set_icon(self, "close" if value is not None else "plus", "text", 14, -4 if value is not None else 4)
        say(self, self._word if value is None else value)
        self.updateGeometry()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The right end of a set chip clears it, the rest opens the menu."""
        inside = self.rect().contains(event.position().toPoint())
        super().mouseReleaseEvent(event)
        if inside and event.button() == Qt.MouseButton.LeftButton:
            on_cross = self.is_set and event.position().x() > self.width() - px(28)
            (self.cleared if on_cross else self.opened).emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space and Enter open, Delete clears."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.is_set:
            self.cleared.emit()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)


class Switch(QAbstractButton):
    """On or off, with effect at once. In forms that are saved use a check box."""

    def __init__(self, name: Text, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        say(self, name, "accessibleName")

    def sizeHint(self) -> QSize:
        """34 x 20."""
        return QSize(px(34), px(20))

    def minimumSizeHint(self) -> QSize:
        """It does not shrink."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track and knob; the knob's side says it without colour."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = px(20)
        track = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        on, usable = self.isChecked(), self.isEnabled()
        line = t.color("border.control" if not usable else "accent" if on else "border.strong")
        fill = t.color(
            "sunken" if not usable or not on else "accent.hover" if self.underMouse() else "accent"
        )
        painter.setPen(line)
        painter.setBrush(fill)
        painter.drawRoundedRect(track, height / 2 - 0.5, height / 2 - 0.5)
        knob = t.color("text.disabled" if not usable else "accent.on" if on else "border.strong")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(knob)
        x = self.width() - height / 2 if on else height / 2
        painter.drawEllipse(QPointF(x, height / 2), height / 2 - 4, height / 2 - 4)


class Line(QFrame):
    """A hairline, lying or standing."""

    def __init__(self, *, standing: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "rule" if standing else "line")
