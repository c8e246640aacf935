"""A screen of its own: an X server without hardware, a window manager, pictures of it, and other programs on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent


class Display:
    """An X server without a screen, with a window manager, and what other programs do there.

    Args:
        folder: of this display, for logs.
    """

    SIZE = (1280, 800)

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "display.log").open("wb")
        readable, writable = os.pipe()
        width, height = self.SIZE
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writable), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            pass_fds=[writable],
            stderr=self._log,
        )
        os.close(writable)
        with os.fdopen(readable) as number:
            display = number.readline().strip()
        foreign = ("XDG_", "QT_", "WAYLAND", "DBUS_", "FACEKD_", "GTK_")
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        self.environment |= {
            "DISPLAY": f":{display}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "xcb",
            # The key lies in the home folder, whatever keyring the person who runs the tests has.
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        self._manager = subprocess.Popen(
            ["openbox"], env=self.environment, stdout=self._log, stderr=self._log
        )

    def close(self) -> None:
        """Ends both."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(15)
        self._log.close()

    def do(self, *words: str) -> None:
        """One call of xdotool."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"xdotool {words[0]}: {done.stderr.strip()}"

    def picture(self) -> NDArray[np.uint8]:
        """What stands on the screen now, [800, 1280, 3] BGR."""
        done = subprocess.run(
            ["import", "-silent", "-window", "root", "-depth", "8", "ppm:-"],
            env=self.environment,
            capture_output=True,
            check=True,
        )
        picture = cv2.imdecode(np.frombuffer(done.stdout, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return np.asarray(picture, np.uint8)

    @contextmanager
    def other_program(self, what: str, *files: Path) -> Iterator[IO[str]]:
        """Another program that copies files, copies a picture, or lets files be dragged; see `other_program.py`.

        Gives what it says.
        """
        program = subprocess.Popen(
            [sys.executable, str(HERE / "other_program.py"), what, *map(str, files)],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            try:
                yield program.stdout
            finally:
                program.terminate()
