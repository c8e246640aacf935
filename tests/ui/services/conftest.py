"""A store with one account of each role, at a desk with the tiny networks.

The store is made once and copied for each test; its password cost is the least that the store allows, which is a
setting of the store.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import ModelFile, Registry
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import Role
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.session import Session

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
PASSWORD = "seven quiet herons"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that tests turn."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += timedelta(**step)


def open_desk(home: Path, clock: Callable[[], datetime], registry: Registry, choice: Choice) -> Desk:
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"), clock=clock)
    return Desk.build(store, home, Networks(registry, choice), "desk 1")


@pytest.fixture(scope="session")
def registry(tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Registry:
    return Registry([tiny_detector.path.parent, tiny_embedder.path.parent])


@pytest.fixture(scope="session")
def choice(tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Choice:
    return Choice(str(tiny_detector.path), str(tiny_embedder.path), threads=1)


@pytest.fixture(scope="session")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, registry: Registry, choice: Choice
) -> tuple[Path, dict[Role, str]]:
    """A home folder with accounts, and an open session's token for each role."""
    home = tmp_path_factory.mktemp("prepared")
    desk = open_desk(home, Clock(), registry, choice)
    desk.store.upgrade()
    desk.store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    first = Logins(desk.store, desk.name).create_first("Ada", PASSWORD)
    hashed = desk.store.hasher().hash(PASSWORD)
    tokens = {Role.ADMINISTRATOR: first.token}
    with desk.store.transaction() as t:
        for name, role in (("Olga", Role.OPERATOR), ("Emil", Role.ENGINEER), ("Uma", Role.AUDITOR)):
            operator = t.operators.add(name, role, hashed)
            tokens[role] = t.sessions.start(operator.id, "desk 1")[1]
    desk.store.scrub()
    desk.store.close()
    return home, tokens


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(
    prepared: tuple[Path, dict[Role, str]], tmp_path: Path, clock: Clock, registry: Registry, choice: Choice
) -> Iterator[Desk]:
    home = tmp_path / "home"
    shutil.copytree(prepared[0], home)
    desk = open_desk(home, clock, registry, choice)
    yield desk
    desk.store.close()


As = Callable[[Role], Services]


@pytest.fixture
def as_role(desk: Desk, prepared: tuple[Path, dict[Role, str]]) -> As:
    """The services for somebody of a role who is logged in."""

    def services(role: Role) -> Services:
        token = prepared[1][role]
        with desk.store.reading() as t:
            stored, operator = t.sessions.touch(token, active=False)
        return Services.of(desk, Session(operator, token, stored))

    return services


@pytest.fixture
def admin(as_role: As) -> Services:
    return as_role(Role.ADMINISTRATOR)


@pytest.fixture
def operator(as_role: As) -> Services:
    return as_role(Role.OPERATOR)


@pytest.fixture
def logins(desk: Desk) -> Logins:
    return Logins(desk.store, desk.name)


@pytest.fixture
def portrait(tmp_path: Path, paint: Paint) -> Callable[..., Path]:
    """Writes a photograph of the person `seed` and returns its path."""

    def make(seed: int, name: str = "", at: tuple[int, int] = (160, 120), shade: int = 0) -> Path:
        picture = paint({seed: at})
        if shade:  # another photograph of the same face: a little darker to one side
            side = picture[:, at[0] :].astype(int) - shade
            side[..., 1] = picture[:, at[0] :, 1]
            picture[:, at[0] :] = np.clip(side, 0, 255)
        path = tmp_path / (name or f"{seed}-{at[0]}-{shade}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
        return path

    return make
