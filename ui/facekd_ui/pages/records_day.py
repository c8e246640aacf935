"""The day of the records: its 24 bars, and the keys that go from day to day."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from facekd_db.records import Event
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.records_filters import RecordsFilters, day_range, day_words
from facekd_ui.shell.actions import action
from facekd_ui.widgets.day_strip import DayStrip, Hours

WEEK = timedelta(days=7)


class RecordsDay(QWidget):
    """Shows the day that the filters are about, or that of the newest event; dragging sets the filter of time."""

    def __init__(self, page: QWidget, context: PageContext, filters: RecordsFilters) -> None:
        super().__init__(page)
        self._context, self._filters = context, filters
        self.day = date.today()
        self.strip = DayStrip()
        self.strip.chosen.connect(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 16, 8)
        column.addWidget(self.strip)
        action(page, T("Today"), partial(self.go, date.today), "T", "calendar")
        action(
            page,
            T("The day before"),
            partial(self.go, lambda: self.day - timedelta(days=1)),
            "Left",
            "calendar",
        )
        action(
            page,
            T("The day after"),
            partial(self.go, lambda: self.day + timedelta(days=1)),
            "Right",
            "calendar",
        )

    def go(self, where: Callable[[], date]) -> None:
        """Another day, the whole of it."""
        self._filters.set_day(where())

    def refresh(self, newest: Sequence[Event]) -> None:
        """Counts again. `newest`: what the filters let through, newest first."""
        since, until = self._filters.range
        hours: Hours | None = None
        if since is not None and self._is_one_day(since, until):
            self.day = since.date()
            if until is not None and (since, until) != day_range(self.day):
                hours = since.hour, 24 if until.date() > self.day else until.hour + (until.minute > 0)
        elif newest:
            self.day = newest[0].at.astimezone().date()
        self.strip.choose(hours)
        day, which, records = (
            self.day,
            replace(self._filters.value, since=None, until=None),
            self._context.services.records,
        )
        self._context.ask(
            lambda: (records.hours(day, which), records.hours(day - WEEK, which)),
            lambda counts: self.strip.show_day(*counts, T("grey: a week before")),
            lambda _error: None,  # the table says that the store is away
            over=self,
            replaces="records hours",
        )

    @staticmethod
    def _is_one_day(since: datetime, until: datetime | None) -> bool:
        if until is None:
            return since.date() == date.today()
        end = day_range(since.date())[1]
        return end is not None and until <= end

    def _chosen(self, hours: Hours | None) -> None:
        if hours is None:
            self._filters.set_day(self.day)
            return
        first, last = hours
        start = datetime.combine(self.day, time(first)).astimezone()
        end = day_range(self.day)[1] if last == 24 else datetime.combine(self.day, time(last)).astimezone()
        words = T("{start} to {end}", start=f"{day_words(self.day)} {first:02}:00", end=f"{last:02}:00")
        self._filters.set_range((start, end), words)
