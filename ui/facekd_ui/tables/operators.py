"""The table of operators: name, role, state, when last logged in."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt

from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, Tn
from facekd_ui.services.accounts import AccountRow
from facekd_ui.services.words import ROLES
from facekd_ui.tables.paged import ROOT, Index
from facekd_ui.tables.people import now

HEADERS = (T("Name"), T("Role"), T("State"), T("Last log-in"))


def state_of(row: AccountRow) -> tuple[str, str, str]:
    """Icon, ink and words of how an account stands."""
    operator = row.operator
    if not operator.enabled:
        return "minus", "text.2", str(T("switched off"))
    if row.locked_until is not None:
        return "lock", "warning", str(T("locked out"))
    if operator.must_change_password:
        return "key", "text.2", str(T("one-time password"))
    if row.sessions:
        return "state-known", "known", str(Tn("logged in", "logged in at {n} desks", row.sessions))
    return "minus", "text.2", str(T("logged out"))


class OperatorsTable(QAbstractTableModel):
    """All accounts; there are never many."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[AccountRow, ...] = ()

    def show_rows(self, rows: Sequence[AccountRow]) -> None:
        """Other rows."""
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def row_of(self, operator_id: int) -> int | None:
        """Where an account stands."""
        return next((i for i, row in enumerate(self._rows) if row.operator.id == operator_id), None)

    def record(self, row: int) -> AccountRow:
        """The account of a row."""
        return self._rows[row]

    def rowCount(self, parent: Index = ROOT) -> int:
        """One an account."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Four."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words above the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return str(HEADERS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words of a cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = self._rows[index.row()]
        operator = row.operator
        match index.column():
            case 0:
                return operator.name
            case 1:
                return str(ROLES[operator.role])
            case 2:
                return state_of(row)[2]
            case _:
                when = operator.last_login_at
                return str(T("never")) if when is None else moment(when.astimezone(), now())

    def retranslate(self) -> None:
        """In another language."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADERS) - 1)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(HEADERS) - 1))
