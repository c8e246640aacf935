"""`kill -9` while a recogniser is deployed over 2,000 photographs: the old one, whole, or the new one; no mixture."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from facekd.embed import Embedder
from facekd.models import ModelFile, Registry
from facekd_db.deployments import Stage
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.schema import template
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.examination import crop_png
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.stored_gallery import as_bytes
from facekd_ui.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal and forks")
PASSWORD = "seven quiet herons"
PEOPLE, EACH = 500, 4
PHOTOS = PEOPLE * EACH
ON_THE_WAY = 30  # kills while photographs are renewed; each child goes on where the last one died
AT_THE_SWITCH = 14  # kills around the switch, and
AT_THE_WAY_BACK = 6  # around the rollback
Make = Callable[[str, NDArray[np.float32]], ModelFile]


@dataclass(frozen=True)
class Place:
    """A store with 2,000 photographs by the old recogniser, and a program that deploys the new one and is killed."""

    home: Path
    old: str
    new: str
    session: Session
    detector: str
    program: subprocess.Popen[str] | None = None

    def kill(
        self, file: Path, *, steps: int = 10**6, until: str = "", after_s: float, back: bool = False
    ) -> dict[str, Any]:
        """What the program says of a child that was killed so long after it had said so much."""
        assert self.program is not None
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        task = {"url": f"sqlite:///{file}", "model": self.old if back else "new", "steps": steps, "until": until,
                "after_s": after_s, "work": "back" if back else "deploy"}  # fmt: skip
        self.program.stdin.write(json.dumps(task) + "\n")
        self.program.stdin.flush()
        line = self.program.stdout.readline()
        assert line, "the program ended; what it said stands above"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def services(self, store: Store) -> Services:
        networks = Networks(Registry([self.home / "models"]), Choice(self.detector, None, 1))
        return Services.of(Desk.build(store, self.home, networks, "desk"), self.session)


@pytest.fixture(scope="module")
def place(
    make_embedder: Make, tiny_detector: ModelFile, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((48, 48)))[0].astype(np.float32)
    files = [make_embedder("old", np.eye(48, dtype=np.float32)), make_embedder("new", turned)]
    for model in files:
        for path in (model.path, model.path.with_suffix(".toml")):
            shutil.copyfile(path, home / "models" / path.name)
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    session = Logins(store, "desk").create_first("Ada", PASSWORD)
    fill(store, files)
    found = Place(home, files[0].card.id, files[1].card.id, session, str(tiny_detector.path))
    found.services(store).comparison.run("new")  # which opens the gate: it sees what the old one sees
    store.scrub()
    store.close()
    arguments = [str(home), str(tiny_detector.path), session.token]
    program = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("killable_deployment.py")), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield replace(found, program=program)
    program.communicate(timeout=30)


def fill(store: Store, files: list[ModelFile]) -> None:
    """Everybody's photographs, with templates by the old recogniser."""
    rng = np.random.default_rng(1)
    embedder = Embedder(files[0], threads=1)
    with store.transaction() as t:
        for model in files:
            card = msgspec.json.encode(model.card).decode()
            t.models.add(model.card.id, name=model.card.name, kind="embedder", dim=48, card=card)
        t.gallery.activate(files[0].card.id)
        for number in range(PEOPLE):
            person = t.people.add(PersonFields(f"Person {number}")).id
            fields = rng.integers(0, 256, (4, 4, 3)) + rng.integers(-20, 20, (EACH, 4, 4, 3))
            crops = np.repeat(np.repeat(np.clip(fields, 0, 255).astype(np.uint8), 28, axis=1), 28, axis=2)
            vectors = embedder.embed(crops).vectors
            for crop, vector in zip(crops, vectors, strict=True):
                key = t.crops.add(person, crop_png(crop), source="file", rejects=False)
                t.templates.add([NewTemplate(person, embedder.model_id, 48, as_bytes(vector), key)])
        t.gallery.bump()


def copied(source: Path, target: Path) -> Path:
    """A database in one file."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)
    target.chmod(0o600)
    return target


def speaks(place: Place, file: Path) -> str:
    """The name of the model that speaks, after everything that it must be was looked at."""
    store = Store(f"sqlite:///{file}", FileKeys(place.home / "store.key"))
    with store.transaction() as t:  # a transaction: nobody's lock is left behind
        active = t.gallery.state().model_id
        assert active in (place.old, place.new)
        opened = t.templates.gallery(active)
        assert opened.damaged == ()
        crops = {crop_id for crop_id, _ in t.crops.index()}
        assert {row.crop_id for row in opened.rows} == crops
        assert len(opened.rows) == len(crops) == PHOTOS
        twice = sa.select(template.c.crop_id).group_by(template.c.crop_id, template.c.model_id)
        assert t.connection.execute(twice.having(sa.func.count() > 1)).all() == []
        stages = [each.stage for each in t.deployments.all()]
        switched = len(t.audit.page(act="model.switch")) - len(t.audit.page(act="model.roll_back"))
        assert t.audit.verify().broken is None
    store.close()
    if active == place.new:
        assert (stages[0], switched) == (Stage.LIVE, 1)
    else:
        assert stages[:1] in ([], [Stage.STAGING], [Stage.ROLLED_BACK])
        assert switched == 0
    return "new" if active == place.new else "old"


def around(place: Place, file: Path, kills: int, tmp_path: Path, *, back: bool) -> list[str]:
    """Kills while it switches, or goes back, from before the first statement to after the last; who spoke each time."""
    whole = place.kill(copied(file, tmp_path / f"whole {back}.db"), until="done", after_s=0, back=back)
    ends = []
    for number in range(kills):
        prepared = copied(file, tmp_path / f"{back} {number}.db")
        share = number / (kills - 1)
        until, after_s = ("prepared", whole["took_s"] * share) if share < 1 else ("done", 0.0)
        place.kill(prepared, until=until, after_s=after_s, back=back)
        ends.append(speaks(place, prepared))
    return ends


def test_killed_at_any_point_the_old_model_speaks_and_is_complete_or_the_new_one(
    place: Place, tmp_path: Path
) -> None:
    chance = random.Random(0)
    file = copied(place.home / "facekd.db", tmp_path / "one.db")
    reached = [0]
    for _ in range(ON_THE_WAY):
        done = place.kill(
            file, steps=chance.choice([0, 1, 1, 2]), until="prepared", after_s=chance.uniform(0, 0.02)
        )
        assert done["killed"]
        reached.append(max(int(line) for line in done["said"] if line.isdigit()))
        assert speaks(place, file) == "old"
    assert reached == sorted(reached)  # what is written stays
    assert 0 < reached[-1] <= PHOTOS

    store = Store(f"sqlite:///{file}", FileKeys(place.home / "store.key"))
    assert place.services(store).deployment.stage("new").complete
    store.close()
    ends = around(place, file, AT_THE_SWITCH, tmp_path, back=False)
    assert (ends[0], ends[-1]) == ("old", "new")

    store = Store(f"sqlite:///{file}", FileKeys(place.home / "store.key"))
    assert place.services(store).deployment.switch("new").people == PEOPLE
    store.close()
    assert speaks(place, file) == "new"
    ends = around(place, file, AT_THE_WAY_BACK, tmp_path, back=True)
    assert (ends[0], ends[-1]) == ("new", "old")
    assert ON_THE_WAY + AT_THE_SWITCH + AT_THE_WAY_BACK == 50
