"""The child's side of the protocol: events out, commands in, and the lock that says a run is alive.

Events go to the real stdout and to `events.jsonl` in the run folder. The real stdout is moved to a descriptor of its
own first and 1 points to stderr from then on, so that no print of Python, a C library or a sub-process can break a
line.
"""

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from facekd.config_table import ConfigError
from facekd.protocol import (
    COMMANDS,
    CONTROL_FILE,
    EVENTS_FILE,
    LOCK_FILE,
    Command,
    Event,
    Message,
    Step,
    encode,
)

STEPS_PER_S = 4
CONTROL_POLL_S = 0.25


def claim_stdout() -> BinaryIO:
    """The real stdout as a stream for events; everything else that writes to stdout lands in stderr."""
    sys.stdout.flush()
    private = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return private


class Channel:
    """Where events go.

    Args:
        stream: for the parent; None when nobody listens (the other processes of a run).
        log: `events.jsonl` grows here; None: no file.
    """

    def __init__(self, stream: BinaryIO | None, log: Path | None = None) -> None:
        self._stream = stream
        self._log: BinaryIO | None = log.open("ab", buffering=0) if log is not None else None
        self._last_step = 0.0

    def emit(self, event: Event) -> None:
        """Send one event. Steps come at most four times a second; a parent that has gone is no error."""
        if isinstance(event, Step):
            now = time.monotonic()
            if now - self._last_step < 1 / STEPS_PER_S:
                return
            self._last_step = now
        line = encode(event)
        if self._stream is not None:
            try:
                self._stream.write(line)
            except OSError:
                self._stream = None  # the window died; stdin tells the same, and decides
        if self._log is not None:
            # A full disk stops the run where a checkpoint fails; its last words must still reach the parent.
            with contextlib.suppress(OSError):
                self._log.write(line)

    def say(self, text: str, *, warning: bool = False) -> None:
        """A message for people."""
        self.emit(Message("warning" if warning else "info", text))

    def follow(self, folder: Path) -> None:
        """Log into another run folder from now on."""
        self.close()
        self._log = (folder / EVENTS_FILE).open("ab", buffering=0)

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
            self._log = None


class Commands:
    """What the parent, a later window or the system asks for; read between steps, never acted on in between.

    Args:
        folder: the run folder, where `control` may appear.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._control = folder / CONTROL_FILE if folder else None
        self._next_look = 0.0
        self.detached = False

    def listen(self, stdin: BinaryIO) -> None:
        """Read commands from the parent in a thread; its end means stop, unless `detach` came before."""
        threading.Thread(target=self._read, args=(stdin,), daemon=True, name="commands").start()

    def put(self, command: Command) -> None:
        """Ask for something from this process; safe in a signal handler."""
        self._queue.put(command)

    def watch(self, folder: Path) -> None:
        """Look into another run folder from now on."""
        self._control = folder / CONTROL_FILE

    def take(self, wait_s: float = 0.0) -> Command | None:
        """The next command, or None when there is none within `wait_s`. `detach` is done here."""
        end = time.monotonic() + wait_s
        while True:
            self._look()
            try:
                left = end - time.monotonic()
                command = (
                    self._queue.get(timeout=min(left, CONTROL_POLL_S))
                    if left > 0
                    else self._queue.get_nowait()
                )
            except queue.Empty:
                if time.monotonic() >= end:
                    return None
                continue
            if command != "detach":
                return command
            self.detached = True

    def _look(self) -> None:
        now = time.monotonic()
        if self._control is None or now < self._next_look:
            return
        self._next_look = now + CONTROL_POLL_S
        taken = self._control.with_name(f".{CONTROL_FILE}.taken")
        try:
            # moved away first, so that a command appended meanwhile begins a new file
            self._control.replace(taken)
            text = taken.read_text("utf-8", "replace")
            taken.unlink()
        except OSError:
            return
        self._accept(text)

    def _read(self, stdin: BinaryIO) -> None:
        # the descriptor itself: a thread inside a buffered reader's lock would hang the interpreter's end
        descriptor, rest = stdin.fileno(), b""
        while True:
            try:
                part = os.read(descriptor, 4096)
            except OSError:
                part = b""
            *lines, rest = (rest + part).split(b"\n")
            if not part:
                lines.append(rest)
            asked = self._accept(b"\n".join(lines).decode("utf-8", "replace"))
            self.detached = self.detached or "detach" in asked
            if not part:
                if not self.detached:
                    self._queue.put("stop")
                return

    def _accept(self, text: str) -> list[Command]:
        words = (line.strip() for line in text.splitlines())
        asked: list[Command] = [command for word in words for command in COMMANDS if command == word]
        for command in asked:
            self._queue.put(command)
        return asked


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run folder: one process at a time trains in it. The lock file holds the process id.

    The system drops the lock with the process, so a killed run can be resumed at once.

    Raises:
        ConfigError: another process holds it.
    """
    path = folder / LOCK_FILE
    stream = path.open("a+b")
    try:
        if not _try_lock(stream):
            holder = path.read_text("ascii", "replace").strip() or "unknown"
            raise ConfigError(
                f"{folder}: this run is active in process {holder}; stop it first, or follow its {EVENTS_FILE}"
            )
        stream.truncate(0)
        stream.write(str(os.getpid()).encode())
        stream.flush()
        yield
        with contextlib.suppress(OSError):  # Windows keeps open files
            path.unlink()
    finally:
        stream.close()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: BinaryIO) -> bool:
        stream.seek(1 << 20)  # beyond the text, so that others may read the process id
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            stream.seek(0)
        return True

else:
    import fcntl

    def _try_lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
