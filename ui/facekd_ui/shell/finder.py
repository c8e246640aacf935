"""Find anything (Ctrl+K): pages and actions at once, people and other things as the store answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import px
from facekd_ui.widgets.fields import Field
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, KeyCap, Label
from facekd_ui.widgets.sheets import WIDE, Sheet
from facekd_ui.workers.tasks import Tasks

MOST = 12  # entries shown
LEAST = 3  # rank of what fits by something else than its words


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be opened."""

    words: str
    run: Callable[[], object]
    icon: str = "arrow-right"
    note: str = ""  # at the right: where it belongs
    key: str = ""


Lookup = Callable[[str], Sequence[Found]]


def rank(query: str, words: str) -> int | None:
    """How well words fit a query: 0 begin alike, 1 a word begins so, 2 it is inside; None: not at all."""
    query, words = query.casefold().strip(), words.casefold()
    if not query or words.startswith(query):
        return 0
    if any(word.startswith(query) for word in words.split()):
        return 1
    return 2 if query in words else None


def best(query: str, entries: Sequence[Found], looked_up: Sequence[Found] = ()) -> list[Found]:
    """The entries that fit, best first, equals in their order.

    `looked_up` fit whatever their words are (by a code, by a department), and come before equals.
    """
    fitting: list[tuple[int, int, Found]] = []
    for row, entry in enumerate((*looked_up, *entries)):
        how = rank(query, entry.words)
        if how is not None or row < len(looked_up):
            fitting.append((LEAST if how is None else how, row, entry))
    return [entry for _, _, entry in sorted(fitting, key=lambda item: item[:2])]


class Finder(Sheet):
    """Type, arrows, Enter.

    Args:
        parent: the window.
        at_hand: pages and actions, asked at once in the interface thread.
        lookup: people and more, asked on `tasks`; None while there is no store.
        tasks: where `lookup` runs.
    """

    def __init__(
        self, parent: QWidget, at_hand: Callable[[], Sequence[Found]], lookup: Lookup | None, tasks: Tasks
    ) -> None:
        super().__init__(parent, T("Find a person, a page or an action"), WIDE)
        self._at_hand, self._lookup, self._tasks = at_hand, lookup, tasks
        self._looked_up: list[Found] = []
        self._shown: list[Found] = []
        self.field = Field(T("Find a person, a page or an action"), large=True)
        say(self.field, T("Find a person, a page or an action"), "accessibleName")
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        say(self.list, T("Found"), "accessibleName")
        self._nothing = Label(T("Nothing fits. Try fewer letters."), "body", "text.2")
        self._nothing.setContentsMargins(8, 4, 8, 4)
        self.body.setContentsMargins(10, 10, 10, 10)
        self.body.addWidget(self.field)
        self.body.addWidget(self.list)
        self.body.addWidget(self._nothing)
        self.field.textChanged.connect(self._typed)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._run())
        self._refresh()

    def ask(self) -> None:
        """Opens, empty."""
        self.field.clear()
        self._refresh()
        self.open()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the field act on the list."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._shown:
                step = 1 if key == Qt.Key.Key_Down else -1
                self.list.setCurrentRow((self.list.currentRow() + step) % len(self._shown))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)

    @property
    def found(self) -> list[str]:
        """The words of the entries shown."""
        return [entry.words for entry in self._shown]

    def _typed(self, query: str) -> None:
        self._looked_up = []
        self._refresh()
        if self._lookup is not None and query.strip():
            lookup = self._lookup
            self._tasks.run(
                lambda _progress: list(lookup(query.strip())),
                self._show_looked_up,
                lambda _error: None,  # the banner about the store says it already
                replaces="finder",
            )

    def _show_looked_up(self, entries: list[Found]) -> None:
        self._looked_up = entries
        self._refresh()

    def _refresh(self) -> None:
        query = self.field.text()
        self._shown = best(query, self._at_hand(), self._looked_up)[:MOST]
        self.list.clear()
        for entry in self._shown:
            item = QListWidgetItem(self.list)
            row = _Row(entry)
            item.setSizeHint(QSize(0, px(36)))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.words} {entry.note}".strip())
            self.list.setItemWidget(item, row)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(px(36) * min(8, max(1, len(self._shown))) + 4)
        self.list.setVisible(bool(self._shown))
        self._nothing.setVisible(not self._shown)
        self.adjustSize()

    def _run(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._shown):
            entry = self._shown[row]
            self.accept()
            entry.run()


class _Row(QWidget):
    def __init__(self, entry: Found) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel(entry.icon, "text.2", 16))
        row.addWidget(ElidedLabel(entry.words), 1)
        if entry.note:
            row.addWidget(Label(entry.note, "small", "text.2"))
        if entry.key:
            row.addWidget(KeyCap(entry.key))


class KeySheet(Sheet):
    """All keys that work here (F1), from the actions themselves."""

    def __init__(
        self, parent: QWidget, groups: Sequence[tuple[Text | str, Sequence[tuple[str, str]]]]
    ) -> None:
        """`groups`: heading, and (what, key) pairs."""
        super().__init__(parent, T("Keys"), 720)
        head = QHBoxLayout()
        head.addWidget(Label(T("Keys"), "section"))
        head.addStretch()
        head.addWidget(Label(T("Esc closes"), "small", "text.2"))
        self.body.addLayout(head)
        columns = QHBoxLayout()
        columns.setSpacing(40)
        halves = [QVBoxLayout(), QVBoxLayout()]
        heights = [0, 0]
        for heading, rows in groups:
            shorter = heights.index(min(heights))
            heights[shorter] += len(rows) + 2
            halves[shorter].addLayout(_group(heading, rows))
            halves[shorter].addSpacing(12)
        for half in halves:
            half.addStretch()
            columns.addLayout(half, 1)
        self.body.addLayout(columns)


def _group(heading: Text | str, rows: Sequence[tuple[str, str]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)
    column.addWidget(Label(heading, "label", "text.2"))
    for what, key in rows:
        row = QHBoxLayout()
        label = Label(what)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(label, 1)
        row.addWidget(KeyCap(key))
        column.addLayout(row)
    return column
