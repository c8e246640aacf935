"""Actions: what the menus, the finder (Ctrl+K) and the sheet of keys (F1) are built from."""

from collections.abc import Callable, Iterator

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.language import said, say
from facekd_ui.i18n.text import Text
from facekd_ui.theme.theme import set_icon
from facekd_ui.widgets.buttons import Button, tip_with_key


def action(
    owner: QWidget,
    text: Text,
    act: Callable[[], object],
    key: str = "",
    icon: str | None = None,
    group: Text | None = None,
) -> QAction:
    """An action of a page or of the window.

    Its key works while `owner` is visible, wherever the focus is; single letters are left to fields that have it.

    Args:
        owner: the page, or the window for what works everywhere.
        text: a verb; it is what the finder and the sheet of keys show.
        act: called without arguments.
        key: as QKeySequence reads it.
        icon: for menus, the finder and buttons made by `button_for`.
        group: the heading in the sheet of keys; the page's title when left out.
    """
    result = QAction(owner)
    result.setProperty("listed", True)  # fields have actions of their own, which are none of the page's
    say(result, text)
    if icon:
        set_icon(result, icon)
        result.setProperty("iconName", icon)
    if key:
        result.setShortcut(QKeySequence(key))
    if group is not None:
        result.setProperty("group", group)
    result.triggered.connect(lambda _checked=False: act())
    owner.addAction(result)
    return result


def button_for(
    what: QAction, role: str = "", text: Text | None = None, *, size: str = "", words: bool = True
) -> Button:
    """A button that does what an action does: same icon, enabled with it, its key in the tooltip.

    `words` False makes an icon button.
    """
    name = said(what)
    key = what.shortcut().toString()
    icon = what.property("iconName")
    button = Button(
        (text or name) if words else "",
        role or ("" if words else "quietIcon"),
        str(icon) if icon else None,
        size=size,
        tip=name,
    )
    if key:
        say(button, tip_with_key(name, key), "toolTip")
    button.setEnabled(what.isEnabled())
    what.enabledChanged.connect(button.setEnabled)
    button.clicked.connect(what.trigger)
    return button


def usable(*owners: QWidget | None) -> Iterator[QAction]:
    """The actions of the window and the page that can be triggered now."""
    for owner in owners:
        if owner is not None:
            for found in owner.actions():
                if found.property("listed") and found.isEnabled() and found.isVisible() and found.text():
                    yield found
