"""The table of an import: what becomes of each folder, and why photographs of it are not taken."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt

from facekd.quality import Reason
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.imports import Fate, ImportRow
from facekd_ui.services.words import REASONS
from facekd_ui.tables.paged import ROOT, Index

NAME, WHAT, PHOTOS, REFUSED, WHY = range(5)
HEADERS = (T("Name"), T("What"), T("Photos"), T("Refused"), T("Why"))
FATES: dict[Fate, tuple[str, str, Text]] = {
    Fate.NEW: ("plus", "success", T("new")),
    Fate.UPDATE: ("photo", "accent", T("more photos")),
    Fate.REFUSED: ("close", "danger", T("refused")),
}
"""What becomes of a folder -> icon, ink, word."""


class ImportTable(QAbstractTableModel):
    """One row a folder."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[ImportRow, ...] = ()

    def show_rows(self, rows: Sequence[ImportRow]) -> None:
        """Other rows."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def mark(self, row: int, column: int) -> tuple[str, str] | None:
        """Icon and ink of a cell, for the delegate."""
        if column != WHAT or row >= len(self._rows):
            return None
        return FATES[self._rows[row].fate][:2]

    def rowCount(self, parent: Index = ROOT) -> int:
        """One a folder."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """One a header."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The words above the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return str(HEADERS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        wanted = (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        )
        if role not in wanted or not index.isValid():
            return None
        row = self._rows[index.row()]
        match index.column():
            case 0:  # NAME
                return row.name
            case 1:
                return str(FATES[row.fate][2])
            case 2:
                return str(row.photos)
            case 3:
                return str(len(row.refused)) if row.refused else ""
            case _:
                return str(why_of(row))

    def retranslate(self) -> None:
        """Headers and cells in another language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADERS) - 1)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, WHY))


def why_of(row: ImportRow) -> Text | str:
    """Why a folder, or photographs of it, are not taken."""
    if row.why:
        return row.why
    reasons: dict[Reason, int] = {}
    for file in row.refused:
        reasons[file.reason] = reasons.get(file.reason, 0) + 1
    parts = [T("{name} ({n})", name=REASONS[reason], n=count) for reason, count in reasons.items()]
    return str(listed(parts))
