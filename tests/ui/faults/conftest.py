"""The whole application with a live camera, people on file, and a store that is taken away from it.

`start(home)` is the application with the tiny networks; `at_work(home)` is it with Ada logged in, who watches the
camera `door`. `Calm` tells how long the interface thread was away from its events, without the time that it stood in
the queue for a processor, which belongs to whatever else runs on the machine.
"""

import importlib.util
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QTimer, QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facekd.models import ModelFile, Registry
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import PersonFields, Role
from facekd_db.store import COST_SETTING, Store
from facekd_ui.app import App
from facekd_ui.i18n.language import Language
from facekd_ui.local import LocalSettings
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.banners import Banner
from facekd_ui.workplace import Workplace

PASSWORD = "seven quiet herons"
GRACE, HANA = 1, 6
"""Seeds of the faces of those on file."""
LOST = "Nothing can be changed until it is back."
TESTS = Path(__file__).parents[2]
Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]


def _from(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"facekd_faults_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


portrait = _from(TESTS / "ui" / "services" / "conftest.py").portrait
FakeCamera: Any = _from(TESTS / "facekd" / "sources" / "conftest.py").FakeCamera


class Door(FakeCamera):  # type: ignore[misc]  # loaded by path, so that its type is not known
    """A network camera that shows the people whom a test puts before it."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self.show({})
        super().__init__()
        self.interval_s = 0.04

    def show(self, people: dict[int, tuple[int, int]]) -> None:
        """Seeds and where their faces are, from the next picture on."""
        self._jpeg = cv2.imencode(".jpg", self._paint(people), [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()

    def _body(self, _number: int) -> bytes:
        return self._jpeg


@pytest.fixture
def door(paint: Paint) -> Iterator[Door]:
    camera = Door(paint)
    yield camera
    camera.refuse()


class Calm:
    """Ticks every 10 ms and keeps the longest absence of the interface thread from its events.

    Time that threads of this process stood in the queue for a processor is taken off: the interface itself, or others
    one after the other while they held Python's lock. What blocks by itself blocks on an idle machine, too.
    """

    def __init__(self) -> None:
        self._timer = QTimer(interval=10)
        self._timer.timeout.connect(self._tick)
        self.longest_ms = 0.0

    def __enter__(self) -> "Calm":
        self._last, self._queued, self.longest_ms = time.perf_counter(), _queued_s(), 0.0
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now, queued = time.perf_counter(), _queued_s()
        waits = sum(wait - self._queued.get(thread, 0.0) for thread, wait in queued.items())
        self.longest_ms = max(self.longest_ms, (now - self._last - waits) * 1000)
        self._last, self._queued = now, queued


def _queued_s() -> dict[str, float]:
    """How long each thread of this process waited for a processor so far (Linux; elsewhere nothing is known)."""
    waited = {}
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, IndexError):  # it has just ended
            waited[thread.parent.name] = int(thread.read_text().split()[1]) / 1e9
    return waited


@pytest.fixture
def calm(qapp: QApplication, own_garbage: None) -> Calm:
    return Calm()


@pytest.fixture(scope="session")
def networks(tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Networks:
    choice = Choice(str(tiny_detector.path), str(tiny_embedder.path), threads=1)
    return Networks(Registry([tiny_detector.path.parent, tiny_embedder.path.parent]), choice)


Fill = Callable[[str, Path], None]


@pytest.fixture(scope="session")
def fill(networks: Networks, paint: Paint, tmp_path_factory: pytest.TempPathFactory) -> Fill:
    """Makes a store at an address, for a home folder: accounts of Ada and Olga, and Grace and Hana on file."""
    folder = tmp_path_factory.mktemp("photographs")

    def make(url: str, home: Path) -> None:
        store = Store(url, FileKeys(home / "store.key"))
        store.upgrade()
        store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
        desk = Desk.build(store, home, networks, "desk")
        services = Services.of(desk, Logins(store, desk.name).create_first("Ada", PASSWORD))
        hashed = store.hasher().hash(PASSWORD)
        store.run(lambda t: t.operators.add("Olga", Role.OPERATOR, hashed))
        for name, seed in (("Grace", GRACE), ("Hana", HANA)):
            cv2.imwrite(str(folder / f"{seed}.png"), paint({seed: (160, 120)}))
            shots = services.enrolment.examine_files([folder / f"{seed}.png"])
            services.enrolment.enrol(PersonFields(name), shots)
        store.scrub()
        store.close()

    return make


class Window:
    """The application, and what a person sees of it."""

    def __init__(self, program: App, qtbot: QtBot) -> None:
        self.program, self.qtbot = program, qtbot

    @property
    def work(self) -> Workplace:
        assert self.program.work is not None
        return self.program.work

    @property
    def store(self) -> Store:
        assert self.program.desk is not None
        return self.program.desk.store

    def page(self, key: str) -> Any:
        """Opens a page."""
        self.work.go(key)
        return self.program.window.pages.page(key)

    def log_in(self, name: str = "Ada") -> None:
        """As a person does."""
        self.wait(lambda: self.program.login is not None and self.program.login.button.isEnabled())
        assert self.program.login is not None
        self.program.login.name.setText(name)
        self.program.login.password.setText(PASSWORD)
        with self.qtbot.waitSignal(self.program.entered, timeout=10_000):
            self.program.login.button.click()

    @property
    def banner(self) -> str:
        """What is said above all pages of a store that is away; empty while nothing is."""
        shown = (
            each.accessibleName() for each in self.program.window.findChildren(Banner) if each.isVisible()
        )
        return next((words for words in shown if LOST in words), "")

    def wait(self, true: Callable[[], bool], seconds: float = 10) -> float:
        """Lets the window live until something is true; how many seconds that took."""
        began = time.monotonic()
        self.qtbot.waitUntil(true, timeout=round(seconds * 1000))
        return time.monotonic() - began

    def begin_to_enrol(self, name: str, photographs: list[Path]) -> Any:
        """The page on which somebody's name stands and photographs were pasted, ready to be saved."""
        page = self.page("enrol")
        page.form.name.setText(name)
        files = QMimeData()
        files.setUrls([QUrl.fromLocalFile(str(file)) for file in photographs])
        QApplication.clipboard().setMimeData(files)
        page.paste()
        self.wait(page.save.isEnabled)
        return page

    def events(self) -> list[str]:
        """Who was recorded, oldest first; asked past the window."""
        with self.store.reading() as t:
            return sorted(row.person or "unknown" for row in t.events.page())


Start = Callable[..., Window]


@pytest.fixture
def start(
    qtbot: QtBot,
    qapp: QApplication,
    theme: Theme,
    language: Language,
    networks: Networks,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Start]:
    """Starts the application; ends it after the test."""
    monkeypatch.delenv("FACEKD_DB_URL", raising=False)
    started: list[App] = []

    def make(home: Path, url: str | None = None) -> Window:
        program = App(qapp, home, url, networks=networks, theme=theme, language=language)
        started.append(program)
        program.start()
        return Window(program, qtbot)

    yield make
    for program in started:
        program.window.close()
        program.shut_down()
        program.window.deleteLater()
        program.deleteLater()


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Path:
    """A home folder whose store lies in a folder of its own."""
    home = tmp_path_factory.mktemp("faults")
    fill(f"sqlite:///{home / 'data' / 'facekd.db'}", home)
    return home


@pytest.fixture
def home(prepared_home: Path, tmp_path: Path, door: Door) -> Path:
    """A copy of it, whose window opens the camera at the door."""
    copy = tmp_path / "home"
    shutil.copytree(prepared_home, copy)
    local = LocalSettings(copy)
    local.change(database=f"sqlite:///{copy / 'data' / 'facekd.db'}", camera=door.url, configured=True)
    return copy


@pytest.fixture
def at_work(start: Start) -> Callable[..., Window]:
    """The window with Ada logged in and the camera's picture in it."""

    def make(home: Path, url: str | None = None) -> Window:
        window = start(home, url)
        window.log_in()
        live: Any = window.program.window.pages.page("live")
        window.wait(lambda: live.tile.rate_words.endswith("fps"))
        return window

    return make
