"""What all tables of words have in common: headers, one cell a word, another language while they are shown."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from facekd_ui.i18n.text import Text

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
"""The roles under which a cell gives its words: to delegates and tests, and to screen readers."""


class WordTable(QAbstractTableModel, Generic[R]):
    """Records as rows of words. A child class says how many there are, which one a row is, and what its cells say."""

    def __init__(self, headers: Sequence[Text]) -> None:
        super().__init__()
        self._headers = tuple(headers)

    def record(self, row: int) -> R | None:
        """The record of a row, or None while it is on the way."""
        raise NotImplementedError

    def words(self, record: R, column: int) -> str:
        """What a cell says."""
        raise NotImplementedError

    def hint(self, record: R, column: int) -> str | None:  # noqa: ARG002 -- for those that have one
        """The tooltip of a cell, if it has one."""
        return None

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
        """Words of a cell, and its tooltip."""
        hinted = role == Qt.ItemDataRole.ToolTipRole
        if not index.isValid() or not (hinted or role in SPOKEN):
            return None
        record = self.record(index.row())
        if record is None:
            return None
        return self.hint(record, index.column()) if hinted else self.words(record, index.column())

    def retranslate(self) -> None:
        """Headers and cells in another language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._headers) - 1)
        if rows := self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, len(self._headers) - 1))


class ListTable(WordTable[R]):
    """All records are in memory; there are never many."""

    def __init__(self, headers: Sequence[Text]) -> None:
        super().__init__(headers)
        self._rows: tuple[R, ...] = ()

    def show_rows(self, rows: Sequence[R]) -> None:
        """Other rows."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def record(self, row: int) -> R:
        """The record of a row."""
        return self._rows[row]

    def rowCount(self, parent: Index = ROOT) -> int:
        """One a record."""
        return 0 if parent.isValid() else len(self._rows)
