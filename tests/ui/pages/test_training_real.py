"""The Training page with the real trainer: measured, trained, killed, resumed, compared; the window loads no torch."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from facekd.packed import write_packed
from facekd_db.records import Role
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.training import TrainingPage
from facekd_ui.services.training_describe import devices
from facekd_ui.services.training_runs import RunState, read_config

Contexts = Callable[..., PageContext]
SLOW_MS = 240_000


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """64 pictures of 4 patterns, 16 x 16 pixels."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (4, 4, 4, 3))
    files = []
    for k in range(64):
        image = np.kron(patterns[k % 4], np.ones((4, 4, 1))) + rng.normal(0, 20, (16, 16, 3))
        files.append(cv2.imencode(".png", image.clip(0, 255).astype(np.uint8))[1].tobytes())
    write_packed(tmp_path / "classes.npz", files, label=[k % 4 for k in range(64)])
    return tmp_path / "classes.npz"


@pytest.fixture
def page(qtbot: QtBot, context: Contexts) -> Iterator[TrainingPage]:
    page = TrainingPage(context(Role.ENGINEER), measures=False)
    qtbot.addWidget(page)
    page.resize(1364, 820)
    page.show()
    page.opened()
    qtbot.waitUntil(lambda: page.described is not None, timeout=SLOW_MS)
    yield page
    if page.runs.process is not None:
        page.runs.process.stop()
        with qtbot.waitSignal(page.runs.process.ended, timeout=SLOW_MS):
            pass
    page.shut_down()


def test_a_run_is_measured_begun_killed_resumed_and_compared(
    page: TrainingPage, qtbot: QtBot, classes: Path, tmp_path: Path
) -> None:
    form = page.form
    page.new()
    form.pictures.cards["set"].choose()
    form.pictures.task.choose("classification")
    form.pictures.set_path(classes)
    form.teachers.student.choose("cifar_resnet")
    form.teachers._student_chosen("cifar_resnet")
    form.choose_method("plain")
    form.show_all.click()
    for place, words in ((("budget", "epochs"), "400"), (("budget", "batch_size"), "16"), (("student", "depth"), "8"),
                         (("budget", "threads"), "1"), (("budget", "checkpoint_s"), "0")):  # fmt: skip
        form.numbers.rows[place].type(words)
    assert form.fault() is None

    form.measuring.measure()
    qtbot.waitUntil(lambda: not form.measuring.is_busy, timeout=SLOW_MS)
    found = form.side.estimate
    assert found is not None, form.side._note.text()
    assert found["steps_measured"] >= 10
    assert 0 < found["memory"] < found["memory_free"]
    assert found["seconds_low"] <= found["seconds"] <= found["seconds_high"]
    # round(a tenth of 16) pictures of each of 4 classes are kept apart
    assert (found["images"], found["validation_images"]) == (56, 8)
    previews = [QImage.fromData(one["png"]) for one in found["preview"]]
    assert {(image.width(), image.height()) for image in previews} == {(16, 16)}
    assert not (page._context.services.training.home / "cache" / "warm-up").exists()

    page.start_action.trigger()
    qtbot.waitUntil(
        lambda: (
            page.runs.current is not None
            and page.runs.current.epoch >= 2
            and page.runs.current.has_checkpoint
        ),
        timeout=SLOW_MS,
    )
    assert page.runs.process is not None
    os.kill(page.runs.process.pid, signal.SIGKILL)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: page.view.card.ending is not None, timeout=SLOW_MS)
    assert page.view.card.ending is not None
    assert str(page.view.card.ending.lead) == "The training process was killed"
    folder = page.list.run.folder  # type: ignore[union-attr]
    before = page.list.run.epoch  # type: ignore[union-attr]
    page.view.card.buttons()[0].click()
    qtbot.waitUntil(
        lambda: (
            (run := page.runs.find(folder)) is not None
            and run.state is RunState.RUNNING
            and run.epoch > before
        ),
        timeout=SLOW_MS,
    )
    assert read_config(folder)["budget"]["epochs"] == 400
    page.runs.stop()
    qtbot.waitUntil(lambda: page.runs.find(folder).state is RunState.STOPPED, timeout=SLOW_MS)  # type: ignore[union-attr]
    page.view.draw()
    assert page.view.losses.lines

    page.compared.show_runs(page.runs.runs, page.list.run)
    qtbot.waitUntil(lambda: len(page.compared.rows) == 1, timeout=SLOW_MS)
    page.compared.write(tmp_path / "out")
    qtbot.waitUntil(lambda: (tmp_path / "out" / "loss.png").is_file(), timeout=SLOW_MS)
    assert (tmp_path / "out" / "table.csv").is_file()
    assert (tmp_path / "out" / "validation.svg").is_file()


def test_the_trainer_says_where_it_could_run(tmp_path: Path) -> None:
    found = devices(tmp_path)
    assert found[-1]["id"] == "cpu"
    assert found[-1]["cores"] >= 1
    assert found[-1]["name"]


def test_the_window_with_its_training_page_loads_no_torch() -> None:
    code = (
        "import sys, facekd_ui.app, facekd_ui.pages.training, facekd_ui.workers.training_install;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_a_packaged_application_is_its_own_training_process(tmp_path: Path) -> None:
    code = "import sys; from facekd_ui.app import main; sys.exit(main(['--child', 'presets', 'nothing']))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"expected a preset among" in done.stderr
