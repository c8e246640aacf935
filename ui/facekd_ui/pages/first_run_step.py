"""What every step of the first run is: a question, an answer, and what is missing before one can go on."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.cards import OptionCard


def low(card: OptionCard) -> OptionCard:
    """A card as high as its words, whatever room there is."""
    card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return card


class Step(QWidget):
    """One decision. `why_not` says what is missing before one can go on."""

    changed = Signal()
    title: Text
    question: Text
    sentence: Text
    verb = T("Continue")
    note: Text | str = ""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)

    @property
    def why_not(self) -> Text | str | None:
        """None: one can go on."""
        return None

    @property
    def answer(self) -> Text | str:
        """The decision in a few words."""
        return ""

    def entered(self) -> None:
        """It is shown."""

    def left(self) -> None:
        """One goes on or back."""

    def shut_down(self) -> None:
        """The end of the first run; whatever it holds is given back."""
