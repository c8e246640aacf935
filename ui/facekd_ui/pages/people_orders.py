"""By what the table of people is sorted: said in its foot, and changed there without the header."""

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.text import T
from facekd_ui.tables.people import ADDED, DEPARTMENT, NAME, SEEN
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.menus import Menu

ORDERS = {
    NAME: T("Sorted by name"),
    DEPARTMENT: T("Sorted by department"),
    SEEN: T("Sorted by last seen"),
    ADDED: T("Sorted by day added"),
}


class OrderButton(Button):
    """`chosen(column)` means what a click on the header of that column means: the same column again turns it round."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "link", tip=T("Another order"), parent=parent)
        self._column = NAME
        self.clicked.connect(self.open_menu)

    def show_order(self, column: int) -> None:
        """The column in force."""
        self._column = column
        self.say(ORDERS[column])

    @Slot()
    def open_menu(self) -> None:
        """All orders, and the other way round."""
        menu = Menu(self)
        for column, words in ORDERS.items():
            menu.add_choice(words, partial(self._choose, column), chosen=column == self._column)
        menu.addSeparator()
        menu.add(T("The other way round"), partial(self.chosen.emit, self._column))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(self.rect().topLeft()))

    def _choose(self, column: int) -> None:
        if column != self._column:
            self.chosen.emit(column)
