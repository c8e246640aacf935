"""The list at the left of a page: a heading with a button, rows painted by a delegate, something below."""

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLayout, QListView, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label


class SideList(Panel):
    """`view` shows the rows, one of which is current.

    Args:
        heading: above. name: of the list, for screen readers. button: beside the heading. foot: below the rows.
    """

    def __init__(
        self,
        model: QAbstractItemModel,
        heading: Text,
        name: Text,
        button: Button,
        foot: QLayout,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("surface", parent)
        self.view = QListView()
        self.view.setModel(model)
        self.view.setMouseTracking(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        say(self.view, name, "accessibleName")
        head = QHBoxLayout()
        head.setContentsMargins(16, 14, 14, 14)
        head.addWidget(Label(heading, "section"))
        head.addStretch()
        head.addWidget(button)
        foot.setContentsMargins(16, 10, 16, 14)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self.view, 1)
        column.addLayout(foot)
