"""Where the time goes: stages with bars, camera to screen, dropped frames, what it runs on."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from facekd.recognise import STAGES
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.words import device_words
from facekd_ui.theme.theme import px
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.labels import Label
from facekd_ui.workers.statistics import LiveStatistics

WIDTH = 404
_FULL_MS = 40.0  # of the longest bar, until a stage takes longer
_WORDS: dict[str, Text] = {
    "detect": T("Find faces"),
    "align": T("Straighten"),
    "quality": T("Judge quality"),
    "embed": T("Describe"),
    "search": T("Compare"),
    "track": T("Follow"),
}


class TimingsPanel(QFrame):
    """Lies over the bottom right corner of a widget and follows its size."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setProperty("part", "raised")
        say(self, T("Timings"), "accessibleName")
        self._over = over
        self._bars: dict[str, QProgressBar] = {}
        self._ms: dict[str, Label] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(Label(T("Timings"), "strong"))
        head.addStretch()
        self._total = Label("", "small", "text.2")
        head.addWidget(self._total)
        column.addLayout(head)
        column.addLayout(self._stages())
        column.addWidget(Line())
        self._facts: dict[str, Label] = {}
        column.addLayout(self._table())
        over.installEventFilter(self)
        self.hide()

    def _stages(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, stage in enumerate(STAGES):
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, 1000)
            say(bar, _WORDS[stage], "accessibleName")
            ms = Label("", "small")
            ms.setMinimumWidth(px(56))
            ms.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(Label(_WORDS[stage], "small", "text.2"), row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(ms, row, 2)
            self._bars[stage], self._ms[stage] = bar, ms
        return grid

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        words = {
            "delay": T("Camera to screen"),
            "rate": T("Pictures and recognitions"),
            "dropped": T("Dropped frames"),
            "provider": T("Runs on"),
        }
        for row, (key, word) in enumerate(words.items()):
            value = Label("", "small")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(Label(word, "small", "text.2"), row, 0)
            grid.addWidget(value, row, 1)
            self._facts[key] = value
        return grid

    def show_statistics(self, now: LiveStatistics) -> None:
        """The newest figures."""
        longest = max([_FULL_MS, *now.stage_ms.values()])
        for stage in STAGES:
            ms = now.stage_ms.get(stage)
            self._bars[stage].setValue(0 if ms is None else round(1000 * ms / longest))
            self._ms[stage].say("-" if ms is None else T("{ms:.1f} ms", ms=ms))
        total = sum(now.stage_ms.values())
        self._total.say(T("{ms:.1f} ms a frame", ms=total) if now.stage_ms else "")
        delay = now.to_screen_ms
        self._facts["delay"].say("-" if delay is None else T("{ms:.0f} ms", ms=delay))
        self._facts["rate"].say(
            T("{fps:.0f} and {named:.0f} a second", fps=now.fps, named=now.recognised_fps)
        )
        self._facts["dropped"].say(
            T("{n} of {all}", n=now.dropped, all=now.frames)
            if now.dropped
            else T("none of {all}", all=now.frames)
        )
        self._facts["provider"].say(device_words(now.provider) if now.provider else T("no recogniser"))

    def dropped_words(self) -> str:
        """What it says of dropped frames."""
        return self._facts["dropped"].text()

    def provider_words(self) -> str:
        """What it says of the provider."""
        return self._facts["provider"].text()

    def stage_words(self, stage: str) -> str:
        """What it says of one stage."""
        return self._ms[stage].text()

    def place(self) -> None:
        """Into the corner, as wide as the text and the picture allow."""
        self.setFixedWidth(min(px(WIDTH), max(0, self._over.width() - 24)))
        self.adjustSize()
        self.move(self._over.width() - self.width() - 12, self._over.height() - self.height() - 12)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the size of what it lies over."""
        if event.type() == QEvent.Type.Resize and watched is self._over:
            self.place()
        return super().eventFilter(watched, event)
