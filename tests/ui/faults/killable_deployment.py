"""Deploys a recogniser through the service as the window does, in children that are killed: test_killed_deploying.py.

`killable_deployment.py HOME DETECTOR TOKEN` reads one task a line: {"url", "model", "steps", "until", "after_s",
"work"}. It forks a child that prepares and switches ("deploy") or goes back ("back"), kills it `after_s` seconds after
it has said more than so many lines, or the line `until`, and answers with what the child had said and how long it took
from "prepared" on. Forking spares each child the second that importing everything takes.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import cv2

from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.session import Session


class Telling:
    """Says each step into the pipe."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        os.write(self._pipe, f"{done}\n".encode())

    def cancelled(self) -> bool:
        return False


def act(task: dict[str, Any], pipe: int) -> None:
    """In the child."""
    home, detector, token = sys.argv[1:]
    cv2.setNumThreads(1)
    store = Store(task["url"], FileKeys(Path(home) / "store.key"))
    with store.reading() as t:
        stored, operator = t.sessions.touch(token, active=False)
    desk = Desk.build(
        store, Path(home), Networks(Registry([Path(home) / "models"]), Choice(detector, None, 1)), "desk"
    )
    deployment = Services.of(desk, Session(operator, token, stored)).deployment
    if task["work"] == "deploy":
        deployment.stage(task["model"], Telling(pipe))
        os.write(pipe, b"prepared\n")
        deployment.switch(task["model"])
    else:
        os.write(pipe, b"prepared\n")
        deployment.roll_back(task["model"])
    os.write(pipe, b"done\n")


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait for what it says, wait a little longer, kill."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        try:
            act(task, writable)
        except BaseException:  # noqa: BLE001 - the child's edge: it must not go on as a second parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as said:
        lines: list[str] = []
        began = time.monotonic()
        while not lines or (lines[-1] != task["until"] and len(lines) <= task["steps"]):
            line = said.readline().strip()
            if not line:
                break  # it has ended
            lines.append(line)
            if line == "prepared":
                began = time.monotonic()
        took = time.monotonic() - began
        time.sleep(task["after_s"])
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        lines += [line.strip() for line in said]
    killed = os.WIFSIGNALED(status)
    if not killed and os.WEXITSTATUS(status):
        raise SystemExit("the child failed")
    return {"said": lines, "killed": killed, "took_s": took}


if __name__ == "__main__":
    for each in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(each))) + "\n")
        sys.stdout.flush()
