"""The whole change of a recogniser on a server that two computers share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from facekd.embed import Embedder
from facekd.models import ModelFile, Registry
from facekd_db.errors import Conflict, StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.server import MISSING, PrivateServer, find, free_port
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.examination import crop_png
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.stored_gallery import as_bytes

Models = Any
Pausing = Any
Portrait = Callable[..., Path]
PASSWORD = "seven quiet herons"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    with PrivateServer(tmp_path / "server", port=free_port(), lasting=False) as server:
        server.execute("CREATE DATABASE models CHARACTER SET utf8mb4")
        yield server


def fill(store: Store, old: ModelFile) -> None:
    """Twelve people with two photographs each, known to the old recogniser."""
    embedder = Embedder(old, threads=1)
    rng = np.random.default_rng(3)
    with store.transaction() as t:
        card = msgspec.json.encode(old.card).decode()
        t.models.add(old.card.id, name="old", kind="embedder", dim=48, card=card)
        t.gallery.activate(old.card.id)
        for number in range(12):
            person = t.people.add(PersonFields(f"Person {number}")).id
            fields = rng.integers(0, 256, (4, 4, 3)) + rng.integers(-20, 20, (2, 4, 4, 3))
            crops = np.repeat(np.repeat(np.clip(fields, 0, 255).astype(np.uint8), 28, axis=1), 28, axis=2)
            for crop, vector in zip(crops, embedder.embed(crops).vectors, strict=True):
                key = t.crops.add(person, crop_png(crop), source="file")
                t.templates.add([NewTemplate(person, old.card.id, 48, as_bytes(vector), key)])
        t.gallery.bump()


def test_a_model_comes_and_goes_on_a_server_for_every_computer(
    server: PrivateServer,
    tmp_path: Path,
    models: Models,
    tiny_detector: ModelFile,
    pausing: Pausing,
    small_steps: None,
    portrait: Portrait,
) -> None:
    keys = FileKeys(tmp_path / "store.key")

    def desk(name: str, *files: ModelFile) -> Desk:
        folder = tmp_path / name / "models"
        folder.mkdir(parents=True)
        for model in files:
            for path in (model.path, model.path.with_suffix(".toml")):
                shutil.copyfile(path, folder / path.name)
        networks = Networks(Registry([folder]), Choice(str(tiny_detector.path), threads=1))
        return Desk.build(Store(server.url(database="models"), keys), tmp_path / name, networks, name)

    first, second = desk("desk 1", models.old, models.new), desk("desk 2", models.old)
    first.store.upgrade()
    first.store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    session = Logins(first.store, first.name).create_first("Ada", PASSWORD)
    admin, other = Services.of(first, session), Services.of(second, session)
    fill(first.store, models.old)
    admin.comparison.run("new")
    compared = first.store.run(lambda t: t.deployments.comparison(models.new.card.id, models.old.card.id))
    assert compared is not None
    first.store.run(lambda t: t.deployments.vouch(compared.id, 1, "a test"))

    live = other.recognition.live()
    with pytest.raises(StoreUnavailable):
        admin.deployment.stage("new", pausing(8, server.stop))
    server.start()
    with pytest.raises(Conflict, match="desk 1 is deploying"):
        other.deployment.stage(str(models.new.path))
    watch = pausing()
    assert admin.deployment.stage("new", watch).complete
    assert 8 <= watch.seen[0][0] < 24  # what was written stayed
    done = admin.deployment.switch("new")
    assert (done.people, done.photos) == (12, 24)
    assert live.refresh() is not None
    assert live.card.name == "new"
    shots = other.enrolment.examine_files([portrait(1)])
    other.enrolment.enrol(PersonFields("Grace"), shots, somebody_else=True)
    assert admin.deployment.roll_back(done.previous_id).people == 13
    assert live.refresh() is not None
    assert (live.card.name, live.people) == ("old", 13)
    assert all(check.ok for check in admin.maintenance.check())
    for each in (first, second):
        each.store.close()
