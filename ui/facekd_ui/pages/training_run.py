"""A run that goes on or is over: state, bar, terms of the loss, accuracy, machine, log, hints; or how it ended."""

import contextlib
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from facekd.protocol import AnyEvent, ProtocolError
from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.training_chart import CurveChart, Line, smoothed
from facekd_ui.pages.training_end_card import EndCard
from facekd_ui.pages.training_estimate import size
from facekd_ui.pages.training_states import duration, heading, subtitle
from facekd_ui.pages.training_terms import LogSheet, TermsCard
from facekd_ui.services.training_ends import ending
from facekd_ui.services.training_follow import Follower, History
from facekd_ui.services.training_hints import Hint, hints
from facekd_ui.services.training_runs import ACTIVE, MAIN_FIGURE, Run, RunState
from facekd_ui.services.training_words import term_word
from facekd_ui.shell.actions import button_for
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Segments
from facekd_ui.widgets.cards import Card, Facts, Panel
from facekd_ui.widgets.labels import ElidedLabel, Label
from facekd_ui.workers.tasks import Tasks

LOOK_MS = 250
DRAW_MS = 1000
SIDE = 318
LOG_SHOWN = 2


class RunView(QWidget):
    """Follows one run. What is done to it is the page's.

    Args:
        actions: pause, stop, more, log: as the page has them.
        work: where long files are read.
    """

    acted = Signal(object)
    hinted = Signal(object)
    """A Hint was shown; it is not shown again."""

    def __init__(
        self, pause: QAction, stop: QAction, more: Button, work: Tasks, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work
        self.run: Run | None = None
        self.history: History | None = None
        self._follower: Follower | None = None
        self._loading = 0
        self._pid: int | None = None
        self._title, self._subtitle = Label("", "title"), ElidedLabel("", "body", "text.2")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        say(self._bar, T("How far it is"), "accessibleName")
        self._where, self._left = Label("", "strong"), Label("", "body", "text.2")
        self.pause_button, self.stop_button = button_for(pause), button_for(stop)
        self.more = more
        self.card = EndCard()
        self.card.acted.connect(self.acted)
        self.scale = Segments({"log": T("Log", "scale"), "linear": T("Linear")}, T("Scale"))
        self.losses: CurveChart = CurveChart(T("Loss, term by term"), log=True, height=330)
        self.accuracy = CurveChart(T("Right on people it has never seen"), percent=True, height=200)
        self.scale.changed.connect(lambda key: self.losses.set_log(log=key == "log"))
        self.terms = TermsCard()
        self._machine = Facts()
        self.hint_place = QVBoxLayout()
        self._hints: dict[str, Banner] = {}
        self._log = [ElidedLabel("", "code", "text.2") for _ in range(LOG_SHOWN)]
        self.log_button = Button(T("Open log"), "link", key="")
        self.log_button.clicked.connect(self.open_log)
        self._lay_out()
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._read)
        self._drawn = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._drawn.timeout.connect(self.draw)

    # -- from outside

    def show_run(self, run: Run) -> None:
        """Another run, or another state of the same."""
        same = self.run is not None and self.run.folder == run.folder
        began = same and self.run is not None and self.run.state not in ACTIVE and run.state in ACTIVE
        self.run = run
        if not same or began:
            self._forget()
            self._load(run)
        self._show_state(run)
        if run.state in ACTIVE:
            self._look.start()
        elif self._look.isActive():
            self._read()
            self._look.stop()
            self.draw()

    def left(self) -> None:
        """Nobody looks: nothing is read or drawn."""
        self._look.stop()

    def shut_down(self) -> None:
        """The page goes."""
        self._look.stop()
        self._drawn.stop()
        self._loading += 1

    def open_log(self) -> None:
        """Everything that was said, in a sheet."""
        if self.run is not None and self.history is not None:
            sheet = LogSheet(self.window(), self.run, self.history)
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

    # -- reading

    def _forget(self) -> None:
        self.history, self._follower, self._pid = None, None, None
        for banner in self._hints.values():
            banner.hide()
            banner.deleteLater()
        self._hints = {}
        for chart in (self.losses, self.accuracy):
            chart.show_lines([])
            chart.show_marks([])

    def _load(self, run: Run) -> None:
        """The whole file once, off the interface thread; from there on by the timer."""
        self._loading += 1
        ticket, follower = self._loading, Follower(run.folder)
        wanted = MAIN_FIGURE.get(str(run.config.get("data", {}).get("task")), "accuracy")
        history = History(run.epochs, wanted=wanted)

        def read(_progress: object) -> History:
            with contextlib.suppress(ProtocolError):  # the process that follows it says so
                history.add_all(follower.read())
            return history

        def done(found: History) -> None:
            if ticket == self._loading:
                self.history, self._follower = found, follower
                found.live = True
                self.draw()

        self._work.run(read, done, lambda _error: None, over=self)

    def _read(self) -> None:
        if self._follower is None or self.history is None:
            return
        events: list[AnyEvent] = []
        with contextlib.suppress(ProtocolError):
            events = self._follower.read()
        if events:
            self.history.add_all(events)
            if not self._drawn.isActive():
                self._drawn.start()

    # -- showing

    def _show_state(self, run: Run) -> None:
        self._title.say(heading(run))
        self._subtitle.say(subtitle(run))
        active = run.state in ACTIVE
        found = ending(run)
        self.card.setVisible(found is not None)
        if found is not None:
            self.card.show_ending(found)
        for widget in (self._bar, self._where, self._left, self.stop_button, self.pause_button):
            widget.setVisible(active)
        self._bar.setValue(round(1000 * run.progress))
        paused = run.state is RunState.PAUSED
        self._where.say(
            T("Paused in epoch {epoch} of {epochs}", epoch=run.epoch, epochs=run.epochs)
            if paused
            else T("Epoch {epoch} of {epochs}", epoch=run.epoch, epochs=run.epochs)
            if run.epoch
            else T("Preparing: pictures are read, the teacher is asked")
        )
        left = run.seconds_left
        if paused or left is None or not run.epoch:
            self._left.say("")
        else:
            end = datetime.now().astimezone() + timedelta(seconds=left)
            self._left.say(T("{left} left, done about {clock}", left=duration(left), clock=clock(end)))

    def draw(self) -> None:
        """Curves, terms, machine, log and hints as they are now."""
        run, history = self.run, self.history
        if run is None or history is None:
            return
        epochs = max(1, history.epochs)
        step = history.last_step
        done = step.progress * epochs if step is not None else 0.0
        lines = [Line("total", T("Total"), history.total.x, smoothed(history.total.y), 0, strong=True)]
        for number, (name, curve) in enumerate(history.terms.items()):
            lines.append(Line(name, term_word(name), curve.x, smoothed(curve.y), number))
        self.losses.show_lines(lines if len(history.total.x) else [])
        self.losses.set_span(0.0, float(epochs), done if run.state in ACTIVE else None)
        self.losses.show_marks(
            [(x, T("{term} joins", term=term_word(name))) for name, x in history.joined.items()]
        )
        figure = history.validation.get(history.wanted)
        shown = [Line("own", _own_word(figure.y[-1]), figure.x, figure.y, 0, dot=True)] if figure else []
        self.accuracy.show_lines(shown)
        self.accuracy.set_span(0.0, float(epochs), done if run.state in ACTIVE else None)
        self._accuracy_card.setVisible(bool(shown) or run.state in ACTIVE)
        self.terms.show_terms(history, run)
        self._show_machine(run, history)
        for label, words in zip(self._log, [*history.log[-LOG_SHOWN:], *[""] * LOG_SHOWN], strict=False):
            label.say(words)
        self._show_hints(run, history)

    def _show_machine(self, run: Run, history: History) -> None:
        step = history.last_step
        rows: list[tuple[Text, Text | str]] = [(T("Device"), device_word(history.device, run))]
        if step is not None:
            rows.append((T("Pictures per second"), f"{step.images_per_s:,.0f}"))
            rows.append((T("Learning rate"), f"{step.lr:.4g}"))
        memory = resident(run) if run.state in ACTIVE else None
        if memory is not None:
            rows.insert(2, (T("Memory"), size(memory)))
        self._machine.show_rows(rows)

    def _show_hints(self, run: Run, history: History) -> None:
        if run.state not in ACTIVE:
            return
        for hint in hints(run, history):
            if hint.key in self._hints or hint.key in run.about.hints:
                continue
            banner = Banner("info", hint.lead, hint.rest, closable=True)
            self._hints[hint.key] = banner
            self.hint_place.addWidget(banner)
            self._tell(hint)

    def _tell(self, hint: Hint) -> None:
        self.hinted.emit(hint)

    # -- made of

    def _lay_out(self) -> None:
        inner = Panel("bg")
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 18, 24, 18)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._subtitle, 1)
        for button in (self.pause_button, self.stop_button, self.more):
            head.addWidget(button)
        column.addLayout(head)
        bar = QHBoxLayout()
        bar.setSpacing(12)
        bar.addWidget(self._bar, 1)
        bar.addWidget(self._where)
        bar.addWidget(self._left)
        column.addLayout(bar)
        column.addWidget(self.card)
        left = QVBoxLayout()
        left.setSpacing(12)
        loss_card = Card()
        title = QHBoxLayout()
        title.setSpacing(8)
        title.addWidget(Label(T("Loss, term by term"), "strong"))
        title.addWidget(Label(T("with its weight, smoothed over 20 reports"), "small", "text.2"))
        title.addStretch()
        title.addWidget(self.scale)
        loss_card.body.addLayout(title)
        loss_card.body.addWidget(self.losses, 1)
        self._accuracy_card = Card()
        title = QHBoxLayout()
        title.setSpacing(8)
        title.addWidget(Label(T("Right on what it has never seen"), "strong"))
        title.addWidget(Label(T("people or pictures kept aside"), "small", "text.2"))
        title.addStretch()
        self._accuracy_card.body.addLayout(title)
        self._accuracy_card.body.addWidget(self.accuracy, 1)
        left.addWidget(loss_card, 3)
        left.addWidget(self._accuracy_card, 2)
        log = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in self._log:
            words.addWidget(label)
        log.addLayout(words, 1)
        log.addWidget(self.log_button)
        left.addLayout(log)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.terms)
        machine = Card(T("Machine"))
        machine.body.addWidget(self._machine)
        right.addWidget(machine)
        right.addLayout(self.hint_place)
        right.addStretch()
        side = QWidget()
        side.setFixedWidth(SIDE)
        right.setContentsMargins(0, 0, 0, 0)
        side.setLayout(right)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addLayout(left, 1)
        both.addWidget(side)
        column.addLayout(both, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)


def _own_word(value: float) -> Text:
    return T("This run {value} %", value=f"{100 * value:.1f}")


def device_word(device: str, run: Run) -> Text | str:
    """ "CPU, 2 threads", or what the trainer calls it."""
    if device == "cpu":
        threads = run.config.get("budget", {}).get("threads") or 0
        return T("CPU, {n} threads", n=threads) if threads else T("CPU, all cores")
    return device or T("not known yet")


def resident(run: Run) -> int | None:
    """Bytes of the run's process in memory, where the system tells."""
    try:
        pid = int((run.folder / "lock").read_text("ascii"))
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None
