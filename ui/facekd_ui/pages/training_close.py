"""The question when the window closes while a run trains: go on in the background, or stop now."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from facekd_ui.i18n.text import T
from facekd_ui.pages.training_states import duration
from facekd_ui.services.training_ends import name_of
from facekd_ui.services.training_runs import Run
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet
from facekd_ui.workers.training_runs import TrainingRuns


class CloseSheet(Sheet):
    """Three ways: stay, stop the run, let it go on."""

    def __init__(
        self, parent: QWidget, run: Run, go_on: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        title = T("{run} still trains", run=name_of(run))
        super().__init__(parent, title, WIDE)
        left = run.seconds_left
        words = (
            T(
                "{run} needs {left} more. Let it go on in the background, or stop it now? It can be resumed either "
                "way.",
                run=name_of(run),
                left=duration(left),
            )
            if left is not None
            else T(
                "{run} is not done yet. Let it go on in the background, or stop it now? It can be resumed either way.",
                run=name_of(run),
            )
        )
        self._rest = Label(words, "body", "text.2", wrap=True)
        self.body.addWidget(Label(title, "section", wrap=True))
        self.body.addWidget(self._rest)
        self.stay, self.stop = Button(T("Stay")), Button(T("Stop now"))
        self.go_on = Button(T("Go on in the background"), "primary")
        self.stay.clicked.connect(self.reject)
        self.stop.clicked.connect(lambda: self._stopping(stop))
        self.go_on.clicked.connect(lambda: self._going_on(go_on))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch()
        for button in (self.stay, self.stop, self.go_on):
            row.addWidget(button)
        self.body.addSpacing(8)
        self.body.addLayout(row)
        self.go_on.setFocus()

    def _going_on(self, go_on: Callable[[], object]) -> None:
        self.accept()
        go_on()

    def _stopping(self, stop: Callable[[], object]) -> None:
        for button in (self.stay, self.stop, self.go_on):
            button.setEnabled(False)
        self._rest.say(
            T("Writing a checkpoint. The window closes when it is there, after 20 s at the latest.")
        )
        stop()


def may_close(window: QWidget, runs: TrainingRuns) -> bool:
    """Whether the window may close now; otherwise the question is asked, and its answer closes the window."""
    run = runs.current
    if run is None or runs.process is None or not runs.process.is_ours:
        return True  # a run that goes on by itself does so without asking again
    if window.findChild(CloseSheet) is not None:
        return False

    def go_on() -> None:
        runs.shut_down()
        window.close()

    def stop() -> None:
        runs.halt_queue()
        runs.finished.connect(lambda _run: window.close())
        runs.stop()

    sheet = CloseSheet(window, run, go_on, stop)
    sheet.finished.connect(sheet.deleteLater)
    sheet.open()
    return False
