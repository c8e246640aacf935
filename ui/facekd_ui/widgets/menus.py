"""Menus with round corners where the screen can show them, square ones elsewhere."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.theme.compositor import is_composited
from facekd_ui.theme.theme import set_icon, set_type, set_variant


class Menu(QMenu):
    """A menu of our look. `add` gives entries with icon and key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_type(self, "body")
        round_ = is_composited()
        set_variant(self, "square", not round_)
        if round_:
            self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
            self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
            self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)

    def add(
        self,
        text: Text | str,
        act: Callable[[], object],
        icon: str | None = None,
        key: str = "",
        token: str = "text",
    ) -> QAction:
        """An entry that calls `act`."""
        action = QAction(self)
        say(action, text)
        if icon:
            set_icon(action, icon, token, 16)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(lambda _checked=False: act())
        self.addAction(action)
        return action

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that stand beside the entries work while the menu is open."""
        pressed = QKeySequence(event.keyCombination())
        for action in self.actions():
            if action.isEnabled() and action.shortcut() == pressed and not pressed.isEmpty():
                self.close()
                action.trigger()
                return
        super().keyPressEvent(event)

    def add_choice(self, text: Text | str, act: Callable[[], object], *, chosen: bool) -> QAction:
        """An entry that shows a tick when it is the one in force."""
        action = self.add(text, act, "check" if chosen else None, token="accent")
        action.setProperty("chosen", chosen)
        return action
