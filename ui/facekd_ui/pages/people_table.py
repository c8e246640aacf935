"""The table of the People page: its columns and what goes first when room is short, and who is chosen in it."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from facekd_ui.i18n.formats import date
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T
from facekd_ui.tables.paged import PAGE
from facekd_ui.tables.people import (
    ADDED,
    CONSENT,
    DEPARTMENT,
    GROUPS,
    NAME,
    PHOTOS,
    SEEN,
    SORTS,
    VALID,
    PeopleTable,
    PersonDelegate,
    now,
)
from facekd_ui.theme.theme import font, px, set_type

WIDTHS = {DEPARTMENT: 112, GROUPS: 132, CONSENT: 108, PHOTOS: 98, SEEN: 156}
LEAST_NAME = 190
KEPT = (VALID, CONSENT, PHOTOS, SEEN, DEPARTMENT, GROUPS, ADDED)
"""Columns beside the name; those at the end go first."""
Chosen = tuple[tuple[int, int], ...]
"""(id, version) of people."""


class PeopleView(QTableView):
    """Rows can be chosen one by one, with Shift, with Ctrl, or all (Ctrl+A). `sorted_by(column)` follows the header."""

    chosen = Signal()
    sorted_by = Signal(int)

    def __init__(self, model: PeopleTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._people = model
        self.setModel(model)
        self.setItemDelegate(PersonDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(px(46))
        header = self.horizontalHeader()
        set_type(header, "label")
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(NAME, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(self.sorted_by)
        # A header asks for each column whether all of it is selected, row by row: seconds for 100,000 of them.
        header.setSelectionModel(QItemSelectionModel(model, header))
        say(self, T("People on file"), "accessibleName")
        self.selectionModel().selectionChanged.connect(lambda _new, _old: self.chosen.emit())

    def fit(self, room: int) -> None:
        """Shows as many columns as go into `room` pixels."""
        header = self.horizontalHeader()
        day = QFontMetrics(font("body")).horizontalAdvance(date(now().replace(month=12, day=28))) + 26
        widths = {column: px(width) for column, width in WIDTHS.items()} | {VALID: day, ADDED: day}
        left = room - px(LEAST_NAME)
        for column in KEPT:
            left -= widths[column]
            header.resizeSection(column, widths[column])
            self.setColumnHidden(column, left < 0)

    def show_order(self, column: int, *, descending: bool) -> None:
        """The chevron in the header."""
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(column if column in SORTS else NAME, order)

    # -- who is chosen

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """First and last row of each stretch of chosen rows, in order."""
        selection = self.selectionModel().selection()
        found = {(selection.at(n).top(), selection.at(n).bottom()) for n in range(selection.count())}
        merged: list[tuple[int, int]] = []
        for top, bottom in sorted(found):
            if merged and top <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(bottom, merged[-1][1]))
            else:
                merged.append((top, bottom))
        return merged

    @property
    def count(self) -> int:
        """How many rows are chosen."""
        return sum(bottom - top + 1 for top, bottom in self.ranges)

    def known(self) -> Chosen | None:
        """Who is chosen; None while rows among them were never looked at and are not loaded."""
        found: list[tuple[int, int]] = []
        for row in self._rows():
            if not self._people.is_there(row):
                return None
            person = self._people.person(row)
            if person is None:
                return None
            found.append((person.id, person.version))
        return tuple(found)

    def pick(self, everybody: Sequence[tuple[int, int]]) -> Chosen:
        """Who is chosen, out of everybody in the order of the table."""
        return tuple(person for top, bottom in self.ranges for person in everybody[top : bottom + 1])

    def mark(self, ids: set[int]) -> None:
        """Chooses those who are in the first rows, without a signal: after the table was loaded again."""
        selection = self.selectionModel()
        selection.blockSignals(True)
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in range(min(self._people.rowCount(), PAGE)):
            person = self._people.person(row)
            if person is not None and person.id in ids:
                selection.select(self._people.index(row, NAME), flags)
                if len(ids) == 1:
                    selection.setCurrentIndex(
                        self._people.index(row, NAME), QItemSelectionModel.SelectionFlag.NoUpdate
                    )
        selection.blockSignals(False)
        self.viewport().update()

    def _rows(self) -> Iterator[int]:
        for top, bottom in self.ranges:
            yield from range(top, bottom + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens who is current, Esc goes on to the page."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)
