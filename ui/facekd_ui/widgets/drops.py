"""A large place where files can be dropped: icon, heading, one sentence, a button for those who would rather choose."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from facekd_ui.i18n.text import Text
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import IconLabel, Label

TEXT_WIDTH = 420


class DropCard(Card):
    """The page around it takes the drop: files are welcome anywhere on it."""

    def __init__(
        self, icon: str, heading: Text, sentence: Text, button: Button, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        lead, rest = Label(heading, "section"), Label(sentence, "body", "text.2", wrap=True)
        lead.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        rest.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        rest.setMinimumWidth(TEXT_WIDTH)
        column = self.body
        column.addStretch(2)
        column.addWidget(IconLabel(icon, "text.2", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        column.addWidget(lead)
        column.addLayout(_centred(rest))
        column.addSpacing(8)
        column.addLayout(_centred(button))
        column.addStretch(3)


def _centred(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addStretch()
    row.addWidget(widget)
    row.addStretch()
    return row
