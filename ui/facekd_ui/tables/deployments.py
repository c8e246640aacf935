"""Every change of the recogniser as a table."""

from facekd_db.deployments import Deployment, Stage
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, Text
from facekd_ui.tables.base import ListTable
from facekd_ui.tables.people import now

MODEL, STATE, BEFORE, BY, BEGUN, LIVE, ENDED = range(7)
STAGES: dict[Stage, tuple[str, str, Text]] = {
    Stage.STAGING: ("clock", "warning", T("being prepared")),
    Stage.LIVE: ("check", "success", T("in use, can be taken back")),
    Stage.SETTLED: ("check", "success", T("in use")),
    Stage.SUPERSEDED: ("history", "text.2", T("replaced by the next")),
    Stage.ROLLED_BACK: ("rollback", "text.2", T("rolled back")),
    Stage.CANCELLED: ("close", "text.2", T("given up")),
}
"""Icon, ink and word of each stage."""


class DeploymentsTable(ListTable[Deployment]):
    """Newest first."""

    def __init__(self) -> None:
        super().__init__(
            (
                T("Recogniser"),
                T("What became of it"),
                T("Before it"),
                T("By"),
                T("Begun"),
                T("Live"),
                T("Ended"),
            )
        )

    def words(self, record: Deployment, column: int) -> str:
        """One cell."""
        match column:
            case 0:
                return record.model.replace("_", " ")
            case 1:
                return str(STAGES[record.stage][2])
            case 2:
                return (record.previous or "").replace("_", " ")
            case 3:
                return record.started_by or ""
        when = (record.started_at, record.live_at, record.ended_at)[column - BEGUN]
        return "" if when is None else moment(when.astimezone(), now())

    def mark(self, row: int, column: int) -> tuple[str, str] | None:
        """The icon of the stage."""
        return STAGES[self.record(row).stage][:2] if column == STATE else None
