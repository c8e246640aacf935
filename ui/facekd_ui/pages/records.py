"""The Records page: who was where and when, filtered, looked at, corrected and exported."""

import logging
from datetime import datetime
from functools import partial

from PySide6.QtCore import QItemSelection, Qt, QTimer
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facekd_db.records import Camera, Event, EventFilter, Role
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.records_day import RecordsDay
from facekd_ui.pages.records_detail import RecordDetail
from facekd_ui.pages.records_export import RecordsExport
from facekd_ui.pages.records_filters import RecordsFilters
from facekd_ui.pages.records_pictures import RecordsPictures, pixmap
from facekd_ui.services.recognition import Face
from facekd_ui.services.records import STATES as EVENT_STATES
from facekd_ui.services.records import Why
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.plain import plain_table
from facekd_ui.tables.records import CAMERA, CLOSE, PAGE, PERSON, STAYED, TIME, RecordsTable
from facekd_ui.tables.records_delegate import ROW, RecordsDelegate
from facekd_ui.widgets.badges import STATES, StateBadge
from facekd_ui.widgets.banners import EmptyState, ErrorState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label

log = logging.getLogger(__name__)

SKELETON_MS = 600
WIDE, NARROW = 420, 380
NARROW_BELOW = 1330
Found = tuple[tuple[Event, ...], dict[str, int], int, tuple[Camera, ...]]  # first page, states, all, cameras


