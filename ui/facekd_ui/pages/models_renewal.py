"""The work of a deployment while it goes on: how far it is, how long it still takes, Pause and Cancel."""

import threading
import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from facekd_ui.i18n.formats import time_left
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import Label

LOOK_MS = 200
KNOWN_S = 1.0  # before that nobody can say how long it takes


class Far:
    """A `services.progress.Watch` that the interface thread looks at; setting `stop` pauses the work."""

    def __init__(self) -> None:
        self.done = self.total = self.refused = 0
        self.stop = threading.Event()
        self._began: tuple[float, int] | None = None

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        """Called in the thread that works."""
        if self._began is None:
            self._began = (time.monotonic(), done)
        self.done, self.total, self.refused = done, total, refused

    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self.stop.is_set()

    @property
    def seconds_left(self) -> float | None:
        """By the pace since it began, or went on."""
        if self._began is None:
            return None
        elapsed, made = time.monotonic() - self._began[0], self.done - self._began[1]
        return elapsed * (self.total - self.done) / made if made and elapsed >= KNOWN_S else None


class RenewalCard(Card):
    """`pause_asked` and `cancel_asked` come from its buttons; `looked` with every look, for the status line."""

    pause_asked = Signal()
    cancel_asked = Signal()
    looked = Signal(object)  # Far

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._far: Far | None = None
        self._title = Label("", "strong")
        self._words = Label("", "body", "text.2", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        say(self.bar, T("Photographs renewed"), "accessibleName")
        self.pause = Button(T("Pause"), icon="pause")
        self.pause.clicked.connect(self._pause)
        self.cancel = Button(T("Cancel"), "quiet")
        self.cancel.clicked.connect(self.cancel_asked)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.pause)
        head.addWidget(self.cancel)
        self.body.addLayout(head)
        self.body.addWidget(self.bar)
        self.body.addWidget(self._words)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def words(self) -> str:
        """How far it is, in words."""
        return self._words.text()

    def begin(self, name: str) -> Far:
        """Shows work that begins now; give the result to the service."""
        self._far = Far()
        self._title.say(T("Renewing the photographs for {name}", name=name))
        self._words.say(T("Reading the photographs on file"))
        self.pause.setEnabled(True)
        self.bar.setValue(0)
        self._timer.start()
        return self._far

    def end(self) -> None:
        """It is over, however."""
        self._timer.stop()
        self._far = None

    def stop(self) -> None:
        """Pauses the work without asking: the page goes away."""
        if self._far is not None:
            self._far.stop.set()
        self._timer.stop()

    def _pause(self) -> None:
        """Answers at once; what is in hand is finished and kept."""
        if self._far is not None:
            self._far.stop.set()
            self.pause.setEnabled(False)
            self._words.say(T("Stopping after this step. What is made stays."))
        self.pause_asked.emit()

    def _look(self) -> None:
        far = self._far
        if far is None or not far.total or far.stop.is_set():
            return
        self.bar.setValue(round(1000 * far.done / far.total))
        self._words.say(how_far(far))
        self.looked.emit(far)


def how_far(far: Far) -> Text:
    """ "4,210 of 9,812 photos renewed, about 1 min left. Nobody notices until the switch." """
    left = far.seconds_left
    if left is None:
        return T(
            "{done} of {total} photos renewed. Nobody notices until the switch.",
            done=far.done,
            total=far.total,
        )
    return T(
        "{done} of {total} photos renewed, {left} left. Nobody notices until the switch.",
        done=far.done,
        total=far.total,
        left=time_left(left),
    )
