"""Another computer deploys a recogniser while this window watches a camera: picture and names go on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import DEFAULTS, ModelFile, Registry
from facekd_db.keys import FileKeys
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks

GRACE = 1
FOLLOWS_S = 2.0
PASSWORD = "seven quiet herons"


@pytest.fixture(scope="session")
def networks(
    tiny_detector: ModelFile, tiny_embedder: ModelFile, tmp_path_factory: pytest.TempPathFactory
) -> Networks:
    """Those of this computer: it has the old recogniser only, and no recogniser is named in its settings."""
    own = tmp_path_factory.mktemp("desk")
    for suffix in (".onnx", ".toml"):  # called as what is taken when nobody names one
        shutil.copyfile(tiny_embedder.path.with_suffix(suffix), own / f"{DEFAULTS['embedder'][0]}{suffix}")
    return Networks(Registry([own]), Choice(str(tiny_detector.path), None, 1))


@pytest.fixture
def elsewhere(
    home: Path,
    tmp_path: Path,
    tiny_detector: ModelFile,
    tiny_embedder: ModelFile,
    make_embedder: Callable[[str, NDArray[np.float32]], ModelFile],
) -> Iterator[Services]:
    """The administrator at another computer, who has a student there that was let through the gate."""
    folder = tmp_path / "elsewhere" / "models"
    folder.mkdir(parents=True)
    student = make_embedder("student", 3 * np.eye(48, dtype=np.float32))
    for model in (tiny_embedder, student):
        for path in (model.path, model.path.with_suffix(".toml")):
            shutil.copyfile(path, folder / path.name)
    store = Store(f"sqlite:///{home / 'data' / 'facekd.db'}", FileKeys(home / "store.key"))
    desk = Desk.build(
        store, folder.parent, Networks(Registry([folder]), Choice(str(tiny_detector.path), None, 1)), "desk 2"
    )
    services = Services.of(desk, Logins(store, desk.name).log_in("Ada", PASSWORD, may_idle=True))
    services.comparison.run("student")
    with store.transaction() as t:
        compared = t.deployments.comparison(student.card.id, tiny_embedder.card.id)
        assert compared is not None
        t.deployments.vouch(compared.id, 1, "a test")
    yield services
    store.close()


def test_a_window_follows_a_deployment_and_a_rollback_within_two_seconds(
    at_work: Callable[..., Any], home: Path, door: Any, elsewhere: Services
) -> None:
    window = at_work(home)
    live = window.program.window.pages.page("live")
    said: list[str] = []
    live.recogniser_changed.connect(lambda card, *_rest: said.append(card.id))
    named: list[tuple[str, str]] = []
    live.run.seen.connect(
        lambda seen: named.extend(
            (live.run.watch.card.id, f.person) for f in seen.recognition.faces if f.person
        )
    )
    door.show({GRACE: (160, 120)})
    window.wait(lambda: bool(named))
    grace = named[0][1]

    student = elsewhere.deployment.stage("student").model_id
    before = named[0][0]
    assert live.run.watch.card.id == before  # prepared, and nothing has changed
    elsewhere.deployment.switch("student")
    assert window.wait(lambda: said[-1:] == [student]) < FOLLOWS_S
    window.wait(lambda: (student, grace) in named)

    named.clear()
    elsewhere.deployment.roll_back(before)
    assert window.wait(lambda: said[-1:] == [before]) < FOLLOWS_S
    window.wait(lambda: (before, grace) in named)
    assert {person for _, person in named} == {grace}
