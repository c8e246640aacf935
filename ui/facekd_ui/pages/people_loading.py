"""What fills the table of people: one filter and one order, counted and paged by the database."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from facekd_db.records import PersonFilter
from facekd_ui.pages.context import PageContext
from facekd_ui.services.crowd import Versioned
from facekd_ui.tables.paged import PAGE
from facekd_ui.tables.people import ADDED, NAME, SEEN, SORTS, PeopleTable, PersonRow, rows_of

BEGINS_DESCENDING = {ADDED, SEEN}
"""Columns whose newest values are wanted first."""


class PeopleLoading(QObject):
    """Fills the model. `loaded(count, everyone)` comes with the first page, `failed(error)` without it."""

    loaded = Signal(int, int)
    failed = Signal(object)

    def __init__(self, context: PageContext, model: PeopleTable, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._model, self._page = context, model, page
        self.which = PersonFilter()
        self.sort, self.descending = NAME, False
        self.first_screen_ms = 0.0
        """From asking to the first rows in the model, of the last `reload`."""
        model.wanted.connect(self._load_page)

    @Slot()
    def reload(self) -> None:
        """Counts and loads what is shown."""
        started = time.perf_counter()
        load, people, which = self._loader(0), self._context.services.people, self.which

        def work() -> tuple[int, int, list[PersonRow]]:
            count = people.count(which)
            return count, people.count() if which else count, load() if count else []

        def done(found: tuple[int, int, list[PersonRow]]) -> None:
            count, everyone, first = found
            self._model.begin(count)
            self._model.put(0, first)
            self.loaded.emit(count, everyone)
            self.first_screen_ms = (time.perf_counter() - started) * 1000

        self._context.ask(work, done, self.failed.emit, over=self._page, replaces="people")

    def sort_by(self, column: int) -> None:
        """Another order, or the same one turned round; columns that the store cannot sort by change nothing."""
        if column in SORTS:
            same = column == self.sort
            self.descending = not self.descending if same else column in BEGINS_DESCENDING
            self.sort = column
            self.reload()

    def everybody(self, then: Callable[[Sequence[Versioned]], object]) -> None:
        """Calls `then` with everyone of the filter, in the order of the table."""
        people, which, sort, turned = (
            self._context.services.people,
            self.which,
            SORTS[self.sort],
            self.descending,
        )
        self._context.ask(lambda: people.ids(which, sort=sort, descending=turned), then, over=self._page)

    def _loader(self, page: int) -> Callable[[], list[PersonRow]]:
        people, which, sort, turned = (
            self._context.services.people,
            self.which,
            SORTS[self.sort],
            self.descending,
        )

        def load() -> list[PersonRow]:
            rows = people.page(which, sort=sort, descending=turned, limit=PAGE, offset=page * PAGE)
            wanted = [row.crop_id for row in rows if row.crop_id is not None]
            return rows_of(rows, people.thumbnails(wanted) if wanted else {})

        return load

    @Slot(int)
    def _load_page(self, page: int) -> None:
        asked = (self.which, self.sort, self.descending)

        def done(rows: list[PersonRow]) -> None:
            if asked == (self.which, self.sort, self.descending):
                self._model.put(page, rows)

        self._context.ask(self._loader(page), done, lambda _error: self._model.forget(page), over=self._page)
