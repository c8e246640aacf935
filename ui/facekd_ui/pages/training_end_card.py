"""The card in the place of a run's header: what happened, and the way on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_ends import Ending
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import IconLabel, Label


class EndCard(Card):
    """In the place of the header: what happened, and the way on."""

    acted = Signal(object)
    """A WayOn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.ending: Ending | None = None
        self._icon = IconLabel("warning", "warning", 22)
        self._lead, self._rest = Label("", "section", wrap=True), Label("", "body", "text.2", wrap=True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self._lead)
        column.addWidget(self._rest)
        column.addSpacing(6)
        column.addLayout(self._buttons)
        row.addLayout(column, 1)
        self.body.addLayout(row)

    def show_ending(self, found: Ending) -> None:
        """Another end."""
        if found == self.ending:
            return
        self.ending = found
        icons = {"success": "check", "info": "info", "warning": "warning", "danger": "error"}
        inks = {"success": "success", "info": "accent", "warning": "warning", "danger": "danger"}
        self._icon.show_icon(icons[found.kind], inks[found.kind], 22)
        self._lead.say(found.lead)
        self._rest.say(
            found.rest if isinstance(found.rest, Text) else relayed(found.rest) if found.rest else ""
        )
        self._rest.setVisible(bool(found.rest))
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, way in enumerate(found.ways):
            button = Button(way.word, "" if number else "primary")
            button.clicked.connect(lambda _checked=False, way=way: self.acted.emit(way))
            self._buttons.addWidget(button)
        self._buttons.addStretch()
        if found.details:
            copy = Button(T("Copy details"), "quiet", "copy")
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(found.details))
            self._buttons.addWidget(copy)

    def buttons(self) -> list[Button]:
        """The ways on."""
        return self.findChildren(Button)
