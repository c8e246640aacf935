"""Real faces through the services: imported from photographs, named in others; strangers stay unnamed."""

import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from facekd.images import decode_image
from facekd.models import Registry
from facekd.types import State
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.store import COST_SETTING, Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.imports import Fate
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks

PEOPLE, STRANGERS = 20, 20
ENROLLED = 2
"""Photographs of each person that are imported; the other two are named."""


@pytest.fixture
def services(weights: Path, tmp_path: Path) -> Iterator[Services]:
    store = Store(f"sqlite:///{tmp_path / 'facekd.db'}", FileKeys(tmp_path / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    networks = Networks(Registry([tmp_path / "models", weights]), Choice(threads=1))
    desk = Desk.build(store, tmp_path, networks, "desk 1")
    yield Services.of(desk, Logins(store, desk.name).create_first("Ada", "seven quiet herons"))
    store.close()


@pytest.mark.shared
def test_people_are_imported_and_named_and_strangers_are_not(
    services: Services, shared_data: Path, tmp_path: Path
) -> None:
    known: dict[str, list[str]] = defaultdict(list)
    strangers: list[str] = []
    with zipfile.ZipFile(shared_data / "faces" / "lfw_original250_sample.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".jpg")):
            kind, person, _ = name.split("/")
            if kind == "known":
                known[person].append(name)
            else:
                strangers.append(name)
        chosen = dict(list(known.items())[:PEOPLE])
        for person, files in chosen.items():
            for file in files[:ENROLLED]:
                path = tmp_path / "staff" / person / Path(file).name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(file))
        report = services.imports.run(tmp_path / "staff")
        enrolled = {row.name for row in report.rows if row.fate is Fate.NEW}
        assert (
            len(enrolled) >= PEOPLE / 3
        )  # the others' photographs are too small for the gate, or show two people
        # Nobody is taken for somebody else, or for two people.
        assert not [file for _, file in report.refused if file.reason == "looks_like_other_person"]
        named = right = 0
        for person, files in chosen.items():
            for file in files[ENROLLED:]:
                faces = services.photo.name_everyone(decode_image(archive.read(file), file))
                names = {face.person for face in faces if face.state is State.KNOWN}
                assert names <= {person}
                if person in enrolled:
                    named += 1
                    right += names == {person}
        assert right >= 0.8 * named
        for file in strangers[:STRANGERS]:
            faces = services.photo.name_everyone(decode_image(archive.read(file), file))
            assert not [face for face in faces if face.state is State.KNOWN]
