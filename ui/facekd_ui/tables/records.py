"""The table of records: pages of events from the store as one scrolls, pictures as rows come into sight."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap

from facekd_db.records import Event
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.closeness import Closeness, Kind
from facekd_ui.services.records import how_sure
from facekd_ui.tables.base import ROOT, Index, WordTable

EVENT = Qt.ItemDataRole.UserRole
PICTURE = Qt.ItemDataRole.UserRole + 1
PAGE = 100
PICTURES_KEPT = 400

TIME, PERSON, CAMERA, CLOSE, STAYED = range(5)
HEADERS: tuple[Text, ...] = (T("Time"), T("Person"), T("Camera"), T("How close"), T("Stayed"))
_NAMELESS: dict[str, Text] = {
    "unknown": T("Unknown"),
    "known": T("Erased person"),
    "uncertain": T("Erased person"),
    "erased": T("Erased person"),
}


class RecordsTable(WordTable[Event]):
    """Newest first. Knows neither store nor widgets: it asks for pages and pictures by signals."""

    more_wanted = Signal()
    picture_wanted = Signal(int)
    """Event id; asked once until `set_picture` or `set_events`."""

    def __init__(self) -> None:
        super().__init__(HEADERS)
        self._events: list[Event] = []
        self._complete = True
        self._asked_more = False
        self._pictures: OrderedDict[int, QPixmap] = OrderedDict()
        self._asked: set[int] = set()
        self.now = datetime.now().astimezone()
        """From which "today" and "yesterday" count."""

    @property
    def events(self) -> Sequence[Event]:
        """What is loaded."""
        return self._events

    def record(self, row: int) -> Event | None:
        """The event of a row."""
        return self._events[row] if 0 <= row < len(self._events) else None

    def set_events(self, events: Sequence[Event], now: datetime) -> None:
        """Another filter, or a fresh look: the first page."""
        self.beginResetModel()
        self._events = list(events)
        self._complete = len(events) < PAGE
        self._asked_more = False
        self._asked.clear()
        self.now = now
        self.endResetModel()

    def add_events(self, events: Sequence[Event]) -> None:
        """The next page."""
        self._asked_more = False
        self._complete = len(events) < PAGE
        if events:
            first = len(self._events)
            self.beginInsertRows(ROOT, first, first + len(events) - 1)
            self._events.extend(events)
            self.endInsertRows()

    def more_failed(self) -> None:
        """The next page did not come; it is asked for again when one scrolls."""
        self._asked_more = False

    def replace(self, event: Event) -> None:
        """A corrected event in the place of the old one."""
        for row, old in enumerate(self._events):
            if old.id == event.id:
                self._events[row] = event
                self.dataChanged.emit(self.index(row, 0), self.index(row, STAYED))

    def set_picture(self, event_id: int, picture: QPixmap | None) -> None:
        """A picture that was asked for; None where there is none."""
        self._pictures[event_id] = picture or QPixmap()
        self._asked.discard(event_id)
        while len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)
        for row, event in enumerate(self._events):
            if event.id == event_id:
                self.dataChanged.emit(self.index(row, PERSON), self.index(row, PERSON), [PICTURE])

    def picture(self, event: Event) -> QPixmap | None:
        """The picture if it is there; otherwise it is asked for."""
        if event.id in self._pictures:
            self._pictures.move_to_end(event.id)
            found = self._pictures[event.id]
            return None if found.isNull() else found
        if event.has_image and event.id not in self._asked:
            self._asked.add(event.id)
            self.picture_wanted.emit(event.id)
        return None

    def rowCount(self, parent: Index = ROOT) -> int:
        """How many are loaded."""
        return 0 if parent.isValid() else len(self._events)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether older ones are left in the store."""
        return not parent.isValid() and not self._complete and not self._asked_more

    def fetchMore(self, parent: Index) -> None:
        """Asks for the next page; it comes later by `add_events`."""
        if self.canFetchMore(parent):
            self._asked_more = True
            self.more_wanted.emit()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, the event itself, or its picture."""
        event = self.record(index.row()) if role in (EVENT, PICTURE) and index.isValid() else None
        if event is None:
            return super().data(index, role)
        if role == EVENT:
            return event
        return self.picture(event) if index.column() == PERSON else None

    def words(self, record: Event, column: int) -> str:
        """What a cell says."""
        if column == TIME:
            return moment(record.at.astimezone(), self.now)
        if column == PERSON:
            return str(name_of(record))
        if column == CAMERA:
            return record.camera
        if column == CLOSE:
            return "" if record.state == "erased" else str(sureness(record).words())
        return str(stayed(record))


def name_of(event: Event) -> Text | str:
    """The name, with a question mark where it is not sure."""
    if event.person is None:
        return _NAMELESS[event.state]
    return f"{event.person}?" if event.state == "uncertain" else event.person


def sureness(event: Event) -> Closeness:
    """How sure the name was; of an unknown face no number is said."""
    return Closeness(Kind.NONE) if event.state == "unknown" else how_sure(event)


def stayed(event: Event) -> Text:
    """How long somebody was there."""
    seconds = round((event.last_at - event.at).total_seconds())
    if seconds < 1:
        return T("briefly")
    if seconds < 60:
        return T("{n} s", n=seconds)
    return T("{n} min", n=round(seconds / 60))


def where_and_when(event: Event, now: datetime) -> Text:
    """Camera and time in one line."""
    return T("{camera}, {when}", camera=event.camera, when=moment(event.at.astimezone(), now))
