"""`kill -9` while people are enrolled and imported: afterwards everybody on file is whole, and an import goes on."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from facekd.models import ModelFile, Registry
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.schema import audit, crop, data_key, person, template
from facekd_db.server import MISSING, PrivateServer, find
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal and forks")
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
PASSWORD = "seven quiet herons"
KILLS = {"sqlite": 50, "mariadb": 10}  # of enrolment, and as many of an import
TIMES = int(os.environ.get("FACEKD_FAULTS", "1"))  # `make faults` kills an enrolment more often
AT_ONCE = 4  # people that a child enrols until it ends by itself
STAFF = {"sqlite": 66, "mariadb": 16}
UNLIKE = 0.4  # cosine of faces that nobody takes for one


@dataclass(frozen=True)
class Place:
    """A store, the services of its administrator, and a program that works there and is killed."""

    services: Services
    store: Store
    home: Path
    program: subprocess.Popen[str]

    def kill(self, after_s: float, **task: object) -> dict[str, Any]:
        """What the program says of a child that was killed after so many seconds of work."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps({"after_s": after_s, **task}) + "\n")
        self.program.stdin.flush()
        line = self.program.stdout.readline()
        assert line, "the program ended; what it said stands above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture(params=["sqlite", "mariadb"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, tmp_path: Path) -> Iterator[str]:
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'facekd.db'}"
        return
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    with PrivateServer(tmp_path / "server", lasting=False) as server:
        server.execute("CREATE DATABASE facekd CHARACTER SET utf8mb4")
        yield server.url()


