"""The crops of the records: rows ask one by one, the store is asked for all of a moment together."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from facekd_ui.pages.context import PageContext

GATHER_MS = 30  # pictures that are asked for within this time are read together


class RecordsPictures(QObject):
    """Reads pictures for `page` and hands each to `take(event id, picture or None)`."""

    def __init__(
        self, page: QWidget, context: PageContext, take: Callable[[int, QPixmap | None], object]
    ) -> None:
        super().__init__(page)
        self._page, self._context, self._take = page, context, take
        self._wanted: list[int] = []
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self._read)

    def want(self, event_id: int) -> None:
        """Asks for the picture of an event."""
        self._wanted.append(event_id)
        if not self._gather.isActive():
            self._gather.start()

    def _read(self) -> None:
        ids, self._wanted = self._wanted, []
        records = self._context.services.records
        self._context.ask(
            lambda: [(key, records.image(key)) for key in ids],
            lambda found: [self._take(key, pixmap(data)) for key, data in found],
            lambda _error: None,
            over=self._page,
        )


def pixmap(data: bytes | None) -> QPixmap | None:
    """A picture; None where there is none or it does not open."""
    picture = QPixmap()
    return picture if data is not None and picture.loadFromData(data) else None
