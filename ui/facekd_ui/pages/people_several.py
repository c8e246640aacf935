"""The panel at the right while several people are chosen: how many, who, and what can be done with all of them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text, Tn, listed
from facekd_ui.pages.context import PageContext
from facekd_ui.tables.people import PersonRow
from facekd_ui.widgets.buttons import Button, IconButton, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, Label

FACES = 6
NAMED = 3


class SeveralPanel(Panel):
    """Says who is chosen; each button emits `asked(what)`: a method of `CrowdActs`, "merge" or "restore"."""

    asked = Signal(str)
    closed = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        may = context.session.may
        self._may_change = may("crowd.change")
        self._count = Label("", "heading")
        self._names = ElidedLabel("", "body", "text.2")
        self._faces = QHBoxLayout()
        self._faces.setSpacing(8)
        cross = IconButton("close", T("Close"))
        cross.clicked.connect(self.closed)
        head, words = QHBoxLayout(), QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._count)
        words.addWidget(self._names)
        head.addLayout(words, 1)
        head.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self.buttons: dict[str, Button] = {}
        column = QVBoxLayout()
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(16)
        column.addLayout(head)
        column.addLayout(self._faces)
        self._why = Label(
            T("Choose exactly two to merge them, if they are one person."), "small", "text.2", wrap=True
        )
        acts: list[tuple[str, Text, str]] = [
            ("groups", T("Groups…"), "people"),
            ("department", T("Department…"), "edit"),
            ("validity", T("Validity…"), "calendar"),
            ("consent", T("Record consent…"), "consent"),
            ("merge", T("Merge…"), "merge"),
        ]
        if not self._may_change:
            acts = []
        if may("crowd.export"):
            acts.append(("export", T("Save as a list…"), "download"))
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, (what, word, icon) in enumerate(acts):
            grid.addWidget(self._button(what, word, icon), place // 2, place % 2)
        column.addLayout(grid)
        column.addWidget(self._why)
        column.addStretch(1)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(20, 10, 20, 10)
        foot.addWidget(self._button("delete", T("Delete…"), "trash", "danger"))
        foot.addWidget(self._button("restore", T("Bring back"), "undo", "primary"))
        foot.addStretch()
        self._foot.setVisible(self._may_change)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(column, 1)
        whole.addWidget(Line())
        whole.addWidget(self._foot)

    def show_people(self, count: int, known: Sequence[PersonRow], *, deleted: bool) -> None:
        """So many people, of whom `known` are loaded."""
        self._count.say(Tn("{n} person", "{n} people", count))
        names = [row.summary.person.name for row in known[:NAMED]]
        more = count - len(names)
        shown = listed(names)
        more_words = T("{names} and {n} more", names=shown, n=more)
        self._names.say("" if not names else more_words if more else str(shown))
        while (item := self._faces.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row in known[:FACES]:
            tile = FaceTile(48, row.summary.person.name)
            if row.photo is not None and not row.photo.isNull():
                tile.show_photo(QPixmap.fromImage(row.photo))
            else:
                tile.show_place("person")
            tile.setToolTip(row.summary.person.name)
            self._faces.addWidget(tile)
        self._faces.addStretch(1)
        for what, button in self.buttons.items():
            button.setVisible((what in ("restore", "export")) if deleted else what != "restore")
        self._why.setVisible(not deleted and count != 2 and "merge" in self.buttons)
        if "merge" in self.buttons:
            self.buttons["merge"].setEnabled(count == 2)

    def _button(self, what: str, word: Text, icon: str, role: str = "") -> Button:
        button = Button(word, role, icon, tip=word, key=KEYS.get(what, ""))
        button.setShortcut("")  # the page's actions have the keys; the tooltip says them
        button.clicked.connect(self._ask(what))
        self.buttons[what] = button
        return button

    def _ask(self, what: str) -> Callable[[], None]:
        return lambda: self.asked.emit(what)


KEYS = {"merge": "Ctrl+M", "delete": "Del", "export": "Ctrl+E", "groups": "Ctrl+G"}
