"""The table of operators: name, role, state, when last logged in."""

from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, Tn
from facekd_ui.services.accounts import AccountRow
from facekd_ui.services.words import ROLES
from facekd_ui.tables.base import ListTable
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


class OperatorsTable(ListTable[AccountRow]):
    """All accounts."""

    def __init__(self) -> None:
        super().__init__(HEADERS)

    def row_of(self, operator_id: int) -> int | None:
        """Where an account stands."""
        return next((i for i, row in enumerate(self._rows) if row.operator.id == operator_id), None)

    def words(self, record: AccountRow, column: int) -> str:
        """What a cell says."""
        operator = record.operator
        if column == 0:
            return operator.name
        if column == 1:
            return str(ROLES[operator.role])
        if column == 2:
            return state_of(record)[2]
        when = operator.last_login_at
        return str(T("never")) if when is None else moment(when.astimezone(), now())
