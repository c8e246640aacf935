"""The filters of the records: when, who, which camera, which state."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

from PySide6.QtCore import QDateTime, Signal
from PySide6.QtWidgets import QDateTimeEdit, QHBoxLayout, QSizePolicy, QWidget

from facekd_db.records import Camera, EventFilter
from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.formats import date as date_words
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import set_type
from facekd_ui.widgets.badges import STATES
from facekd_ui.widgets.buttons import Button, Chip
from facekd_ui.widgets.fields import FormRow, SearchField
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.sheets import Sheet

Range = tuple[datetime | None, datetime | None]
DAYS: dict[str, Text] = {
    "today": T("Today"),
    "yesterday": T("Yesterday"),
    "week": T("The last 7 days"),
    "month": T("The last 30 days"),
}
SHOWN_STATES = ("known", "uncertain", "unknown")


def range_of(key: str, now: datetime) -> Range:
    """From and to (not included) of a key of `DAYS`, by the days of this computer's calendar."""
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    return {
        "today": (midnight, None),
        "yesterday": (midnight - timedelta(days=1), midnight),
        "week": (midnight - timedelta(days=6), None),
        "month": (midnight - timedelta(days=29), None),
    }[key]


def day_range(day: date) -> Range:
    """The whole of a day of this computer's calendar."""
    return (
        datetime.combine(day, time()).astimezone(),
        datetime.combine(day + timedelta(days=1), time()).astimezone(),
    )


def day_words(day: date) -> Text | str:
    """ "Today", "Yesterday", or the date."""
    ago = (date.today() - day).days
    if ago in (0, 1):
        return DAYS["yesterday" if ago else "today"]
    return date_words(datetime.combine(day, time()))


class RecordsFilters(QWidget):
    """A row of chips; `changed` carries the EventFilter."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._range: Range = (None, None)
        self._camera: Camera | None = None
        self._state = ""
        self._cameras: Sequence[Camera] = ()
        self._name = SearchField(T("Name"))
        self._name.setFixedWidth(190)
        self._when, self._where, self._which = Chip(T("Time")), Chip(T("Camera")), Chip(T("State"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._name, self._when, self._where, self._which):
            row.addWidget(widget)
        self._name.searched.connect(lambda _text: self._tell())
        for chip, menu in (
            (self._when, self.time_menu),
            (self._where, self.camera_menu),
            (self._which, self.state_menu),
        ):
            chip.opened.connect(partial(self._pop_up, chip, menu))
        self._when.cleared.connect(lambda: self.set_range((None, None), None))
        self._where.cleared.connect(lambda: self.set_camera(None))
        self._which.cleared.connect(lambda: self.set_state(""))

    @property
    def value(self) -> EventFilter:
        """What is filtered for now."""
        return EventFilter(
            since=self._range[0],
            until=self._range[1],
            camera_id=None if self._camera is None else self._camera.id,
            states=frozenset({self._state} if self._state else ()),
            name=self._name.text().strip(),
        )

    @property
    def range(self) -> Range:
        """From and to; None where it is open."""
        return self._range

    @property
    def is_set(self) -> bool:
        """Whether anything is filtered out."""
        return self.value != EventFilter()

    def set_cameras(self, cameras: Sequence[Camera]) -> None:
        """What the menu of cameras offers."""
        self._cameras = tuple(cameras)

    def clear(self) -> None:
        """Everything is shown."""
        self._range, self._camera, self._state = (None, None), None, ""
        for chip in (self._when, self._where, self._which):
            chip.set_value(None)
        self._name.blockSignals(True)
        self._name.clear()
        self._name.blockSignals(False)
        self._tell()

    def set_range(self, range_: Range, words: Text | str | None) -> None:
        """Only events that began in it."""
        self._range = range_
        self._when.set_value(words)
        self._tell()

    def set_day(self, day: date) -> None:
        """Only events of one day."""
        self.set_range(day_range(day), day_words(day))

    def set_camera(self, camera: Camera | None) -> None:
        """Only events of one camera."""
        self._camera = camera
        self._where.set_value(None if camera is None else camera.name)
        self._tell()

    def set_state(self, state: str) -> None:
        """Only events of one state; "" for all."""
        self._state = state
        self._which.set_value(STATES[state][1] if state else None)
        self._tell()

    def set_name(self, name: str) -> None:
        """Only people with that in their names."""
        self._name.setText(name)
        self._tell()

    # -- menus

    def time_menu(self) -> Menu:
        """Days, and any time."""
        menu = Menu(self)
        now = datetime.now().astimezone()
        for key, words in DAYS.items():
            menu.add(words, partial(self.set_range, range_of(key, now), words), "calendar")
        menu.addSeparator()
        menu.add(T("From … to …"), self._ask_range, "clock")
        return menu

    def camera_menu(self) -> Menu:
        """Every camera that ever recorded."""
        menu = Menu(self)
        for camera in self._cameras:
            menu.add(camera.name, partial(self.set_camera, camera), "video")
        if not self._cameras:
            menu.add(T("No camera has recorded yet"), lambda: None, "camera-off", token="text.2").setEnabled(
                False
            )
        return menu

    def state_menu(self) -> Menu:
        """Known, uncertain, unknown."""
        menu = Menu(self)
        for state in SHOWN_STATES:
            token, words = STATES[state]
            menu.add(words, partial(self.set_state, state), f"state-{state}", token=token)
        return menu

    def _pop_up(self, chip: Chip, make: Callable[[], Menu]) -> None:
        make().popup(chip.mapToGlobal(chip.rect().bottomLeft()))

    def _ask_range(self) -> None:
        sheet = RangeSheet(self.window(), self._range)
        sheet.chosen.connect(self._take_range)
        sheet.open()

    def _take_range(self, range_: Range) -> None:
        first, last = range_
        assert first is not None
        assert last is not None
        same = first.date() == last.date()
        end = clock(last) if same else f"{date_words(last)} {clock(last)}"
        words = T("{start} to {end}", start=f"{date_words(first)} {clock(first)}", end=end)
        self.set_range(range_, words)

    def _tell(self) -> None:
        self.changed.emit(self.value)


class RangeSheet(Sheet):
    """Asks from when to when. `chosen` carries both."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, current: Range) -> None:
        super().__init__(parent, T("From when to when?"))
        now = datetime.now().astimezone()
        first = current[0] or datetime.combine(now.date(), time(), now.tzinfo)
        self.first, self.last = QDateTimeEdit(), QDateTimeEdit()
        for edit, value in ((self.first, first), (self.last, current[1] or now)):
            edit.setDisplayFormat("yyyy-MM-dd HH:mm")
            edit.setCalendarPopup(True)
            set_type(edit, "body")
            edit.setDateTime(QDateTime.fromSecsSinceEpoch(int(value.timestamp())))
        self._row = FormRow(T("To"), self.last)
        self.body.addWidget(Label(T("From when to when?"), "section"))
        self.body.addSpacing(4)
        self.body.addWidget(FormRow(T("From"), self.first))
        self.body.addSpacing(4)
        self.body.addWidget(self._row)
        show = Button(T("Show"), "primary")
        show.clicked.connect(self.take)
        self.end_with(show)

    def take(self) -> None:
        """Hands over the range, unless it ends before it begins."""
        first, last = (
            datetime.fromtimestamp(edit.dateTime().toSecsSinceEpoch()).astimezone()
            for edit in (self.first, self.last)
        )
        if last <= first:
            self._row.set_error(T("Expected an end after the beginning."))
            return
        self.chosen.emit((first, last))
        self.accept()
