"""Settings: sections at the left, one at a time at the right. What all computers share says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.icons import icon
from facekd_ui.theme.theme import px, set_type, tokens
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.cards import Panel

NAVIGATION, COLUMN = 220, 880


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation. `wide`: it brings its own layout and scrolling (tables)."""

    key: str
    title: Text
    icon: str
    make: Callable[[], QWidget]
    wide: bool = False
    holds: tuple[Text, ...] = ()  # single settings in it, which the finder finds


class SettingsPage(QWidget):
    """Makes each section at its first visit."""

    def __init__(self, sections: Sequence[Section], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sections = list(sections)
        self._made: dict[str, QWidget] = {}
        self._key = ""
        self.list = QListWidget()
        set_type(self.list, "body")
        self.list.setProperty("panel", "navigation")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        say(self.list, T("Sections of the settings"), "accessibleName")
        for section in self._sections:
            item = QListWidgetItem(str(section.title), self.list)
            item.setData(Qt.ItemDataRole.UserRole, section.key)
        self.list.currentRowChanged.connect(self._chosen)
        self._stack = QStackedWidget()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list)
        row.addWidget(Line(standing=True))
        row.addWidget(self._stack, 1)
        self.retranslate()
        self.list.setCurrentRow(0)

    def open_section(self, key: str) -> QWidget | None:
        """Shows a section; None where the role has none of that name."""
        for row, section in enumerate(self._sections):
            if section.key == key:
                self.list.setCurrentRow(row)
                return self._made[key]
        return None

    def show_what(self, what: object) -> None:
        """A section's key."""
        if isinstance(what, str):
            self.open_section(what)

    def opened(self) -> None:
        """The section that is shown looks again."""
        self._call("opened")

    def left(self) -> None:
        """Nobody looks any more."""
        self._call("left")

    def shut_down(self) -> None:
        """The end of the session."""
        self._call("left")

    def retranslate(self) -> None:
        """Words, icons and width of the navigation: the text may have another size."""
        self.list.setFixedWidth(px(NAVIGATION))
        for row, section in enumerate(self._sections):
            item = self.list.item(row)
            item.setText(str(section.title))
            item.setIcon(icon(tokens(), section.icon, "text.2", px(16), 4))

    def _call(self, name: str) -> None:
        method = getattr(self._made.get(self._key), name, None)
        if callable(method):
            method()

    @Slot(int)
    def _chosen(self, row: int) -> None:
        if row < 0:
            return
        self._call("left")
        section = self._sections[row]
        self._key = section.key
        if section.key not in self._made:
            self._made[section.key] = section.make()
            self._stack.addWidget(self._holder(section))
        holder = self._made[section.key].property("holder")
        self._stack.setCurrentWidget(holder)
        self._call("opened")

    def _holder(self, section: Section) -> QWidget:
        made = self._made[section.key]
        if section.wide:
            made.setProperty("holder", made)
            return made
        inner = Panel("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(32, 20, 32, 24)
        holder = QHBoxLayout()
        made.setMaximumWidth(COLUMN)
        holder.addWidget(made, 1)
        holder.addStretch(0)
        column.addLayout(holder)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        made.setProperty("holder", scroll)
        return scroll