@pytest.fixture
def place(url: str, tmp_path: Path, tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Iterator[Place]:
    home = tmp_path / "home"
    store = Store(url, FileKeys(home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    models = (str(tiny_detector.path), str(tiny_embedder.path))
    desk = Desk.build(store, home, Networks(Registry([]), Choice(*models, 1)), "desk")
    session = Logins(store, desk.name).create_first("Ada", PASSWORD)
    desk.gallery.current()  # which model speaks is settled
    program = subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).with_name("killable.py")),
            str(home),
            url,
            *models,
            session.token,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Place(Services.of(desk, session), store, home, program)
    program.communicate(timeout=30)
    store.close()


@pytest.fixture
def photos(paint: Paint, tmp_path: Path) -> Callable[[int, Path], list[Path]]:
    """Two photographs of the person `seed`, in a folder."""

    def make(seed: int, folder: Path) -> list[Path]:
        folder.mkdir(parents=True)
        files = []
        for number, shade in enumerate((0, 40)):
            picture = paint({seed: (160, 120)})
            darker = picture[:, 160:].astype(int) - shade
            darker[..., 1] = picture[:, 160:, 1]
            picture[:, 160:] = np.clip(darker, 0, 255)
            files.append(folder / f"{number}.png")
            cv2.imwrite(str(files[-1]), picture)
        return files

    return make


def unlike(paint: Paint, count: int) -> list[int]:
    """Seeds of so many people of whom no two look alike: the mean colours of their fields point elsewhere."""
    seeds: list[int] = []
    rows: list[NDArray[np.float64]] = []
    for seed in range(1, 10_000):
        face = paint({seed: (160, 120)})[88:152, 128:192]
        colours = cv2.resize(face, (4, 4), interpolation=cv2.INTER_AREA).astype(float) - (127.5, 64, 127.5)
        row = colours.ravel() / np.linalg.norm(colours)
        if all(row @ other < UNLIKE for other in rows):
            seeds.append(seed)
            rows.append(row)
        if len(seeds) == count:
            return seeds
    raise AssertionError("not enough faces that look different")


def everybody_is_whole(place: Place) -> dict[int, str]:
    """Checks the store from the outside and by its own check; returns id -> name."""
    with place.store.transaction() as t:  # a transaction: nobody's lock is left behind

        def counted(column: sa.Column[int]) -> dict[int, int]:
            return {
                row[0]: row[1]
                for row in t.connection.execute(sa.select(column, sa.func.count()).group_by(column))
            }

        people = {row[0]: row[1] for row in t.connection.execute(sa.select(person.c.id, person.c.name))}
        crops, templates = counted(crop.c.person_id), counted(template.c.person_id)
        strays = sa.select(template.c.id).outerjoin(
            crop, sa.and_(crop.c.id == template.c.crop_id, crop.c.person_id == template.c.person_id)
        )
        assert t.connection.execute(strays.where(crop.c.id.is_(None))).all() == []
        assert crops == templates == dict.fromkeys(people, 2)  # for each person both photographs
        owners = set(t.connection.execute(sa.select(data_key.c.person_id)).scalars()) - {None}
        assert owners == set(people)
        added = sa.select(sa.func.count()).where(audit.c.act == "person.add")
        assert t.connection.execute(added).scalar() == len(people)
        assert t.gallery.state().revision == 1 + len(people)  # the first is the choice of a model
    assert [check.name for check in place.services.maintenance.check() if not check.ok] == []
    return people


def test_killed_anywhere_in_an_enrolment_everybody_on_file_is_whole(
    place: Place, backend: str, photos: Callable[[int, Path], list[Path]], tmp_path: Path
) -> None:
    files = [[str(file) for file in photos(seed, tmp_path / f"photos {seed}")] for seed in (1, 6, 4, 9)]
    chance = random.Random(0)

    def crowd(number: int) -> list[tuple[str, list[str]]]:
        return [(f"{number}-{each}", files[each]) for each in range(AT_ONCE)]

    whole = place.kill(60, work="enrol", people=crowd(-1))
    confirmed = {f"-1-{each}": key for each, key in enumerate(whole["confirmed"])}
    cut, kills = 0, KILLS[backend] * TIMES
    for number in range(kills):
        done = place.kill(chance.uniform(0, whole["took_s"]), work="enrol", people=crowd(number))
        cut += done["killed"]
        confirmed |= {f"{number}-{each}": key for each, key in enumerate(done["confirmed"])}
        people = everybody_is_whole(place)
        # What was confirmed is there; of what was not at most the one that was being worked on.
        assert {name: key for key, name in people.items() if name in confirmed} == confirmed
        assert len(people) - len(confirmed) <= number + 1
    assert cut > kills // 2  # or the moments were not those of the work


def test_killed_anywhere_in_an_import_it_goes_on_and_everybody_is_on_file_once(
    place: Place, backend: str, paint: Paint, photos: Callable[[int, Path], list[Path]], tmp_path: Path
) -> None:
    folder = tmp_path / "staff"
    names = [f"Person {number:02}" for number in range(STAFF[backend])]
    for name, seed in zip(names, unlike(paint, len(names)), strict=True):
        photos(seed, folder / name)
    first = place.kill(60, work="import", folder=str(_part_of(folder, 3, tmp_path)))
    each_s = first["took_s"] / 3
    chance = random.Random(1)
    cut, on_file = 0, 3
    for _ in range(KILLS[backend]):
        done = place.kill(chance.uniform(0, 2.6 * each_s), work="import", folder=str(folder))
        cut += done["killed"]
        people = everybody_is_whole(place)
        assert len(people) >= on_file  # nobody is lost again
        on_file = len(people)
        assert done["killed"] == (folder in place.services.imports.pending()) or not done["confirmed"]
    assert cut > KILLS[backend] // 2
    report = place.services.imports.run(folder)
    assert report.complete
    assert [row.why for row in report.rows if row.why] == []
    assert sorted(everybody_is_whole(place).values()) == names
    assert place.services.imports.pending() == ()
    assert [path.name for path in (place.home / "imports").iterdir()] == []  # nothing half written lies about


def _part_of(folder: Path, count: int, tmp_path: Path) -> Path:
    """A folder with the first people of another one."""
    part = tmp_path / "few"
    part.mkdir()
    for each in sorted(folder.iterdir())[:count]:
        (part / each.name).symlink_to(each)
    return part
