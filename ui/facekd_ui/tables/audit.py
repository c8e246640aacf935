"""The audit log, newest first; older rows are fetched when one scrolls to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from facekd_db.records import AuditRow
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T
from facekd_ui.services.words import act_words, detail_words, subject_words
from facekd_ui.tables.paged import ROOT, Index

HEADERS = (T("Row"), T("Time"), T("Who"), T("What"), T("On"), T("Detail"))
STEP = 100


class AuditTable(QAbstractTableModel):
    """Rows that were read so far. `more(before)` asks for older ones than a sequence number."""

    more = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[AuditRow] = []
        self._now = datetime.now().astimezone()
        self._complete = False
        self._asked = False

    def begin(self, rows: Sequence[AuditRow]) -> None:
        """The newest rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self._now = datetime.now().astimezone()
        self._complete, self._asked = len(rows) < STEP, False
        self.endResetModel()

    def add(self, rows: Sequence[AuditRow]) -> None:
        """Older ones."""
        self._asked = False
        self._complete = len(rows) < STEP
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows += rows
            self.endInsertRows()

    def record(self, row: int) -> AuditRow:
        """One row."""
        return self._rows[row]

    def canFetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> bool:
        """Whether there are older rows."""
        return not parent.isValid() and not self._complete and not self._asked and bool(self._rows)

    def fetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> None:
        """Asks for them."""
        if self.canFetchMore(parent):
            self._asked = True
            self.more.emit(self._rows[-1].sequence)

    def rowCount(self, parent: Index = ROOT) -> int:
        """What was read so far."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Six."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words above the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return str(HEADERS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell; the tooltip has all of a long detail."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 5:
            return detail_words(row.detail)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        when = row.at.astimezone()
        match index.column():
            case 0:
                return f"{row.sequence:,}"
            case 1:
                return moment(when, self._now, seconds=True)
            case 2:
                return row.operator or "FaceKD"
            case 3:
                return act_words(row.act)
            case 4:
                return subject_words(row.subject)
            case _:
                return detail_words(row.detail)

    def retranslate(self) -> None:
        """In another language."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(HEADERS) - 1))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADERS) - 1)
