"""Before the start: time, memory and disk as measured, pictures as the student will see them, the teacher's errors."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.training_states import duration
from facekd_ui.theme.theme import px
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.busy import BusyCard
from facekd_ui.widgets.buttons import Button, IconButton, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.fields import Choice
from facekd_ui.widgets.labels import ElidedLabel, Label
from facekd_ui.widgets.sheets import WIDE, Sheet

PREVIEW, SMALL = 62, 28
KEY = 84
SHOWN_WRONG = 3


class EstimatePanel(Panel):
    """The right column of the form. Shows one estimate at a time; knows nothing of processes."""

    measure_asked = Signal()
    cancel_asked = Signal()
    device_chosen = Signal(str)

    def __init__(self, start: Button, save: Button, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        self.estimate: dict[str, Any] | None = None
        self.measure = IconButton("refresh", T("Measure again"))
        self.measure.clicked.connect(self.measure_asked)
        self._note = Label("", "small", "text.2", wrap=True)
        self._busy_place = QVBoxLayout()
        self._busy: BusyCard | None = None
        self._facts = {
            key: (Label("", "medium"), Label("", "small", "text.2")) for key in ("time", "memory", "disk")
        }
        self.device = Choice({"auto": T("by itself")})
        self.device.chosen.connect(self.device_chosen)
        self._device_words, self._device_note = Label("", "medium"), Label("", "small", "text.2")
        self._previews = QGridLayout()
        self._wrong = QVBoxLayout()
        self._all_wrong = Button("", "link")
        self._all_wrong.clicked.connect(self._show_all_wrong)
        self.banner = Banner("info", "", stacked=True)
        self.banner.hide()
        self._lay_out(start, save)
        self.show_nothing()

    # -- what it shows

    def show_nothing(self) -> None:
        """Nothing was measured yet."""
        self.estimate = None
        self._busy_off()
        self._note.say(T("Measured with real steps as soon as pictures and teacher are chosen."))
        for value, rest in self._facts.values():
            value.say("")
            rest.say("")
        self._show_previews([])
        self._show_wrong({"judged": 0, "count": 0, "wrong": []})

    def show_busy(self) -> None:
        """The warm-up runs."""
        self._busy_off()
        self._busy = BusyCard(T("Trying a few real steps"))
        self._busy.cancelled.connect(self.cancel_asked)
        self._busy_place.addWidget(self._busy)
        self._note.hide()
        self.measure.setEnabled(False)

    def show_fault(self, words: Text | str) -> None:
        """The warm-up failed, or was cancelled."""
        self.show_nothing()
        self._note.say(words)

    def show_stale(self) -> None:
        """The numbers have changed since."""
        if self.estimate is not None:
            self._note.say(T("Measured with other numbers. Measure again to be sure."))

    def show_estimate(self, found: dict[str, Any]) -> None:
        """What the warm-up measured."""
        self.estimate = found
        self._busy_off()
        if found["out_of_memory"]:
            self._note.say(T("The first step did not fit into memory."))
        else:
            self._note.say(
                Tn(
                    "Measured just now with {n} real step",
                    "Measured just now with {n} real steps",
                    found["steps_measured"],
                )
            )
        time_, memory, disk = self._facts["time"], self._facts["memory"], self._facts["disk"]
        if not found["out_of_memory"]:
            time_[0].say(duration(found["seconds"]))
            time_[1].say(
                T("{low} to {high}", low=duration(found["seconds_low"]), high=duration(found["seconds_high"]))
            )
            memory[0].say(size(found["memory"]))
            disk[0].say(size(found["disk"]))
            disk[1].say(T("of {size} free", size=size(found["disk_free"])))
        else:
            for value, _rest in (time_, memory, disk):
                value.say("")
            memory[0].say(T("too little"))
        memory[1].say(T("of {size} free", size=size(found["memory_free"])))
        self._show_previews(found["preview"])
        self._show_wrong(found["teacher"])

    def show_devices(self, devices: list[dict[str, Any]], chosen: str) -> None:
        """Where it could run; a choice only where there is more than one."""
        options: dict[str, Text | str] = {"auto": T("by itself: {name}", name=devices[0]["name"])}
        options |= {one["id"]: device_words(one) for one in devices}
        self.device.set_options(options)
        if chosen in options:
            self.device.choose(chosen)
        several = len(devices) > 1
        self.device.setVisible(several)
        self._device_words.setVisible(not several)
        self._device_words.say(device_words(devices[-1]))
        self._device_note.say("" if several else T("no GPU found"))

    # -- inside

    def _busy_off(self) -> None:
        if self._busy is not None:
            self._busy.hide()
            self._busy.deleteLater()
            self._busy = None
        self._note.show()
        self.measure.setEnabled(True)

    def _lay_out(self, start: Button, save: Button) -> None:
        inner = Panel("bg")
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 18, 20, 12)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(Label(T("Before you start"), "section"))
        head.addStretch()
        head.addWidget(self.measure)
        column.addLayout(head)
        column.addWidget(self._note)
        column.addLayout(self._busy_place)
        for key, word in (("time", T("Time")), ("memory", T("Memory")), ("disk", T("Disk"))):
            value, rest = self._facts[key]
            column.addLayout(_fact(word, value, rest))
        where = QHBoxLayout()
        name = Label(T("Device"), "body", "text.2")
        name.setFixedWidth(px(KEY))
        say(self.device, T("Device"), "accessibleName")
        where.addWidget(name)
        where.addWidget(self.device)
        where.addWidget(self._device_words)
        where.addStretch()
        where.addWidget(self._device_note)
        column.addLayout(where)
        column.addSpacing(6)
        column.addWidget(Line())
        column.addSpacing(2)
        column.addWidget(Label(T("What the student will see"), "strong"))
        self._previews.setHorizontalSpacing(8)
        self._previews.setVerticalSpacing(6)
        column.addLayout(self._previews)
        column.addWidget(Line())
        row = QHBoxLayout()
        row.addWidget(Label(T("Where the teacher is wrong"), "strong"))
        row.addStretch()
        row.addWidget(self._all_wrong)
        column.addLayout(row)
        self._wrong.setSpacing(6)
        column.addLayout(self._wrong)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 8, 20, 18)
        foot.setSpacing(12)
        foot.addWidget(self.banner)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(start, 1)
        buttons.addWidget(save)
        foot.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addLayout(foot)

    def _show_previews(self, previews: list[dict[str, Any]]) -> None:
        _empty(self._previews)
        if not previews:
            self._previews.addWidget(Label(T("Shown after the measurement."), "small", "text.2"), 0, 0)
            return
        for place, one in enumerate(previews):
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(_picture(one["png"], PREVIEW, T("Picture {n}", n=place + 1)))
            label = ElidedLabel(one["label"] or T("no label"), "tiny", "text.2")
            label.setMaximumWidth(PREVIEW)
            cell.addWidget(label)
            self._previews.addLayout(cell, place // 4, place % 4)

    def _show_wrong(self, teacher: dict[str, Any]) -> None:
        _empty(self._wrong)
        count, judged = teacher["count"], teacher["judged"]
        self._all_wrong.setVisible(count > SHOWN_WRONG)
        self._all_wrong.say(T("All {n}", n=count))
        if not judged:
            self._wrong.addWidget(Label(T("Nothing to judge it by yet."), "small", "text.2"))
            return
        words = (
            T(
                "{n} of {all} pictures tried, {share} %.",
                n=count,
                all=judged,
                share=f"{100 * count / judged:.1f}",
            )
            if count
            else T("Right on all {all} pictures tried.", all=judged)
        )
        self._wrong.addWidget(Label(words, "small", "text.2"))
        for one in teacher["wrong"][:SHOWN_WRONG]:
            self._wrong.addLayout(_wrong_row(one))

    def _show_all_wrong(self) -> None:
        if self.estimate is None:
            return
        sheet = Sheet(self.window(), T("Where the teacher is wrong"), WIDE)
        sheet.body.addWidget(Label(T("Where the teacher is wrong"), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        for place, one in enumerate(self.estimate["teacher"]["wrong"]):
            grid.addLayout(_wrong_row(one), place // 2, place % 2)
        sheet.body.addLayout(grid)
        close = Button(T("Close"), "primary")
        close.clicked.connect(sheet.accept)
        sheet.body.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()


def _fact(word: Text, value: Label, rest: Label) -> QHBoxLayout:
    row = QHBoxLayout()
    name = Label(word, "body", "text.2")
    name.setFixedWidth(px(KEY))
    row.addWidget(name)
    row.addWidget(value)
    row.addStretch()
    row.addWidget(rest)
    return row


def _wrong_row(one: dict[str, Any]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(10)
    row.addWidget(
        _picture(one["png"], SMALL, T("{label}, taken for {says}", label=one["label"], says=one["says"]))
    )
    row.addWidget(
        ElidedLabel(T("{label}, taken for {says}", label=one["label"], says=one["says"]), "small"), 1
    )
    return row


def _picture(png: bytes, side: int, name: Text) -> FaceTile:
    pixmap = QPixmap()
    pixmap.loadFromData(png)
    tile = FaceTile(side, name)
    tile.show_photo(pixmap)
    return tile


def _empty(layout: QGridLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            while (part := inner.takeAt(0)) is not None:
                if (old := part.widget()) is not None:
                    old.hide()
                    old.deleteLater()
            inner.deleteLater()


def device_words(device: dict[str, Any]) -> Text | str:
    """ "NVIDIA H100", or "CPU, 2 threads"."""
    if device["id"] == "cpu":
        return Tn("CPU, {n} core", "CPU, {n} cores", device.get("cores", 1))
    number = device["id"].partition(":")[2]
    return T("{name} ({n})", name=device["name"], n=number) if number else device["name"]


def size(bytes_: float | None) -> str:
    """1.9 GiB, 640 MB."""
    if bytes_ is None:
        return ""
    if bytes_ >= 1 << 30:
        return f"{bytes_ / (1 << 30):.1f} GiB" if bytes_ < 100 << 30 else f"{bytes_ / (1 << 30):.0f} GiB"
    return f"{max(1, round(bytes_ / (1 << 20)))} MiB"
