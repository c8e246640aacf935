"""One run of the application: started as its own process, looked at through its eyes, ended as a desktop ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.journeys.display import Display

HERE = Path(__file__).parent
PATIENCE_S = 60.0
HARMLESS = ("QBackingStore::flush() called for",)
"""Of Qt's warnings: a window that is closed while it paints has nothing to paint to; nothing of ours causes that."""
Seen = dict[str, Any]


class Program:
    """The process and its eyes.

    Args:
        home: its home folder.
        models: folder of the networks.
        arguments: more arguments of `facekd`.
    """

    def __init__(self, display: "Display", home: Path, models: Path, *arguments: str) -> None:
        self.home = home
        # A socket's path may have 107 bytes only, and folders of tests are deep.
        self._name = str(Path(tempfile.gettempdir()) / f"facekd-eyes-{os.getpid()}-{time.monotonic_ns():x}")
        self._output = (home.parent / f"{home.name}.out").open("w+b")
        environment = display.environment | {
            "FACEKD_HOME": str(home),
            "FACEKD_MODELS": str(models),
            "HOME": str(home.parent),
        }
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "app.py"), self._name, *arguments],
            env=environment,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        self._eyes: socket.socket | None = None
        self._ended = False

    def look(self) -> list[Seen]:
        """Everything on the screen; see `eyes.py`."""
        if self._eyes is None and not self._open_eyes():
            return []
        assert self._eyes is not None
        self._eyes.sendall(b"look\n")
        answer = bytearray()
        while not answer.endswith(b"\n"):
            part = self._eyes.recv(1 << 20)
            assert part, f"the application has ended; it said:\n{self.output()}"
            answer += part
        found: list[Seen] = json.loads(answer)
        return found

    def _open_eyes(self) -> bool:
        assert self._process.poll() is None, f"the application has ended; it said:\n{self.output()}"
        eyes = socket.socket(socket.AF_UNIX)
        eyes.settimeout(PATIENCE_S)
        try:
            eyes.connect(self._name)
        except OSError:
            eyes.close()
            return False
        self._eyes = eyes
        return True

    def output(self) -> str:
        """What the process printed."""
        self._output.flush()
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def end(self) -> None:
        """Closes the application as the desktop's session does, and looks at what it leaves behind."""
        if self._ended:
            return
        self._ended = True
        if self._eyes is not None:
            self._eyes.close()
        self._process.terminate()
        try:
            status = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)  # where each thread stood is then in running.txt
            status = self._process.wait()
        said = self.output()
        self._output.close()
        running = self.home / "logs" / "running.txt"
        stood = running.read_text(encoding="utf-8") if running.exists() else ""
        assert status == 0, f"the application ended with {status}; it said:\n{said}{stood}"
        log = (self.home / "logs" / "facekd.log").read_text(encoding="utf-8")
        bad = [
            line
            for line in log.splitlines()
            if (" ERROR " in line or " WARNING qt: " in line) and not any(words in line for words in HARMLESS)
        ]
        assert not bad, f"the application's log has {bad[0]}{log.partition(bad[0])[2][:3000]}"
        assert not stood, "the application did not end by itself"
