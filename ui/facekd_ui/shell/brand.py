"""The mark beside the name, at the top of pages that fill the window."""

from PySide6.QtWidgets import QHBoxLayout

from facekd_ui.i18n.text import T
from facekd_ui.shell.rail import Mark
from facekd_ui.widgets.labels import Label


def brand() -> QHBoxLayout:
    """Mark and name, at the left."""
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(Mark(32))
    row.addWidget(Label(T("FaceKD"), "heading"))
    row.addStretch()
    return row
