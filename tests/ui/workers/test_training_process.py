"""The training process as the window sees it: how it ends in every ugly way, left alone, found again, stopped."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from facekd.protocol import Done, Error, Hello, Step, Stopped
from facekd_ui.services.training_runs import STDERR_FILE, RunState, is_active, log_tail, read_run
from facekd_ui.workers import training_process
from facekd_ui.workers.training_process import Ended, TrainingProcess

PROGRAM = Path(__file__).parents[1] / "scripted_trainer.py"
SLOW_MS = 20_000
Start = Callable[[str], TrainingProcess]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "20261124T120000-ccskd-desktop-0"
    folder.mkdir(parents=True)
    (folder / "draft.toml").write_text('[method]\nname = "ccskd"\n[budget]\nepochs = 4\nbatch_size = 64\n')
    return folder


@pytest.fixture
def start(folder: Path, settled: object) -> Iterator[Start]:
    del settled
    made: list[TrainingProcess] = []

    def go(mode: str) -> TrainingProcess:
        process = TrainingProcess(folder)
        words = ["train", str(folder / "draft.toml"), "--out", str(folder)]
        process.start([sys.executable, str(PROGRAM), mode, *words], folder.parent)
        made.append(process)
        return process

    yield go
    for process in made:
        if (pid := process.pid) is not None and is_active(folder):
            os.kill(pid, signal.SIGKILL)
        process.leave()
    deadline = time.monotonic() + 10
    while is_active(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in training_process._left_alone:
        child.wait(10)


def end_of(process: TrainingProcess, qtbot: QtBot) -> Ended:
    with qtbot.waitSignal(process.ended, timeout=SLOW_MS) as caught:
        pass
    ended: Ended = caught.args[0]
    return ended


def test_events_arrive_in_order_and_done_is_the_last_word(start: Start, qtbot: QtBot) -> None:
    process = start("done")
    events: list[object] = []
    process.told.connect(lambda event: events.append(event))
    ended = end_of(process, qtbot)
    assert isinstance(events[0], Hello)
    assert len([event for event in events if isinstance(event, Step)]) == 8
    assert isinstance(ended.final, Done)
    assert (ended.status, ended.kind) == (0, "")


@pytest.mark.parametrize(
    ("mode", "status", "kind", "text"),
    [
        ("crash", 3, "crash", "RuntimeError: a wire broke"),
        ("killed", -9, "killed", ""),
        ("config", 2, "config", "[budget] epochs: expected an integer from 1, got 0"),
    ],
)
def test_an_end_without_a_last_word_says_what_is_known(
    start: Start, qtbot: QtBot, mode: str, status: int, kind: str, text: str
) -> None:
    ended = end_of(start(mode), qtbot)
    assert (ended.final, ended.status, ended.kind, ended.text) == (None, status, kind, text)


@pytest.mark.parametrize("mode", ["memory", "nan"])
def test_what_the_trainer_says_of_its_end_is_passed_on(start: Start, qtbot: QtBot, mode: str) -> None:
    ended = end_of(start(mode), qtbot)
    assert isinstance(ended.final, Error)
    assert ended.final.kind == mode


def test_a_full_disk_is_heard_although_the_log_could_not_be_written(
    start: Start, qtbot: QtBot, folder: Path
) -> None:
    ended = end_of(start("disk"), qtbot)
    assert isinstance(ended.final, Error)
    assert ended.final.kind == "disk"
    assert b'"error"' not in (folder / "events.jsonl").read_bytes()


def test_another_protocol_is_refused_by_number_and_the_process_stopped(start: Start, qtbot: QtBot) -> None:
    ended = end_of(start("newer"), qtbot)
    assert ended.kind == "protocol"
    assert "protocol 2" in ended.text


def test_pause_resume_and_stop_are_obeyed(start: Start, qtbot: QtBot, folder: Path) -> None:
    process = start("long")
    qtbot.waitUntil(lambda: read_run(folder).epoch > 0, timeout=SLOW_MS)
    process.say("pause")
    qtbot.waitUntil(lambda: read_run(folder).state is RunState.PAUSED, timeout=SLOW_MS)
    process.say("resume")
    qtbot.waitUntil(lambda: read_run(folder).state is RunState.RUNNING, timeout=SLOW_MS)
    process.stop()
    ended = end_of(process, qtbot)
    assert isinstance(ended.final, Stopped)
    assert read_run(folder).state is RunState.STOPPED


def test_one_that_does_not_stop_is_ended_rung_by_rung(
    start: Start, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_process, "PATIENCE_MS", 300)
    monkeypatch.setattr(training_process, "LAST_MS", 300)
    process = start("deaf")
    with qtbot.waitSignal(process.told, timeout=SLOW_MS):
        pass
    process.stop()
    ended = end_of(process, qtbot)
    assert (ended.status, ended.kind) == (-9, "killed")


def test_a_run_that_was_left_goes_on_and_is_found_and_stopped_by_the_next_window(
    start: Start, qtbot: QtBot, folder: Path
) -> None:
    first = start("long")
    qtbot.waitUntil(lambda: read_run(folder).epoch > 0, timeout=SLOW_MS)
    pid = first.pid
    first.leave()
    assert not first.is_followed
    size = (folder / "events.jsonl").stat().st_size
    qtbot.waitUntil(lambda: (folder / "events.jsonl").stat().st_size > size + 2000, timeout=SLOW_MS)
    assert read_run(folder).state is RunState.RUNNING
    second = TrainingProcess(folder)
    second.attach()
    assert (second.is_ours, second.pid) == (False, pid)
    with qtbot.waitSignal(second.told, timeout=SLOW_MS) as caught:
        pass
    assert isinstance(caught.args[0], Step)  # what is new, not what was said before
    second.stop()
    ended = end_of(second, qtbot)
    assert isinstance(ended.final, Stopped)
    assert ended.status is None
    assert not is_active(folder)


def test_a_crash_of_a_run_that_was_left_is_explained_by_its_own_stderr(
    start: Start, qtbot: QtBot, folder: Path
) -> None:
    end_of(start("crash"), qtbot)
    assert (folder / STDERR_FILE).is_file()
    assert log_tail(folder, 30).endswith(b"a wire broke\n")
