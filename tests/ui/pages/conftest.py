"""Pages over the real services, a real SQLite store with an account of each role, and the tiny networks.

`context(role)` is what a page is given. `went` collects where a page asked to go, `notes` what it said in toasts.
"""

import importlib.util
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.errors import CameraError
from facekd.models import Registry
from facekd.sources import Patience, Source
from facekd.types import Frame
from facekd_db.records import Role
from facekd_ui.i18n.text import Text
from facekd_ui.pages.context import PageContext
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.networks import Choice
from facekd_ui.session import Session
from facekd_ui.workers.tasks import Tasks


def _store_fixtures() -> ModuleType:
    """The fixtures of the tests of services: the same desk, the same accounts."""
    path = Path(__file__).parents[1] / "services" / "conftest.py"
    spec = importlib.util.spec_from_file_location("facekd_services_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_SERVICES = _store_fixtures()
registry, choice, prepared = _SERVICES.registry, _SERVICES.choice, _SERVICES.prepared
portrait = _SERVICES.portrait


@pytest.fixture
def desk(
    prepared: tuple[Path, dict[Role, str]], tmp_path: Path, registry: Registry, choice: Choice
) -> Iterator[Desk]:
    """As in the tests of services, but time goes on: live pictures need it."""
    home = tmp_path / "home"
    shutil.copytree(prepared[0], home)
    began = time.monotonic()

    def now() -> datetime:
        start: datetime = _SERVICES.START
        return start + timedelta(seconds=time.monotonic() - began)

    desk = _SERVICES.open_desk(home, now, registry, choice)
    yield desk
    desk.store.close()


@dataclass
class Notes:
    """What pages said in short notes."""

    said: list[str] = field(default_factory=list)

    def show(
        self,
        text: Text | str,
        *,
        icon: str = "check",
        token: str = "success",
        action: tuple[Text, Callable[[], object]] | None = None,
        key: str = "",
    ) -> object:
        del icon, token, action, key
        self.said.append(str(text))
        return None


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def went() -> list[tuple[str, object]]:
    return []


Contexts = Callable[[Role], PageContext]


@pytest.fixture
def context(
    desk: Desk,
    prepared: tuple[Path, dict[Role, str]],
    notes: Notes,
    went: list[tuple[str, object]],
    settled: object,
) -> Iterator[Contexts]:
    """What a page is given, for somebody of a role who is logged in."""
    del settled  # the application with its theme is there
    pools: list[Tasks] = []

    def make(role: Role = Role.ADMINISTRATOR) -> PageContext:
        token = prepared[1][role]
        with desk.store.reading() as t:
            stored, operator = t.sessions.touch(token, active=False)
        session = Session(operator, token, stored)
        pools.extend((Tasks(1), Tasks(2)))
        return PageContext(
            Services.of(desk, session), session, pools[-2], pools[-1], notes, lambda *to: went.append(to)
        )

    yield make
    for pool in pools:
        pool.stop()


class PaintedSource(Source):
    """A live source: `pictures` in turn at `fps`, until closed or until `lose_after` frames; then CameraError."""

    live = True
    name = "painted"

    def __init__(self, *pictures: NDArray[np.uint8], fps: float = 40, lose_after: int | None = None) -> None:
        self.fps = fps
        self.closed = threading.Event()
        self._pictures, self._lose_after = pictures, lose_after
        self._given = 0
        self._started = time.monotonic()

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        return False

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        raise CameraError(spec)

    def read(self) -> Frame | None:
        assert self.fps is not None
        if self.closed.wait(1 / self.fps):
            return None
        if self._given == self._lose_after:
            raise CameraError("painted: expected pictures, the plug was pulled; put it in again")
        self._given += 1
        picture = self._pictures[self._given % len(self._pictures)].copy()
        picture.flags.writeable = False
        return Frame(picture, self._given - 1, (time.monotonic() - self._started) * 1000)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def painted() -> type[PaintedSource]:
    return PaintedSource
