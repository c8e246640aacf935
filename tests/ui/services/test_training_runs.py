"""What a run is, read from its folder: every state, the queue, what grows while it trains, and how it ended."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facekd.protocol import (
    Done,
    EpochEnd,
    Error,
    Event,
    Hello,
    Message,
    Paused,
    Plan,
    Resumed,
    Step,
    Stopped,
    encode,
)
from facekd_ui.services.training_ends import ending
from facekd_ui.services.training_follow import Follower, History
from facekd_ui.services.training_hints import hints
from facekd_ui.services.training_runs import (
    RunState,
    Shelf,
    is_active,
    new_folder,
    next_number,
    read_run,
    write_about,
)

CONFIG = """
[data]
task = "face"
[method]
name = "ccskd"
[student]
network = "desktop"
[budget]
epochs = 4
batch_size = 64
learning_rate = 0.02
"""
HELLO, PLAN = Hello(1, "cpu", "/r"), Plan(4, 2, ("task", "channel"), 10, 20)


def step(epoch: int, number: int, task: float = 1.0) -> Step:
    return Step(
        epoch, number, (2 * (epoch - 1) + number) / 8, {"task": task, "channel": 0.5}, 0.01, 100.0, 60.0
    )


def begun(folder: Path, *events: Event) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(CONFIG)
    (folder / "events.jsonl").write_bytes(b"".join(map(encode, events)))
    write_about(folder, number=15, started=True)
    return folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Another process has the run."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    (folder / "lock").unlink()


def test_a_draft_waits_and_begins(tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_text(CONFIG)
    assert read_run(tmp_path).state is RunState.DRAFT
    write_about(tmp_path, waiting_since="2026-11-24T12:00:00+00:00")
    assert read_run(tmp_path).state is RunState.WAITING


@pytest.mark.parametrize(
    ("last", "state"),
    [
        (Done("m", "0", {}), RunState.DONE),
        (Stopped(2, "c"), RunState.STOPPED),
        (Error("nan", "x"), RunState.FAILED),
        (step(2, 1), RunState.CRASHED),
    ],
)
def test_the_last_word_since_the_greeting_decides(tmp_path: Path, last: Event, state: RunState) -> None:
    begun(tmp_path, HELLO, Stopped(1, "c"), HELLO, PLAN, last)
    assert read_run(tmp_path).state is state


def test_a_run_that_a_process_has_is_running_or_paused(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, PLAN, step(2, 1))
    with held(tmp_path):
        run = read_run(tmp_path)
        assert (run.state, run.epoch, run.epochs, run.progress) == (RunState.RUNNING, 2, 4, 3 / 8)
        begun(tmp_path, HELLO, PLAN, step(2, 1), Paused(2, 1))
        assert read_run(tmp_path).state is RunState.PAUSED
        begun(tmp_path, HELLO, PLAN, step(2, 1), Paused(2, 1), Resumed(2, 1))
        assert read_run(tmp_path).state is RunState.RUNNING
    assert read_run(tmp_path).state is RunState.CRASHED


def test_the_lock_of_a_dead_process_is_no_life(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")  # a process id that is alive, but no trainer's
    assert not is_active(tmp_path)


def test_the_list_shows_what_trains_then_the_queue_then_the_newest(tmp_path: Path) -> None:
    old = begun(tmp_path / "20260101T000000-a", HELLO, Done("m", "0", {}))
    new = begun(tmp_path / "20260301T000000-a", HELLO, Done("m", "0", {}))
    running = begun(tmp_path / "20260201T000000-a", HELLO, step(1, 1))
    for name, since in (("20260401T000000-a", "2026-05-02"), ("20260402T000000-a", "2026-05-01")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "draft.toml").write_text(CONFIG)
        write_about(tmp_path / name, waiting_since=since)
    (tmp_path / ".gone.deleted").mkdir()
    seeds = begun(tmp_path / "trial" / "seed-1", HELLO, Stopped(1, "c"))
    with held(running):
        folders = [run.folder for run in Shelf(tmp_path).read()]
    waiting = [tmp_path / "20260402T000000-a", tmp_path / "20260401T000000-a"]
    assert folders[:5] == [running, *waiting, new, old] or folders[:4] == [running, *waiting, seeds]
    assert set(folders) == {running, *waiting, new, old, seeds}


def test_a_run_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    folder = begun(tmp_path / "20260101T000000-a", HELLO, step(1, 1))
    shelf = Shelf(tmp_path)
    (first,), (second,) = shelf.read(), shelf.read()
    assert first is second
    with (folder / "events.jsonl").open("ab") as file:
        file.write(encode(step(2, 1)))
    assert shelf.read()[0].epoch == 2


def test_numbers_go_up_and_names_are_those_of_the_trainer(tmp_path: Path) -> None:
    assert next_number(tmp_path / "none") == 1
    begun(tmp_path / "a", HELLO)
    assert next_number(tmp_path) == 16
    one, two = (new_folder(tmp_path, "cd+gkd", "desktop", 3) for _ in range(2))
    assert one != two
    assert one.name.endswith("-cd_gkd-desktop-3")
    assert one.stat().st_mode & 0o777 == 0o700


def test_the_figure_of_a_finished_run_has_its_interval(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, Done("m", "0", {}))
    metrics = {"task": "face", "last": {"epoch": 4, "val": {"accuracy": 0.98, "n": 1000}}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    run = read_run(tmp_path)
    assert run.value == 0.98
    assert run.value_half == pytest.approx(0.0088, abs=2e-4)  # Wilson: 96.93 to 98.70 %


# -- ends


def offers(folder: Path) -> tuple[str, list[tuple[str, str, object]]]:
    found = ending(read_run(folder))
    assert found is not None
    return str(found.lead), [(str(way.word), way.act, way.changes) for way in found.ways]


def test_memory_names_the_batch_that_fits_and_goes_on_or_begins_anew(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, Error("memory", "memory ended with a batch of 64; a batch of 16 fits: set it"))
    lead, ways = offers(tmp_path)
    assert lead == "Out of memory at step 1"
    assert ways[0] == ("Start again with 16", "resume", {"budget": {"batch_size": 16}})
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "state.json").write_text("{}")
    assert offers(tmp_path)[1][0][0] == "Continue with 16"


def test_an_infinite_term_is_named_and_the_rate_halved(tmp_path: Path) -> None:
    text = "epoch 7, step 120: the term 'distance' is no finite number any more (terms of this step: {})"
    begun(tmp_path, HELLO, PLAN, step(7, 1), Error("nan", text))
    lead, ways = offers(tmp_path)
    assert lead == "Relation, distance became infinite in epoch 7, step 120"
    assert ways[0][1:] == ("resume", {"budget": {"learning_rate": 0.01}})


def test_a_full_disk_that_only_the_window_heard_of_is_a_reason(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, PLAN, step(3, 1))
    write_about(tmp_path, ended_kind="disk", ended_text="the disk is full")
    assert read_run(tmp_path).state is RunState.FAILED
    assert offers(tmp_path)[0] == "The disk is full"


def test_a_killed_process_offers_half_the_batch(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, PLAN, step(3, 1))
    write_about(tmp_path, ended_kind="killed")
    lead, ways = offers(tmp_path)
    assert lead == "The training process was killed"
    assert ways[1][2] == {"budget": {"batch_size": 32}}


def test_a_crash_shows_the_last_line_and_copies_the_log(tmp_path: Path) -> None:
    begun(tmp_path, HELLO, PLAN, step(3, 1))
    (tmp_path / "stderr.log").write_text("first\nRuntimeError: a wire broke\n")
    found = ending(read_run(tmp_path))
    assert found is not None
    assert str(found.rest) == "RuntimeError: a wire broke"
    assert "first" in found.details


# -- following


def test_a_line_that_is_not_finished_waits(tmp_path: Path) -> None:
    whole = encode(step(1, 1))
    path = tmp_path / "events.jsonl"
    follower = Follower(tmp_path)
    assert follower.read() == []
    path.write_bytes(encode(HELLO) + whole[:20])
    assert follower.read() == [HELLO]
    with path.open("ab") as file:
        file.write(whole[20:])
    assert follower.read() == [step(1, 1)]
    assert Follower(tmp_path, from_end=True).read() == []


def test_the_curves_add_up_and_a_resumed_run_draws_over_what_it_lost() -> None:
    history = History(4)
    history.add_all([HELLO, PLAN, step(1, 1), step(1, 2), step(2, 1), step(2, 2)])
    assert list(history.total.y) == [1.5] * 4
    assert list(history.terms["task"].x) == [0.5, 1.0, 1.5, 2.0]
    history.add_all([HELLO, PLAN, step(2, 1, task=2.0)])
    assert list(history.terms["task"].x) == [0.5, 1.0, 1.5]
    assert history.total.y[-1] == 2.5


def test_a_term_that_joins_later_is_marked_and_explained_once(tmp_path: Path) -> None:
    history = History(4)
    history.add_all([HELLO, PLAN, *(step(1, k, task=0.0) for k in (1, 2)), step(2, 1), step(2, 2)])
    assert history.joined == {"task": 1.5}
    begun(tmp_path, HELLO)
    assert [str(hint.lead) for hint in hints(read_run(tmp_path), history)] == [
        "Cross-entropy was empty until epoch 2"
    ]


def test_a_preparation_comes_before_the_epochs_of_the_student() -> None:
    history = History(4)
    plan = Plan(6, 2, ("task", "channel"), 10, 20)
    history.add_all([HELLO, plan, EpochEnd(1, {"stage": 1.0}, {}), EpochEnd(2, {"stage": 1.0}, {})])
    history.add(EpochEnd(1, {"task": 1.0, "channel": 0.5}, {"accuracy": 0.9, "n": 10}))
    assert list(history.validation["accuracy"].x) == [
        3.0
    ]  # the first epoch of the student is the third of the run


def test_the_log_says_what_was_said() -> None:
    history = History(4)
    history.add_all([HELLO, Message("warning", "half the images have no label"), Stopped(2, "c")])
    assert history.log == ["process 1 on cpu", "half the images have no label", "stopped in epoch 2"]
