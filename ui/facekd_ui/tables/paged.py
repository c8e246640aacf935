"""A table of which only the pages that were looked at are in memory: 100,000 rows cost as much as 50."""

from collections.abc import Sequence

from PySide6.QtCore import Signal

from facekd_ui.i18n.text import Text
from facekd_ui.tables.base import ROOT, Index, R, WordTable

PAGE = 50


class PagedTable(WordTable[R]):
    """Rows come by pages; `wanted(page)` asks for one that is to be shown."""

    wanted = Signal(int)

    def __init__(self, headers: Sequence[Text]) -> None:
        super().__init__(headers)
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
