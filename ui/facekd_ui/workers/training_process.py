"""The process that trains, seen from the window: started or found, followed, told what to do, stopped step by step.

It is no QProcess, because that kills its child when it is destroyed, and a run shall be able to go on without the
window: what this object held is then found again by the next one, which follows `events.jsonl` and speaks through the
run folder's `control`.
"""

import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facekd.protocol import FINAL, LOCK_FILE, AnyEvent, Command, Done, Error, ProtocolError, Stopped, decode
from facekd_ui.services.training_child import child_environment, last_words
from facekd_ui.services.training_follow import Follower
from facekd_ui.services.training_runs import STDERR_FILE, command, is_active, log_tail

log = logging.getLogger(__name__)

LOOK_MS = 200
PATIENCE_MS = 15_000  # from `stop` to a polite signal
LAST_MS = 5_000  # from there to the end
READ_BYTES = 1 << 16
KILLED = -9

_left_alone: list["subprocess.Popen[bytes]"] = []
"""Processes that go on without us; kept so that the system can be told when they end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. `kind` and `text` say why when the trainer left no last word."""

    folder: Path
    final: Done | Stopped | Error | None
    status: int | None  # None: it was not our child
    kind: str = ""  # "config", "killed", "crash", "protocol"
    text: str = ""


class TrainingProcess(QObject):
    """One run's process.

    Args:
        folder: of the run.
    """

    told = Signal(object)
    """An event of the protocol."""
    ended = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.final: Done | Stopped | Error | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._follower: Follower | None = None
        self._rest = b""
        self._trouble: ProtocolError | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(self._lose_patience)
        self._rung = 0

    @property
    def is_ours(self) -> bool:
        """Whether this program started it."""
        return self._child is not None

    @property
    def is_followed(self) -> bool:
        """Whether it goes on, as far as we know."""
        return self._timer.isActive()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        if self._child is not None:
            return self._child.pid
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / LOCK_FILE).read_text("ascii"))
        return None

    def start(self, words: Sequence[str], home: Path) -> None:
        """Starts it in a session of its own, so that no Ctrl-C of a terminal reaches it.

        Args:
            words: the whole command.
            home: of this installation.

        Raises OSError when it cannot be started.
        """
        _left_alone[:] = [child for child in _left_alone if child.poll() is None]
        with (self.folder / STDERR_FILE).open("wb") as said:
            self._child = subprocess.Popen(
                list(words),
                env=child_environment(home),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self.folder,
                start_new_session=True,
            )
        assert self._child.stdout is not None
        os.set_blocking(self._child.stdout.fileno(), False)
        self._timer.start()

    def attach(self) -> None:
        """Follows a process that goes on by itself."""
        self._follower = Follower(self.folder, from_end=True)
        self._timer.start()

    def say(self, word: Command) -> None:
        """`pause` or `resume`, and `detach` for a child of ours."""
        if self._child is None:
            with contextlib.suppress(OSError):
                command(self.folder, word)
            return
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.write(f"{word}\n".encode())
            self._child.stdin.flush()

    def stop(self) -> None:
        """Asks it to stop with a checkpoint; loses patience after 15 s, and kills 5 s later."""
        if self._rung == 0:
            self._rung = 1
            self.say("stop")
            self._patience.start(PATIENCE_MS)

    def leave(self) -> None:
        """Lets it go on by itself; nothing is heard of it here any more."""
        self._timer.stop()
        self._patience.stop()
        if self._child is None:
            return
        if self._child.poll() is None:
            self.say("detach")
            _left_alone.append(self._child)
        self._close_streams()
        self._child = None

    @Slot()
    def look(self) -> None:
        """Reads what it said; notices its end. Called five times a second."""
        child = self._child
        if child is not None:
            status = child.poll()  # before reading: what it said last is there then
            self._take(self._said())
            if status is not None:
                self._end(status)
            return
        gone = not is_active(self.folder)
        assert self._follower is not None
        try:
            self._take(self._follower.read())
        except ProtocolError as error:
            self._trouble = error
        if gone:
            self._end(None)

    def _said(self) -> list[AnyEvent]:
        assert self._child is not None
        assert self._child.stdout is not None
        parts = [self._rest]
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._child.stdout.fileno(), READ_BYTES):
                parts.append(part)
        *lines, self._rest = b"".join(parts).split(b"\n")
        events = []
        for line in lines:
            try:
                event = decode(line)
            except ProtocolError as error:
                self._trouble = error
                self.stop()
                continue
            if event is not None:
                events.append(event)
        return events

    def _take(self, events: list[AnyEvent]) -> None:
        for event in events:
            if isinstance(event, FINAL):
                self.final = event
            self.told.emit(event)

    def _end(self, status: int | None) -> None:
        self._timer.stop()
        self._patience.stop()
        self._close_streams()
        self._child = None
        kind, text = self._why(status)
        self.ended.emit(Ended(self.folder, self.final, status, kind, text))

    def _why(self, status: int | None) -> tuple[str, str]:
        if self._trouble is not None:
            return "protocol", str(self._trouble)
        if self.final is not None:
            return "", ""
        said = last_words(log_tail(self.folder), status or 0)
        if status == KILLED:
            return "killed", ""
        return ("config" if status == 2 else "crash"), said

    def _close_streams(self) -> None:
        if self._child is not None:
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    @Slot()
    def _lose_patience(self) -> None:
        pid = self.pid
        log.warning("the training process %s does not stop; rung %d", pid, self._rung)
        if pid is None:
            return
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM if self._rung == 1 else signal.SIGKILL)
        if self._rung == 1:
            self._rung = 2
            self._patience.start(LAST_MS)
