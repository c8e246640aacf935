"""Journeys: the application as its own process on a private X server, driven by xdotool with real faces.

`start(home)` runs the application and gives its `Driver`; `seeded_home` is a copy of a home folder with 50 people and
1,000 events; `desk` is the application on that copy with Ada, an administrator, logged in; `store` is what then lies in
the database. Without the research data or the programs of the screen each journey skips with one line.
"""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.display import Display
    from tests.journeys.driver import Driver
    from tests.journeys.seed import Seeded

HERE = Path(__file__).parent
NEEDED = ("Xvfb", "openbox", "xdotool", "import")
ABSENT = [tool for tool in NEEDED if shutil.which(tool) is None]


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"facekd_journeys_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_display, _program, _driver, _seed = map(_beside, ("display", "program", "driver", "seed"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them look at real faces."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.shared)


@pytest.fixture(scope="session")
def display(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Display"]:
    """A screen for all journeys."""
    if ABSENT:
        pytest.skip(f"not installed: {', '.join(ABSENT)}")
    display = _display.Display(tmp_path_factory.mktemp("display"))
    yield display
    display.close()


@pytest.fixture(scope="session")
def seeded(shared_data: Path, display: "Display", tmp_path_factory: pytest.TempPathFactory) -> "Seeded":
    """The store of 50 people and 1,000 events, made once."""
    found: Seeded = _seed.fill(tmp_path_factory.mktemp("seeded"), shared_data)
    return found


@pytest.fixture
def seeded_home(seeded: "Seeded", tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(seeded.home, tmp_path / "home"))


Start = Callable[..., "Driver"]


@pytest.fixture
def start(display: "Display", weights: Path) -> Iterator[Start]:
    """Starts the application on a home folder; ends it after the journey and looks whether it ended well."""
    running: list[Driver] = []

    def run(home: Path, *arguments: str) -> "Driver":
        driver: Driver = _driver.Driver(display, _program.Program(display, home, weights, *arguments))
        running.append(driver)
        driver.open()
        return driver

    yield run
    for driver in running:
        driver.end()


@pytest.fixture
def log_in() -> Callable[..., None]:
    """Logs somebody in at the login page and waits for the pages."""

    def enter(driver: "Driver", name: str = "Ada", password: str = _seed.PASSWORD) -> None:
        driver.fill("Name", name)
        driver.fill("Password", password)
        driver.press("Log in")
        driver.wait("Pages", kind="Rail")

    return enter


@pytest.fixture
def desk(start: Start, seeded_home: Path, log_in: Callable[..., None]) -> "Driver":
    """The application with Ada at work in it."""
    driver = start(seeded_home)
    log_in(driver)
    return driver


@pytest.fixture
def store(seeded_home: Path) -> Iterator[Store]:
    """What lies in the database, read beside the application."""
    store: Store = _seed.open_store(seeded_home)
    yield store
    store.close()
