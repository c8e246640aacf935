"""Bringing the training package along later: pip in this environment, with progress and cancel."""

import contextlib
import importlib
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from facekd_ui.services.training_install import requirements

LOOK_MS, LAST_MS = 100, 3000
_NAME = re.compile(r"^(?:Collecting|Downloading|Installing collected packages:|Using cached)\s+(\S+)")


def why_not() -> str:
    """Why pip cannot install here: "managed" (the system's own Python), "readonly", "frozen"; "" when it can."""
    if getattr(sys, "frozen", False):
        return "frozen"
    in_venv = sys.prefix != sys.base_prefix
    if not in_venv and (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file():
        return "managed"
    return "" if os.access(sysconfig.get_path("purelib"), os.W_OK) else "readonly"


def command() -> list[str]:
    """What installs it here."""
    return [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        *requirements(),
    ]


def command_line() -> str:
    """The same, to be copied into a terminal."""
    return shlex.join(command())


class TrainingInstall(QObject):
    """One installation. `told(words)` as pip goes on; `ended(ok, words)` once."""

    told = Signal(str)
    ended = Signal(bool, str)

    def __init__(self, words: list[str] | None = None, parent: QObject | None = None) -> None:
        """`words`: another command, for tests."""
        super().__init__(parent)
        self._words = words or command()
        self._said: list[str] = []
        self._rest = b""
        self._cancelled = False
        self._process: subprocess.Popen[bytes] | None = None
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._last = QTimer(self, singleShot=True, interval=LAST_MS)
        self._last.timeout.connect(self._kill)

    def start(self) -> None:
        """Begins."""
        try:
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as error:
            self.ended.emit(False, str(error))
            return
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._timer.start()

    @Slot()
    def cancel(self) -> None:
        """Ends it; pip leaves what was there before, or a package that the next try completes."""
        self._cancelled = True
        if self._process is not None:
            self._process.terminate()
            self._last.start()

    def shut_down(self) -> None:
        """The page goes, and pip with it."""
        self._timer.stop()
        self._last.stop()
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    @Slot()
    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    @Slot()
    def _look(self) -> None:
        assert self._process is not None
        status = self._process.poll()  # before reading: what it said last is there then
        self._read()
        if status is not None:
            self._finished(status)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        parts = [self._rest]
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._process.stdout.fileno(), 1 << 16):
                parts.append(part)
        *lines, self._rest = b"".join(parts).split(b"\n")
        for line in lines:
            words = line.decode("utf-8", "replace").strip()
            if words:
                self._said = [*self._said[-40:], words]
                found = _NAME.match(words)
                self.told.emit(found[1] if found else words[:80])

    def _finished(self, status: int) -> None:
        self._timer.stop()
        self._last.stop()
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        if self._cancelled:
            self.ended.emit(False, "")
            return
        importlib.invalidate_caches()
        errors = [line for line in self._said if line.lower().startswith("error")]
        self.ended.emit(status == 0, (errors or self._said or [""])[-1])
