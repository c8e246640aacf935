"""The status line: at the left one true sentence, at the right what recognises and what is promised."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from facekd_ui.i18n.formats import time_left
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, KeyCap, Label

HEIGHT = 28


class Urgency(IntEnum):
    """The sentence that matters most is shown; of equals the newest."""

    ALARM = 4
    FAULT = 3
    JOB = 2
    ACT = 1  # the last act that can be undone


_LOOKS = {
    Urgency.ALARM: ("error", "danger"),
    Urgency.FAULT: ("warning", "warning"),
    Urgency.JOB: ("activity", "accent"),
    Urgency.ACT: ("check", "success"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the line could say."""

    urgency: Urgency
    sentence: Text | str
    fraction: float | None = None  # of a job, 0..1
    seconds_left: float | None = None
    action: tuple[Text, Callable[[], object]] | None = None  # "Undo", "Cancel"
    key: str = ""  # of the action


class StatusLine(QWidget):
    """Entries come and go by key; nothing is shown that nobody vouches for any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "statusLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._entries: dict[str, Entry] = {}
        self._act: Callable[[], object] | None = None
        self._icon = IconLabel("check", "success", 14)
        self._sentence = ElidedLabel(T("Ready"), "small", "text.2", hug=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._bar.setRange(0, 1000)
        self._left = Label("", "small", "text.2")
        self._button = Button("", "link")
        self._button.clicked.connect(self._clicked)
        self._cap = QWidget()
        self._cap_row = QHBoxLayout(self._cap)
        self._cap_row.setContentsMargins(0, 0, 0, 0)
        self._recogniser = Label("", "small", "text.2")
        self._recogniser_name = Label("", "label")
        self._device = Label("", "small", "text.2")
        self._promise = Label("", "small", "text.2")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._sentence)
        for widget in (self._bar, self._left, self._button, self._cap):
            row.addWidget(widget)
        row.addStretch(1)
        row.addSpacing(16)
        names = QHBoxLayout()
        names.setSpacing(4)
        names.addWidget(self._recogniser)
        names.addWidget(self._recogniser_name)
        row.addLayout(names)
        row.addSpacing(8)
        row.addWidget(self._device)
        row.addSpacing(8)
        row.addWidget(self._promise)
        self.setFixedHeight(HEIGHT)
        self._refresh()

    @property
    def sentence(self) -> str:
        """What the line says now."""
        return self._sentence.text()

    def show_entry(self, key: str, entry: Entry) -> None:
        """Says something, or something new under the same key."""
        self._entries.pop(key, None)
        self._entries[key] = entry
        self._refresh()

    def clear(self, key: str) -> None:
        """It is not true any more."""
        if self._entries.pop(key, None) is not None:
            self._refresh()

    def show_recogniser(
        self, name: str, device: Text | str, promise: Text | str, why: Text | str = ""
    ) -> None:
        """What recognises, where it really runs, and the promise in force. An empty name: none chosen.

        `why` says in the tooltip what the promise rests on.
        """
        self._recogniser.say(T("Recogniser") if name else T("No recogniser chosen"))
        self._recogniser_name.say(name)
        self._device.say(device)
        self._promise.say(promise)
        say(self._promise, why, "toolTip")

    def sizeHint(self) -> QSize:
        """28 high."""
        return QSize(1200, HEIGHT)

    def _refresh(self) -> None:
        entry = None
        for candidate in self._entries.values():  # of equals the newest, which stands last
            if entry is None or candidate.urgency >= entry.urgency:
                entry = candidate
        self._icon.setVisible(entry is not None)
        self._sentence.say(T("Ready") if entry is None else entry.sentence)
        job = entry is not None and entry.fraction is not None
        self._bar.setVisible(job)
        self._left.setVisible(entry is not None and entry.seconds_left is not None)
        action = entry.action if entry is not None else None
        self._button.setVisible(action is not None)
        while (item := self._cap_row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._cap.setVisible(False)
        self._act = None
        if entry is None:
            return
        self._icon.show_icon(*_LOOKS[entry.urgency], 14)
        if entry.fraction is not None:
            self._bar.setValue(round(entry.fraction * 1000))
            say(self._bar, entry.sentence, "accessibleName")
        if entry.seconds_left is not None:
            self._left.say(time_left(entry.seconds_left))
        if action is not None:
            word, self._act = action
            self._button.say(word)
            if entry.key:
                self._cap_row.addWidget(KeyCap(entry.key))
                self._cap.setVisible(True)

    def _clicked(self) -> None:
        if self._act is not None:
            self._act()