class RecordsPage(QWidget):
    """Events, newest first."""

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self.table = RecordsTable()
        self._patience = QTimer(self, singleShot=True, interval=SKELETON_MS)
        self._patience.timeout.connect(self._show_skeleton)
        self._make_actions()
        self.filters = RecordsFilters()
        self.day = RecordsDay(self, context, self.filters)
        self.detail = RecordDetail(self.open_action, self.not_action)
        self.view = self._make_view()
        self._count = Label("", "small", "text.2")
        self._tally = {state: StateBadge(state, "", "small") for state in EVENT_STATES}
        self.error = ErrorState()
        self.error.retry.connect(self.refresh)
        self._lay_out()
        self.filters.changed.connect(self._filtered)
        self.table.more_wanted.connect(self._more)
        self._pictures = RecordsPictures(self, context, self._take_picture)
        self.table.picture_wanted.connect(self._pictures.want)
        self.detail.closed.connect(self.view.clearSelection)
        self._allow()

    # -- for the window

    def opened(self) -> None:
        """The page is shown: what came meanwhile is shown too."""
        self.refresh()

    def store_found(self) -> None:
        """The store is back."""
        self.refresh()

    def refresh(self) -> None:
        """Reads the first page again."""
        which, records = self.filters.value, self._context.services.records

        def read() -> Found:
            tally = records.tally(which)
            every = sum(tally.values()) if which == EventFilter() else records.count()
            return records.page(which, limit=PAGE), tally, every, records.cameras()

        self._patience.start()
        self._context.ask(read, partial(self._show, which), self._failed, over=self, replaces="records")

    # -- made of

    def _make_actions(self) -> None:
        self.exports = RecordsExport(self, self._context, lambda: self.filters.value)
        self.refresh_action = action(self, T("Look again"), self.refresh, "F5", "refresh")
        self.clear_action = action(self, T("Clear filters"), lambda: self.filters.clear(), "", "filter")
        self.open_action = action(self, T("Open person"), self._open_person, "O", "person")
        action(self, T("Next record"), partial(self._step, 1), "J", "chevron-down")
        action(self, T("Previous record"), partial(self._step, -1), "K", "chevron-up")
        self.not_action = action(self, T("Not this person"), self._not_this_person, "N", "close")

    def _make_view(self) -> QTableView:
        view = QTableView()
        view.setModel(self.table)
        view.setItemDelegate(RecordsDelegate(view))
        plain_table(view, {TIME: 132, PERSON: 224, CAMERA: 136, STAYED: 84}, stretch=CLOSE, height=ROW)
        view.setMouseTracking(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.horizontalHeader().setSectionsClickable(False)
        say(view, T("Records"), "accessibleName")
        view.selectionModel().selectionChanged.connect(self._selected)
        view.activated.connect(lambda _index: self._open_person())
        return view

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 14, 16, 14)
        bar.setSpacing(8)
        bar.addWidget(self.filters)
        bar.addStretch()
        bar.addWidget(button_for(self.refresh_action, words=False))
        bar.addWidget(self.exports.button)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 9, 16, 9)
        foot.setSpacing(16)
        foot.addWidget(self._count)
        for badge in self._tally.values():
            foot.addWidget(badge)
        foot.addStretch()
        zone = datetime.now().astimezone().strftime("%z")
        zone = f"UTC{zone[:3]}:{zone[3:]}"
        foot.addWidget(Label(T("Times as on this computer, {zone}", zone=zone), "small", "text.2"))
        filled = Panel("surface")
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(Line())
        column.addLayout(foot)
        self._filled = filled
        self._skeleton = Skeleton(12)
        self._empty = EmptyState(
            "history",
            T("Nothing recorded yet"),
            T("Events appear here as soon as a camera sees someone."),
            self._to_live(),
        )
        self._nothing = EmptyState(
            "filter",
            T("No events match these filters"),
            T("Another day or name may."),
            button_for(self.clear_action, "primary"),
        )
        self._stack = QStackedWidget()
        for widget in (filled, self._skeleton, self._empty, self._nothing, self.error):
            self._stack.addWidget(widget)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addLayout(bar)
        left.addWidget(self.day)
        left.addWidget(Line())
        left.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        self._rule = Line(standing=True)
        row.addWidget(self._rule)
        row.addWidget(self.detail)
        self.detail.setFixedWidth(WIDE)

    def _to_live(self) -> Button | None:
        if not self._context.session.may("recognition.live"):
            return None
        button = Button(T("Open Live"), "primary", "scan-face")
        button.clicked.connect(lambda: self._context.go("live", None))
        return button

    # -- pages of events

    def _show_skeleton(self) -> None:
        self._stack.setCurrentWidget(self._skeleton)

    def _filtered(self, _which: EventFilter) -> None:
        self.refresh()

    def _show(self, which: EventFilter, found: Found) -> None:
        self._patience.stop()
        events, tally, every, cameras = found
        count = sum(tally.values())
        for state, badge in self._tally.items():
            badge.show_state(state, str(T("{n} {state}", n=tally.get(state, 0), state=STATES[state][1])))
            badge.setVisible(tally.get(state, 0) > 0)
        self.day.refresh(events)
        self.filters.set_cameras(cameras)
        chosen = self._event()
        self.table.set_events(events, datetime.now().astimezone())
        filtered = which != EventFilter()
        self._count.say(
            T("{n} of {all} events", n=count, all=every) if filtered else Tn("{n} event", "{n} events", count)
        )
        self._stack.setCurrentWidget(
            self._filled if events else self._nothing if filtered and every else self._empty
        )
        if chosen is not None:
            self._choose(chosen.id)
        self._allow()

    def _failed(self, error: Exception) -> None:
        self._patience.stop()
        self.error.show_error(
            T("The records cannot be read"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)
        self._allow()

    def _more(self) -> None:
        if not self.table.events:
            return
        which, last, records = self.filters.value, self.table.events[-1], self._context.services.records
        self._context.ask(
            lambda: records.page(which, limit=PAGE, before=last),
            lambda events: self._add(last, events),
            lambda _error: self.table.more_failed(),
            over=self,
        )

    def _add(self, last: Event, events: tuple[Event, ...]) -> None:
        if self.table.events and self.table.events[-1].id == last.id:  # no other filter came between
            self.table.add_events(events)

    def _take_picture(self, key: int, picture: QPixmap | None) -> None:
        self.table.set_picture(key, picture)
        shown = self._event()
        if shown is not None and shown.id == key:
            self.detail.show_seen(picture)

    # -- the chosen record

    def _event(self) -> Event | None:
        rows = self.view.selectionModel().selectedRows()
        return self.table.record(rows[0].row()) if rows else None

    def _step(self, by: int) -> None:
        rows = self.view.selectionModel().selectedRows()
        row = rows[0].row() + by if rows else 0
        if 0 <= row < self.table.rowCount():
            self.view.selectRow(row)
            self.view.scrollTo(self.table.index(row, 0))

    def _choose(self, event_id: int) -> None:
        for row, event in enumerate(self.table.events):
            if event.id == event_id:
                self.view.selectRow(row)
                return

    def _selected(self, _now: QItemSelection, _before: QItemSelection) -> None:
        event = self._event()
        self._allow()
        if event is None:
            return
        self.detail.show_event(event, self.table.now)
        records = self._context.services.records
        self._context.work.run(
            lambda _progress: records.why(event.id),
            lambda why: self._show_why(event, why),
            lambda error: log.info("why a record has its name cannot be told: %s", error),
            over=self,
            replaces="record why",
        )
        picture = self.table.picture(event)
        if picture is not None or not event.has_image:
            self.detail.show_seen(picture)
        if event.person_id is not None and self._context.session.may("recognition.faces"):
            person, recognition = event.person_id, self._context.services.recognition
            self._context.ask(
                lambda: recognition.faces([person]),
                lambda faces: self._show_filed(event, faces.get(person)),
                lambda _error: None,
                over=self,
                replaces="record photo",
            )

    def _show_why(self, event: Event, why: Why | None) -> None:
        if self._event() == event:
            self.detail.show_why(event, why, cosine=self._context.session.role is Role.ENGINEER)

    def _show_filed(self, event: Event, face: Face | None) -> None:
        if self._event() == event:
            self.detail.show_filed(pixmap(None if face is None else face.photo))

    def _allow(self) -> None:
        event, may = self._event(), self._context.session.may
        named = event is not None and event.person is not None
        self.open_action.setEnabled(named and may("people.get"))
        self.not_action.setEnabled(named and may("records.not_this_person"))
        for widget in (self.detail, self._rule):
            widget.setVisible(event is not None)
        self.exports.allow(allowed=bool(self.table.events) and self._stack.currentWidget() is self._filled)

    def _open_person(self) -> None:
        event = self._event()
        if event is not None and event.person_id is not None:
            self._context.go("people", event.person_id)

    def _not_this_person(self) -> None:
        event = self._event()
        if event is None or event.person is None:
            return
        key, name, records = event.id, event.person, self._context.services.records
        self._context.work.run(
            lambda _progress: records.not_this_person(key),
            lambda corrected: self._corrected(corrected, name),
            self._context.fail,
            over=self.detail,
        )

    def _corrected(self, event: Event, name: str) -> None:
        self.table.replace(event)
        self._context.toasts.show(T("Remembered: this face is not {name}", name=name))
        shown = self._event()
        if shown is not None and shown.id == event.id:
            self.detail.show_event(event, self.table.now)
            self.detail.show_seen(self.table.picture(event))
        self._allow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panel is narrower in small windows."""
        super().resizeEvent(event)
        self.detail.setFixedWidth(NARROW if self.width() < NARROW_BELOW else WIDE)
