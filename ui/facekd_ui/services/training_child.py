"""The process that trains, `python -m facekd`: how it is called. Command line and window start it by this.

Nothing here loads torch, nor Qt.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from facekd.errors import FacekdError, InputError

CHILD_FLAG = "--child"
"""First argument by which a packaged application, which is its own interpreter, becomes the training process."""
LOOK_S = 0.1


class TrainingFailed(FacekdError):
    """The training process said `error`, or ended without a word."""


class TrainingRefused(InputError):
    """The training process refused configuration or data."""


class TrainingCancelled(FacekdError):
    """Somebody did not want to wait for the answer."""


def has_torch() -> bool:
    """Whether this installation can train; finds torch without loading it."""
    return importlib.util.find_spec("torch") is not None


def child_command(words: Sequence[str]) -> list[str]:
    """The command of the training process with these words."""
    if getattr(sys, "frozen", False):
        return [sys.executable, CHILD_FLAG, *words]
    return [sys.executable, "-P", "-m", "facekd", *words]


def child_environment(home: Path) -> dict[str, str]:
    """What the training process finds in its environment."""
    return os.environ | {"FACEKD_HOME": str(home), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def ask(words: Sequence[str], home: Path, cancelled: Callable[[], bool] = lambda: False) -> Any:
    """The one JSON document of a command of the training process.

    Args:
        words: of `python -m facekd`.
        home: of this installation.
        cancelled: asked ten times a second; True ends the process.

    Raises:
        TrainingRefused, TrainingFailed: with the last line that it wrote on stderr.
        TrainingCancelled: it was cancelled.
    """
    child = subprocess.Popen(
        child_command(words),
        env=child_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                answer, said = child.communicate(timeout=LOOK_S)
                break
            if cancelled():
                raise TrainingCancelled("stopped on request")
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    if child.returncode:
        raise (TrainingRefused if child.returncode == 2 else TrainingFailed)(
            last_words(said, child.returncode)
        )
    return json.loads(answer)


def last_words(said: bytes, status: int) -> str:
    """The last line of a process's stderr; how it was ended where it said nothing."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    if lines:
        return lines[-1].removeprefix("facekd: ")
    return f"the process was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
