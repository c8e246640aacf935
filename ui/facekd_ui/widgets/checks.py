"""Check boxes in the type of the window."""

from PySide6.QtWidgets import QCheckBox

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.theme.theme import set_type


def check_box(text: Text | str) -> QCheckBox:
    """A check box with its word."""
    box = QCheckBox()
    set_type(box, "body")
    say(box, text)
    return box
