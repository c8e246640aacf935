"""A table of which only the pages that were looked at are in memory: 100,000 rows cost as much as 50."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from facekd_ui.i18n.text import Text

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
PAGE = 50


class PagedTable(QAbstractTableModel, Generic[R]):
    """Rows come by pages; `wanted(page)` asks for one that is to be shown."""

    wanted = Signal(int)

    def __init__(self, headers: Sequence[Text]) -> None:
        super().__init__()
        self._headers = tuple(headers)
        self._count = 0
        self._pages: dict[int, tuple[R, ...]] = {}
        self._asked: set[int] = set()

    def begin(self, count: int) -> None:
        """Another search or order: so many rows, none of them known yet."""
        self.beginResetModel()
        self._count = count
        self._pages, self._asked = {}, set()
        self.endResetModel()

    def put(self, page: int, rows: Sequence[R]) -> None:
        """The rows of a page."""
        self._pages[page] = tuple(rows)
        first, last = page * PAGE, min(self._count, page * PAGE + len(rows)) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._headers) - 1))

    def forget(self, page: int) -> None:
        """A page could not be loaded; looking at it asks again."""
        self._asked.discard(page)

    def is_there(self, row: int) -> bool:
        """Whether a row is known; unlike `record` this asks for nothing."""
        return row // PAGE in self._pages

    def record(self, row: int) -> R | None:
        """The record of a row, or None while its page is on the way."""
        if not 0 <= row < self._count:
            return None
        page, offset = divmod(row, PAGE)
        rows = self._pages.get(page)
        if rows is None:
            if page not in self._asked:
                self._asked.add(page)
                self.wanted.emit(page)
            return None
        return rows[offset] if offset < len(rows) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        """All rows, known or not."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = ROOT) -> int:
        """One a header."""
        return 0 if parent.isValid() else len(self._headers)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The words above the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return str(self._headers[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell, for delegates, screen readers and tests."""
        if (
            role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            or not index.isValid()
        ):
            return None
        record = self.record(index.row())
        return None if record is None else self.words(record, index.column())

    def words(self, record: R, column: int) -> str:
        """What a cell says."""
        raise NotImplementedError

    def retranslate(self) -> None:
        """Headers and cells in another language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._headers) - 1)
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(self._headers) - 1))
