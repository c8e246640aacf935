"""A screen of its own (Xvfb), two cores, and programs that run there and answer with one JSON line."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CORES = 2
SIZE = "1440x900x24"


class Failed(Exception):
    """A program did not come to its end; the message says what it said last."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where programs are started."""

    environment: dict[str, str]

    @property
    def name(self) -> str:
        """In words."""
        return f"Xvfb {SIZE}" if "DISPLAY" in self.environment else "none (painted into memory)"

    def run(self, program: str, *arguments: str | Path, seconds: float = 120) -> dict[str, Any]:
        """What bench/window/PROGRAM.py printed. Raises Failed."""
        command = [sys.executable, "-m", f"{HERE.name}.{program}", *map(str, arguments)]
        try:
            done = subprocess.run(
                command,
                cwd=HERE.parent,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{program} did not end within {seconds:.0f} s") from error
        if done.returncode or not done.stdout.strip():
            raise Failed(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-800:]}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


@contextmanager
def a_screen() -> Iterator[Screen]:
    """An X server for the time of the block; it and all that runs on it share two cores.

    Without Xvfb programs paint into memory; `Screen.name` says which.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("QT_", "WAYLAND"))}
    environment |= {"OMP_WAIT_POLICY": "PASSIVE", "OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "ERROR"}
    if shutil.which("Xvfb") is None:
        environment.pop("DISPLAY", None)
        yield Screen(environment | {"QT_QPA_PLATFORM": "offscreen"})
        return
    readable, writable = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writable), "-screen", "0", SIZE, "-nolisten", "tcp"],
        pass_fds=[writable],
        stderr=subprocess.DEVNULL,
    )
    os.close(writable)
    try:
        with os.fdopen(readable) as number:
            display = number.readline().strip()
        yield Screen(environment | {"DISPLAY": f":{display}"})
    finally:
        server.terminate()
        server.wait(10)
