"""The table of an import: what becomes of each folder, and why photographs of it are not taken."""

from facekd.quality import Reason
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.imports import Fate, ImportRow
from facekd_ui.services.words import REASONS
from facekd_ui.tables.base import ListTable

NAME, WHAT, PHOTOS, REFUSED, WHY = range(5)
HEADERS = (T("Name"), T("What"), T("Photos"), T("Refused"), T("Why"))
FATES: dict[Fate, tuple[str, str, Text]] = {
    Fate.NEW: ("plus", "success", T("new")),
    Fate.UPDATE: ("photo", "accent", T("more photos")),
    Fate.REFUSED: ("close", "danger", T("refused")),
}
"""What becomes of a folder -> icon, ink, word."""


class ImportTable(ListTable[ImportRow]):
    """One row a folder."""

    def __init__(self) -> None:
        super().__init__(HEADERS)

    def mark(self, row: int, column: int) -> tuple[str, str] | None:
        """Icon and ink of a cell, for the delegate."""
        if column != WHAT or row >= len(self._rows):
            return None
        return FATES[self._rows[row].fate][:2]

    def words(self, record: ImportRow, column: int) -> str:
        """What a cell says."""
        if column == NAME:
            return record.name
        if column == WHAT:
            return str(FATES[record.fate][2])
        if column == PHOTOS:
            return str(record.photos)
        if column == REFUSED:
            return str(len(record.refused)) if record.refused else ""
        return str(why_of(record))

    def hint(self, record: ImportRow, column: int) -> str:
        """All of a long reason."""
        return self.words(record, column)


def why_of(row: ImportRow) -> Text | str:
    """Why a folder, or photographs of it, are not taken."""
    if row.why:
        return row.why
    reasons: dict[Reason, int] = {}
    for file in row.refused:
        reasons[file.reason] = reasons.get(file.reason, 0) + 1
    parts = [T("{name} ({n})", name=REASONS[reason], n=count) for reason, count in reasons.items()]
    return str(listed(parts))
