"""The runs of this computer while a window is open: looked at every second, one process at a time, the queue served.

What a run is stands in its folder, so nothing here has to be remembered: a window that opens finds the run that goes
on and those that wait.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facekd.protocol import Error
from facekd_ui.services.training import Launch, Training, note_end, runs_folder, tidy
from facekd_ui.services.training_child import child_command
from facekd_ui.services.training_ends import Changes
from facekd_ui.services.training_runs import ACTIVE, Run, RunState, Shelf
from facekd_ui.workers.tasks import Tasks
from facekd_ui.workers.training_process import Ended, TrainingProcess

log = logging.getLogger(__name__)

LOOK_MS = 1000


class TrainingRuns(QObject):
    """Knows all runs and drives the one that trains.

    Args:
        training: the service of the session.
        store: where acts are noted; one thread.
        work: where folders are read.
        command: of the trainer, from its words.
    """

    changed = Signal()
    """`runs` is another list."""
    finished = Signal(object)
    """A Run whose process has ended while we looked."""
    failed = Signal(object)
    """An act that was refused."""

    def __init__(
        self,
        training: Training,
        store: Tasks,
        work: Tasks,
        parent: QObject | None = None,
        *,
        command: Callable[[Sequence[str]], list[str]] = child_command,
    ) -> None:
        super().__init__(parent)
        self._training, self._store, self._work, self._command = training, store, work, command
        self._shelf = Shelf(runs_folder(training.home))
        self.runs: tuple[Run, ...] = ()
        self.process: TrainingProcess | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._reading = False
        self._starting = False
        self._stop_asked = False  # before there was a process to tell
        self._held: Path | None = None  # a run of ours, from its start until it is known how it ended
        self._tidied = False
        self._known = False
        self._closed = False
        self._halted = False  # nothing that waits is started any more

    @property
    def is_known(self) -> bool:
        """Whether the folder was read once."""
        return self._known

    @property
    def current(self) -> Run | None:
        """The run that a process has."""
        return next((run for run in self.runs if run.state in ACTIVE), None)

    @property
    def waiting(self) -> tuple[Run, ...]:
        """The queue."""
        return tuple(run for run in self.runs if run.state is RunState.WAITING)

    def find(self, folder: Path) -> Run | None:
        """The run of a folder, as it was last read."""
        return next((run for run in self.runs if run.folder == folder), None)

    # -- looking

    def begin(self) -> None:
        """Looks now, and every second from now on."""
        self.look()
        self._timer.start()

    def halt_queue(self) -> None:
        """What waits stays waiting: the window closes."""
        self._halted = True

    def shut_down(self) -> None:
        """Ends the looking; a process goes on by itself."""
        self._closed = True
        self._timer.stop()
        if self.process is not None:
            self.process.leave()
            self.process = None

    @Slot()
    def look(self) -> None:
        """Reads the folders again."""
        if self._reading:
            return
        self._reading = True
        shelf, first = self._shelf, not self._tidied

        def read(_progress: object) -> tuple[Run, ...]:
            runs = shelf.read()
            if first:
                tidy(runs)
            return runs

        self._work.run(read, self._show, self._unread)

    def _show(self, runs: tuple[Run, ...]) -> None:
        if self._closed:
            return
        self._reading, self._tidied, self._known = False, True, True
        # Before it has its lock, and after it has let go of it, its folder alone would look like a crash.
        runs = tuple(
            replace(run, state=RunState.RUNNING)
            if run.folder == self._held and run.state not in ACTIVE
            else run
            for run in runs
        )
        if runs != self.runs:
            self.runs = runs
            self.changed.emit()
        if not self._timer.isActive():
            return
        current = self.current
        if (
            current is not None
            and current.folder != self._held
            and self.process is None
            and not self._starting
        ):
            self._adopt(TrainingProcess(current.folder, self)).attach()
        elif (
            current is None
            and self.process is None
            and not self._starting
            and self.waiting
            and not self._halted
        ):
            self.start(self.waiting[0].folder)

    def _unread(self, error: Exception) -> None:
        self._reading, self._known = False, True
        log.warning("the runs cannot be read: %s", error)

    # -- acts

    def start(self, folder: Path, changes: Changes | None = None) -> None:
        """Starts a run, or goes on with it; behind another one it waits."""
        if self.process is not None or self._starting:
            self._store.run(
                lambda _progress: self._training.queue(folder, waits=True, changes=changes),
                lambda _run: self.look(),
                self.failed.emit,
            )
            return
        self._starting, self._held = True, folder
        self._store.run(
            lambda _progress: self._training.start(folder, changes),
            self._launch,
            partial(self._refused, folder),
        )

    def _launch(self, launch: Launch) -> None:
        self._starting = False
        if self._closed:  # the window has gone meanwhile; its folder says that it did not begin
            return
        process = self._adopt(TrainingProcess(launch.folder, self))
        try:
            process.start(self._command(launch.words), launch.home)
        except OSError as error:
            self.process = self._held = None
            note_end(launch.folder, "crash", str(error))
            self.failed.emit(error)
        if self._stop_asked:
            self.stop()
        self.look()

    def _refused(self, folder: Path, error: Exception) -> None:
        """One that waits and cannot start must not be tried every second."""
        self._starting, self._held = False, None
        self._store.run(
            lambda _progress: self._training.queue(folder, waits=False),
            lambda _run: self.look(),
            lambda _error: None,
        )
        self.failed.emit(error)

    def pause(self) -> None:
        """Pauses the run that trains, or lets it go on."""
        current = self.current
        if self.process is not None and current is not None:
            self.process.say("resume" if current.state is RunState.PAUSED else "pause")

    def stop(self) -> None:
        """Stops the run that trains, with a checkpoint; it can go on later."""
        self._stop_asked = self._starting
        if self.process is not None:
            folder = self.process.folder
            self.process.stop()
            self._store.run(
                lambda _progress: self._training.stop(folder), lambda _none: None, self.failed.emit
            )

    def _adopt(self, process: TrainingProcess) -> TrainingProcess:
        self.process, self._held = process, process.folder
        process.ended.connect(self._ended)
        return process

    @Slot(object)
    def _ended(self, ended: Ended) -> None:
        self.process = None  # a child of ours, and gone with us: it is not deleted within its own signal
        kind, text = ended.kind, ended.text
        if isinstance(ended.final, Error):  # on a full disk its own log could not hold it
            kind, text = ended.final.kind, ended.final.text
        self._work.run(
            lambda _progress: note_end(ended.folder, kind, text),
            lambda _about: self._over(ended),
            self.failed.emit,
        )

    def _over(self, ended: Ended) -> None:
        shelf = self._shelf

        def done(runs: tuple[Run, ...]) -> None:
            if self._held == ended.folder:
                self._held = None
            self._show(runs)
            run = self.find(ended.folder)
            if run is not None and not self._closed:
                self.finished.emit(run)

        self._work.run(lambda _progress: shelf.read(), done, self._unread)
