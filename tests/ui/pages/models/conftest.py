"""The Models page over a real store: people on file by an old recogniser, and recognisers that may follow it."""

import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facekd.models import ModelFile
from facekd_db.records import Role
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.models import ModelsPage
from facekd_ui.services.base import Desk
from facekd_ui.services.standing import Standing

Contexts = Callable[..., PageContext]
SLOW_MS = 60_000
SIZE = (1364, 820)  # of the page in a window of 1440 x 900


def _service_fixtures() -> ModuleType:
    """The desk, the recognisers and the people of the tests of services."""
    path = Path(__file__).parents[2] / "services" / "models" / "conftest.py"
    spec = importlib.util.spec_from_file_location("facekd_models_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_SERVICES = _service_fixtures()
models, open_desk, crowd, crop_of_person = (
    _SERVICES.models,
    _SERVICES.open_desk,
    _SERVICES.crowd,
    _SERVICES.crop_of_person,
)
small_steps = _SERVICES.small_steps


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """Goes on: sessions and workers are judged by it."""
    began = time.monotonic()
    return lambda: datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=time.monotonic() - began)


desk = _SERVICES.desk


@pytest.fixture
def page(qtbot: QtBot, context: Contexts, desk: Desk) -> Iterator[Callable[..., ModelsPage]]:
    """Opens the page for a role, and waits until the models are listed and timed."""
    made: list[ModelsPage] = []

    def make(role: Role = Role.ADMINISTRATOR, chosen: str = "") -> ModelsPage:
        shown = ModelsPage(context(role), desk.home)
        made.append(shown)
        qtbot.addWidget(shown)
        shown.resize(*SIZE)
        shown.show()
        shown.opened()
        qtbot.waitUntil(lambda: shown.list.current is not None, timeout=SLOW_MS)
        quiet(qtbot, shown)
        if chosen:
            choose(qtbot, shown, chosen)
        return shown

    yield make
    for each in made:
        each.shut_down()


def quiet(qtbot: QtBot, page: ModelsPage) -> None:
    """Nothing is under way any more."""
    context = page._context
    qtbot.waitUntil(lambda: not context.store._running and not context.work._running, timeout=SLOW_MS)
    QApplication.processEvents()  # what was added to a layout is shown by it


def choose(qtbot: QtBot, page: ModelsPage, name: str) -> None:
    """Chooses a model of the list by its name."""
    key = next(row.id for row in page.list.model.rows if not isinstance(row, str) and _name(row) == name)
    page.list.choose(key)
    quiet(qtbot, page)


def _name(row: object) -> str:
    file = getattr(row, "file", None)
    return file.card.name if isinstance(file, ModelFile) else ""


@pytest.fixture
def settle() -> Callable[[QtBot, ModelsPage], None]:
    return quiet


@pytest.fixture
def pick() -> Callable[[QtBot, ModelsPage, str], None]:
    return choose


@pytest.fixture
def standing(context: Contexts) -> Callable[[], Standing]:
    """What the store says of models."""
    services = context(Role.ADMINISTRATOR).services
    return services.deployment.state


@pytest.fixture
def bare_model(models: object, tmp_path: Path) -> Path:
    """A copy of the new recogniser without its card, and other bytes, so that nobody knows it."""
    import onnx

    new: ModelFile = models.new  # type: ignore[attr-defined]
    known = onnx.load_model(str(new.path))
    known.doc_string = "brought in from elsewhere"
    path = tmp_path / "elsewhere.onnx"
    path.write_bytes(known.SerializeToString())
    return path


@pytest.fixture
def with_card(models: object, tmp_path: Path) -> Path:
    """A copy of the damaged recogniser with its card beside it, outside the models' folder."""
    damaged: ModelFile = models.damaged  # type: ignore[attr-defined]
    folder = tmp_path / "downloads"
    folder.mkdir()
    for file in (damaged.path, damaged.path.with_suffix(".toml")):
        shutil.copyfile(file, folder / file.name)
    return folder / damaged.path.name
