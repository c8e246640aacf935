"""The audit log, newest first; older rows are fetched when one scrolls to them."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Signal

from facekd_db.records import AuditRow
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T
from facekd_ui.services.words import act_words, detail_words, subject_words
from facekd_ui.tables.base import ROOT, Index, WordTable

HEADERS = (T("Row"), T("Time"), T("Who"), T("What"), T("On"), T("Detail"))
DETAIL = 5
STEP = 100


class AuditTable(WordTable[AuditRow]):
    """Rows that were read so far. `more(before)` asks for older ones than a sequence number."""

    more = Signal(int)

    def __init__(self) -> None:
        super().__init__(HEADERS)
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

    def hint(self, record: AuditRow, column: int) -> str | None:
        """All of a long detail."""
        return detail_words(record.detail) if column == DETAIL else None

    def words(self, record: AuditRow, column: int) -> str:
        """What a cell says."""
        match column:
            case 0:
                return f"{record.sequence:,}"
            case 1:
                return moment(record.at.astimezone(), self._now, seconds=True)
            case 2:
                return record.operator or "FaceKD"
            case 3:
                return act_words(record.act)
            case 4:
                return subject_words(record.subject)
            case _:
                return detail_words(record.detail)
