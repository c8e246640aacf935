"""The window of `recognise --display`, a child process that shows the frames it is sent."""

import os
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

from facekd.errors import InputError
from facekd.types import Image


class Display:
    """Sends frames to a viewer, at most as fast as their time stamps say. A context manager.

    Raises InputError when there is no screen.
    """

    def __init__(self, title: str) -> None:
        on_screen = sys.platform != "linux" or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        )
        if not on_screen:
            raise InputError("--display: expected a screen, found none; write --video FILE.mp4 instead")
        command = [sys.executable, "-m", "facekd_ui.viewer", title]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE)
        self._zero: float | None = None

    def show(self, image: Image, t_ms: float) -> bool:
        """Show a BGR frame; False once the window has been closed."""
        now = time.monotonic() * 1e3
        if self._zero is None:
            self._zero = now - t_ms
        time.sleep(max(0.0, (self._zero + t_ms - now) / 1e3))
        pipe = self._child.stdin
        try:
            if pipe is None or self._child.poll() is not None:
                return False
            pipe.write(image.shape[0].to_bytes(4, "little") + image.shape[1].to_bytes(4, "little"))
            pipe.write(image.tobytes())
            pipe.flush()
        except BrokenPipeError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._child.stdin:
                self._child.stdin.close()
        except BrokenPipeError:
            pass  # the window was closed with a frame on its way
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
