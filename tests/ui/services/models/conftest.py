"""A desk with people on file by an old recogniser, and recognisers that may follow it.

Photographs are noisy versions of a person's colours; the networks look at them through a matrix.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.embed import Embedder
from facekd.models import ModelFile, Registry
from facekd_db.keys import FileKeys
from facekd_db.records import NewTemplate, PersonFields, Role
from facekd_db.store import Store
from facekd_ui.services import renewing
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.examination import crop_of, crop_png
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.stored_gallery import as_bytes

Make = Callable[[str, NDArray[np.float32]], ModelFile]
PASSWORD = "seven quiet herons"


@dataclass(frozen=True)
class Models:
    """The recogniser in use and two candidates."""

    old: ModelFile
    new: ModelFile  # sees what the old one sees, from another side and in fewer numbers
    damaged: ModelFile  # the new one after an accident


@pytest.fixture(scope="session")
def models(make_embedder: Make) -> Models:
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.standard_normal((48, 48)))[0].astype(np.float32)
    hurt = turned[:, :40] + 2 * rng.standard_normal((48, 40)).astype(np.float32) * (rng.random((48, 1)) < 0.5)
    return Models(
        make_embedder("old", np.eye(48, dtype=np.float32)),
        make_embedder("new", turned[:, :40]),
        make_embedder("damaged", hurt * np.linspace(0, 3, 40, dtype=np.float32) ** 4),
    )


OpenDesk = Callable[[str], Desk]


@pytest.fixture
def open_desk(
    prepared: tuple[Path, dict[Role, str]],
    tmp_path: Path,
    clock: Callable[[], datetime],
    tiny_detector: ModelFile,
    models: Models,
) -> Iterator[OpenDesk]:
    """Opens computers of one store; each has a folder of models of its own, with the old recogniser in it."""
    shutil.copytree(prepared[0], tmp_path / "home")
    opened: list[Desk] = []

    def open_one(name: str) -> Desk:
        home = tmp_path / name
        (home / "models").mkdir(parents=True)
        for file in (models.old.path, models.old.path.with_suffix(".toml")):
            shutil.copyfile(file, home / "models" / file.name)
        store = Store(
            f"sqlite:///{tmp_path / 'home' / 'facekd.db'}",
            FileKeys(tmp_path / "home" / "store.key"),
            clock=clock,
        )
        networks = Networks(Registry([home / "models"]), Choice(str(tiny_detector.path), threads=1))
        opened.append(Desk.build(store, home, networks, name))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.store.close()


@pytest.fixture
def desk(open_desk: OpenDesk, models: Models) -> Desk:
    """The computer from which is deployed: it has all models. The old one is in use."""
    desk = open_desk("desk 1")
    for model in (models.new, models.damaged):
        for file in (model.path, model.path.with_suffix(".toml")):
            shutil.copyfile(file, desk.home / "models" / file.name)
    with desk.store.transaction() as t:
        t.models.add(models.old.card.id, name="old", kind="embedder", dim=48, card=_card(models.old))
        t.gallery.activate(models.old.card.id)
        t.operators.add("Zoe", Role.ADMINISTRATOR, desk.store.hasher().hash(PASSWORD))
    return desk


def _card(model: ModelFile) -> str:
    return msgspec.json.encode(model.card).decode()


def crop_of_person(seed: int, photo: int, noise: float) -> NDArray[np.uint8]:
    """[112, 112, 3] RGB: the colours of the person `seed`, a little different in each photograph."""
    base = np.random.default_rng(seed).integers(0, 256, (4, 4, 3)).astype(float)
    base += noise * np.random.default_rng((seed, photo)).standard_normal(base.shape)
    return np.repeat(np.repeat(np.clip(base, 0, 255).astype(np.uint8), 28, axis=0), 28, axis=1)


Crowd = Callable[..., list[int]]


@pytest.fixture
def crowd(desk: Desk, models: Models) -> Crowd:
    """Puts people with photographs and templates by the old recogniser on file; returns their ids."""

    def put(people: int, photos: int = 3, *, noise: float = 25.0, first: int = 0) -> list[int]:
        embedder = Embedder(models.old, threads=1)
        seeds = range(first, first + people)
        crops = np.stack([crop_of_person(seed, photo, noise) for seed in seeds for photo in range(photos)])
        vectors = embedder.embed(crops).vectors
        ids = []
        with desk.store.transaction() as t:
            for number, seed in enumerate(seeds):
                ids.append(t.people.add(PersonFields(f"Person {seed}")).id)
                for photo in range(photos):
                    row = number * photos + photo
                    crop = t.crops.add(ids[-1], crop_png(crops[row]), source="file")
                    t.templates.add(
                        [NewTemplate(ids[-1], embedder.model_id, 48, as_bytes(vectors[row]), crop)]
                    )
            t.gallery.bump()
        return ids

    return put


@pytest.fixture
def let_in(admin: Services) -> Callable[[ModelFile], None]:
    """Lets a model through the gate: nothing is asked here of how good it is."""

    def vouch(model: ModelFile) -> None:
        admin.comparison.run(model.card.name)
        admin.deployment.override(model.card.name, "Zoe", PASSWORD, "a test")

    return vouch


class Pausing:
    """Pauses after so many photographs, and does something then; remembers what it was told."""

    def __init__(self, after: int | None = None, then: Callable[[], object] | None = None) -> None:
        self.seen: list[tuple[int, int, int]] = []
        self._after, self._then = after, then

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        self.seen.append((done, total, refused))
        if self._then is not None and self._after is not None and done >= self._after:
            then, self._then, self._after = self._then, None, None
            then()

    def cancelled(self) -> bool:
        return self._after is not None and bool(self.seen) and self.seen[-1][0] >= self._after


@pytest.fixture
def pausing() -> type[Pausing]:
    return Pausing


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "BATCH", 8)


@pytest.fixture
def called(desk: Desk) -> Callable[[], dict[str, str]]:
    """Who is found first for the first photograph of everybody on file: name -> name."""

    def names() -> dict[str, str]:
        gallery = desk.gallery.current()
        embedder = desk.networks.embedder(gallery.model_id)
        found = {}
        with desk.store.reading() as t:
            for row in t.people.page(limit=1000):
                crops = [crop_of(each.image) for each in t.crops.of(row.person.id).rows[:1]]
                if crops:
                    (candidates,) = gallery.candidates(embedder.embed(np.stack(crops)))
                    found[row.person.name] = gallery.names[candidates[0].person]
        return found

    return names


@pytest.fixture
def deploy(admin: Services) -> Callable[..., str]:
    """Deploys a model; returns the id of the one before."""

    def make(model: str = "new") -> str:
        assert admin.deployment.stage(model).complete
        return admin.deployment.switch(model).previous_id

    return make
