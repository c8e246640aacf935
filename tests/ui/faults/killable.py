"""Enrols and imports through the services as the window does, in children that are killed: see test_killed.py.

`killable.py HOME URL DETECTOR EMBEDDER TOKEN` reads one task a line, forks a child that does it, kills the child
`after_s` seconds after it began, and answers with one line: what the child had confirmed until then, whether it was
killed before its end, and how long it worked. Forking spares each child the second that importing everything takes.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.records import PersonFields
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.session import Session

Say = Callable[[object], None]


def services() -> Services:
    """Of the session that the test has opened, with the people on file loaded."""
    home, url, detector, embedder, token = sys.argv[1:]
    cv2.setNumThreads(1)
    store = Store(url, FileKeys(Path(home) / "store.key"))
    networks = Networks(Registry([]), Choice(detector, embedder, 1))
    with store.reading() as t:
        stored, operator = t.sessions.touch(token, active=False)
    desk = Desk.build(store, Path(home), networks, "desk")
    desk.gallery.current()
    return Services.of(desk, Session(operator, token, stored))


def enrol(people: Services, task: dict[str, Any], say: Say) -> None:
    """One after the other; each is confirmed when the service has returned."""
    for name, files in task["people"]:
        shots = people.enrolment.examine_files([Path(file) for file in files])
        say(people.enrolment.enrol(PersonFields(name), shots, somebody_else=True).person.id)


def bulk(people: Services, task: dict[str, Any], say: Say) -> None:
    """An import, which confirms nothing before its end."""
    say(people.imports.run(Path(task["folder"])).complete)


def act(task: dict[str, Any], pipe: int) -> None:
    """In the child."""

    def say(what: object) -> None:
        os.write(pipe, f"{json.dumps(what)}\n".encode())

    people = services()
    say("ready")
    {"enrol": enrol, "import": bulk}[task["work"]](people, task, say)


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait, kill."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        try:
            act(task, writable)
        except Exception:  # noqa: BLE001 - the child's edge: it must not go on as a second parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as said:
        said.readline()
        began = time.monotonic()
        # A child that ends by itself is not waited for any longer.
        while (left := began + task["after_s"] - time.monotonic()) > 0 and not os.waitid(
            os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            time.sleep(min(left, 0.002))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        took = time.monotonic() - began
        confirmed = [json.loads(line) for line in said]
    killed = os.WIFSIGNALED(status)
    if not killed and os.WEXITSTATUS(status):
        raise SystemExit("the child failed")
    return {"confirmed": confirmed, "killed": killed, "took_s": took}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
