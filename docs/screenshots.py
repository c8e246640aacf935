"""Pictures of every page from the real application, for the README and the guide.

    QT_QPA_PLATFORM=offscreen .venv/bin/python docs/screenshots.py FOLDER

Fills a temporary home folder with the sample people and some more, logs in, and writes FOLDER/PAGE-LANGUAGE-THEME.png
for English and Chinese, light and dark. Needs the model files (see `facekd-cli doctor`).
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from example_runs import make_runs, seems_to_train
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from facekd_db.records import NewTemplate, PersonFields, Role
from facekd_ui.app import App
from facekd_ui.home import sample_video
from facekd_ui.pages.models import THRESHOLD, ModelsPage
from facekd_ui.pages.training import TrainingPage
from facekd_ui.services.logins import Logins
from facekd_ui.services.stored_gallery import as_bytes
from facekd_ui.services.training import runs_folder
from facekd_ui.session import Session

PEOPLE = Path(__file__).resolve().parents[1] / "samples" / "people"
NAMES = (
    "Hana Novák",
    "Sofia Marín",
    "Jonas Weber",
    "Tariq Haddad",
    "Elif Demir",
    "Lena Brandt",
    "Wei Lin",
    "林伟",
)
DEPARTMENTS = ("Research", "Finance", "Facilities")
PASSWORD = "seven quiet herons"
SETTLE_MS = 700
WATCH_MS = 4000
EXAMPLES = 600  # people with drawn likenesses, for the promise


class Camera:
    """Takes pictures of the window."""

    def __init__(self, program: App, folder: Path, language: str, theme: str) -> None:
        self._program, self._folder, self._end = program, folder, f"{language}-{theme}"

    def take(self, name: str, wait_ms: int = SETTLE_MS) -> None:
        """Waits until the page has settled, then writes NAME-LANGUAGE-THEME.png."""
        QTest.qWait(wait_ms)
        self._program.window.grab().save(str(self._folder / f"{name}-{self._end}.png"))


def fill(program: App) -> Session:
    """A store with people, accounts and the sample person on file."""
    desk, _ = program._door.open(program._door.address)
    program.desk = desk
    session = Logins(desk.store, desk.name).create_first("Mira Kovač", PASSWORD)
    with desk.store.transaction() as t:
        for number, name in enumerate(NAMES * 3):
            again = number // len(NAMES)
            until = date(2026, 12, 31) if number % 2 else None
            t.people.add(
                PersonFields(
                    f"{name} {again + 1}" if again else name,
                    f"E-{10233 + 7 * number}",
                    DEPARTMENTS[number % 3],
                    valid_until=until,
                )
            )
        for name, role in (
            ("tomas.berg", Role.OPERATOR),
            ("ada.reyes", Role.ENGINEER),
            ("dara.okoye", Role.AUDITOR),
        ):
            t.operators.add(name, role, desk.store.hasher().hash(PASSWORD))
    return session


def take_all(folder: Path, language: str, theme: str) -> None:
    """One language and theme: a fresh home, the first run, the login, every page."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as home:
        program = App(app, Path(home))
        program.theme.apply(theme)
        program.language.set(language)
        camera = Camera(program, folder, language, theme)
        program.start()
        program.window.resize(1440, 900)
        camera.take("first-run")
        session = fill(program)
        program._has_accounts()
        camera.take("login")
        if (film := sample_video(Path(home))) is not None:
            program.local.change(camera=str(film))
        program._enter(session)
        work = program.work
        assert work is not None
        work.services.imports.run(PEOPLE)
        camera.take("live", WATCH_MS)
        for key in ("photo", "people", "records", "enrol", "import"):
            work.go(key)
            camera.take(key)
        work.go("people", len(NAMES) * 3 + 1)
        camera.take("person")
        for section in ("look", "operators", "audit", "database", "health"):
            work.go("settings", section)
            camera.take(f"settings-{section}")
        take_training(program, camera)
        take_models(program, camera)
        program.lock(idle=False)
        camera.take("locked")
        program.window.close()
        program.window.deleteLater()
        program.deleteLater()
        QTest.qWait(50)


def take_models(program: App, camera: Camera) -> None:
    """The Models page, with likenesses that were drawn: example people have no faces that anybody may show."""
    desk, work = program.desk, program.work
    assert desk is not None
    assert work is not None
    gallery = desk.gallery.current()
    rng = np.random.default_rng(0)
    with desk.store.transaction() as t:
        for number in range(EXAMPLES):
            person = t.people.add(PersonFields(f"Example {number + 1}")).id
            face = rng.standard_normal(gallery.index.dim)
            photos = face + 1.15 * rng.standard_normal((3, gallery.index.dim))
            unit = (photos / np.linalg.norm(photos, axis=1, keepdims=True)).astype(np.float32)
            t.templates.add(
                [
                    NewTemplate(person, gallery.model_id, gallery.index.dim, as_bytes(vector), None)
                    for vector in unit
                ]
            )
        t.gallery.bump()
    work.go("models")
    page = program.window.pages.page("models")
    assert isinstance(page, ModelsPage)
    camera.take("models-card", WATCH_MS)
    page.open_tab(THRESHOLD)
    for _ in range(600):  # everyone is tried as a stranger
        QTest.qWait(100)
        if page.threshold.table.isVisible():
            break
    camera.take("models-threshold", WATCH_MS)
    page.ask_import()
    camera.take("models-import")


def take_training(program: App, camera: Camera) -> None:
    """The Training page with runs whose curves are drawn: under way, ended, compared, and the form."""
    work = program.work
    assert work is not None
    folder = make_runs(runs_folder(work.services.training.home))
    with seems_to_train(folder):
        work.go("training", folder)
        page = program.window.pages.page("training")
        assert isinstance(page, TrainingPage)
        for _ in range(600):  # the trainer describes itself once
            QTest.qWait(100)
            if page.described is not None and page.list.run is not None:
                break
        camera.take("training-run", WATCH_MS)
        for number, name in ((10, "memory"), (14, "done")):
            page.list.choose(next(run.folder for run in page.runs.runs if run.about.number == number))
            camera.take(f"training-{name}", 2 * SETTLE_MS)
        page.compare_action.trigger()
        camera.take("training-compare", 2 * SETTLE_MS)
        page.form.measuring.by_itself = False
        page.new()
        camera.take("training-form", 2 * SETTLE_MS)


def main() -> int:
    """Every language and theme."""
    parser = argparse.ArgumentParser(description="Pictures of every page.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    for language in ("en", "zh_CN"):
        for theme in ("light", "dark"):
            take_all(folder, language, theme)
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
