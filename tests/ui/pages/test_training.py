"""The Training page over the real services and the trainer's own description, with a scripted trainer in its place."""

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.exceptions import TimeoutError as QtTimeout
from pytestqt.qtbot import QtBot

from facekd.packed import Packed, write_packed
from facekd_db.records import PersonFields, Role
from facekd_ui.i18n.language import Language
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.training import TrainingPage
from facekd_ui.pages.training_close import CloseSheet, may_close
from facekd_ui.services.base import Desk
from facekd_ui.services.people import GivenConsent
from facekd_ui.services.training_child import ask
from facekd_ui.services.training_describe import description_file
from facekd_ui.services.training_drafts import OWN_PEOPLE, Described, Draft
from facekd_ui.services.training_fields import shown
from facekd_ui.services.training_labels import HELP, LABELS
from facekd_ui.services.training_runs import RunState, read_config
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.sheets import Question
from facekd_ui.workers.training_runs import TrainingRuns

Contexts = Callable[..., PageContext]
Paths = Callable[..., Path]
PROGRAM = Path(__file__).parents[1] / "scripted_trainer.py"
SLOW_MS = 30_000
EXTRA = {
    "title": "Brand new", "help": "", "tasks": ["face"], "needs_teacher": False, "presets": {},
    "schema": {"properties": {"novelty_weight": {"type": "number", "minimum": 0, "maximum": 9, "default": 1.0,
                                                 "description": "weight of what is new"}}},
    "defaults": {"face": {"novelty_weight": 1.0}},
}  # fmt: skip


@pytest.fixture(scope="session")
def said_by_the_trainer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the real trainer describes, asked once, with one method more."""
    document: dict[str, Any] = ask(["describe"], tmp_path_factory.mktemp("asked"))
    return {**document, "methods": {**document["methods"], "brand_new": EXTRA}}


class Trains:
    """Which script the next run follows."""

    mode = "done"

    def __call__(self, words: Any) -> list[str]:
        return [sys.executable, str(PROGRAM), self.mode, *words]


@pytest.fixture
def trains() -> Trains:
    return Trains()


@pytest.fixture
def page(
    qtbot: QtBot, context: Contexts, desk: Desk, said_by_the_trainer: dict[str, Any], trains: Trains
) -> Iterator[TrainingPage]:
    file = description_file(desk.home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said_by_the_trainer))
    given = context(Role.ENGINEER)
    runs = TrainingRuns(given.services.training, given.store, given.work, command=trains)
    page = TrainingPage(given, runs, measures=False)
    runs.setParent(page)
    qtbot.addWidget(page)
    page.resize(1364, 820)
    page.show()
    qtbot.waitExposed(page)
    page.opened()
    qtbot.waitUntil(lambda: page.described is not None and runs.is_known, timeout=SLOW_MS)
    yield page
    page.shut_down()
    if runs.process is not None:
        runs.process.stop()
        with qtbot.waitSignal(runs.process.ended, timeout=SLOW_MS):
            pass
    runs.shut_down()


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    path = tmp_path / "faces.npz"
    write_packed(path, [b"x"], identity=[1])
    return path


def drafted(page: TrainingPage, qtbot: QtBot, faces: Path, method: str = "plain") -> None:
    """A form that could start."""
    page.new()
    page.form.choose_method(method)
    page.form.pictures.cards["set"].choose()
    page.form.pictures.set_path(faces)
    assert page.form.fault() is None


def number(page: TrainingPage, section: str, key: str) -> Any:
    return page.form.numbers.rows[section, key]


def state(page: TrainingPage) -> RunState | None:
    return page.list.run.state if page.list.run is not None else None


def shows(page: TrainingPage, widget: QWidget) -> bool:
    return page._stack.currentWidget() is widget


def test_without_runs_the_page_says_what_it_is_for(page: TrainingPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: shows(page, page._empty), timeout=SLOW_MS)
    page.new_action.trigger()
    assert shows(page, page.form)
    assert not page.start_action.isEnabled() or page.form.fault() is not None


def test_a_new_method_appears_by_itself_with_its_fields(
    page: TrainingPage, qtbot: QtBot, faces: Path
) -> None:
    drafted(page, qtbot, faces)
    page.form.choose_method("brand_new")
    assert page.form.draft.get("method", "name") == "brand_new"
    assert not page.form.other.isHidden()
    row = number(page, "method", "novelty_weight")
    assert (str(row.spec.label), str(row.spec.range())) == ("Novelty weight", "0 to 9")
    row.type("2,5")
    assert page.form.draft.get("method", "novelty_weight") == 2.5


def test_wrong_values_stand_in_their_row_with_the_way_out(
    page: TrainingPage, qtbot: QtBot, faces: Path
) -> None:
    drafted(page, qtbot, faces, "ccskd")
    row = number(page, "budget", "epochs")
    row.editor.setFocus()
    row.editor.setText("")
    qtbot.keyClicks(row.editor, "200000")
    qtbot.waitUntil(lambda: row.problem is not None, timeout=SLOW_MS)  # by itself, while one types
    assert str(row.problem.text) == "Expected at most 100000"
    assert page.form.fault() is not None
    assert row.way_out.text() == "Use 100000"
    row.way_out.click()
    assert row.problem is None
    assert page.form.draft.get("budget", "epochs") == 100_000
    assert row._dot.is_on
    assert row._words.text().endswith("default 30")
    row.type("30")
    assert not row._dot.is_on


def test_six_numbers_matter_and_all_are_shown_on_demand(
    page: TrainingPage, qtbot: QtBot, faces: Path
) -> None:
    drafted(page, qtbot, faces, "ccskd")
    assert len(page.form.numbers.rows) == 6
    page.form.show_all.click()
    assert len(page.form.numbers.rows) > 60
    for place, row in page.form.numbers.rows.items():
        row.judge()
        assert row.problem is None, place  # every default is allowed
    page.form.show_all.click()
    assert len(page.form.numbers.rows) == 6


def test_nothing_starts_while_a_row_is_red(page: TrainingPage, qtbot: QtBot, faces: Path) -> None:
    drafted(page, qtbot, faces)
    number(page, "budget", "batch_size").type("one")
    page.start_action.trigger()
    qtbot.wait(300)
    assert page.runs.runs == ()
    assert page.form.banner.isVisibleTo(page.form)


def test_a_draft_is_kept_and_found_again(page: TrainingPage, qtbot: QtBot, faces: Path) -> None:
    drafted(page, qtbot, faces)
    page.form.title.setText("Night shift")
    number(page, "budget", "epochs").type("7")
    page.save_action.trigger()
    qtbot.waitUntil(lambda: state(page) is RunState.DRAFT, timeout=SLOW_MS)
    folder = page.list.run.folder  # type: ignore[union-attr]
    assert read_config(folder)["budget"]["epochs"] == 7
    page.new()
    page.list.choose(folder)
    assert page.form.draft.title == "Night shift"
    assert number(page, "budget", "epochs").value == 7
    number(page, "budget", "epochs").type("8")
    page.save_action.trigger()
    qtbot.waitUntil(lambda: read_config(folder)["budget"]["epochs"] == 8, timeout=SLOW_MS)
    assert len(page.runs.runs) == 1


def started(page: TrainingPage, qtbot: QtBot, faces: Path) -> None:
    drafted(page, qtbot, faces)
    number(page, "budget", "learning_rate").type("0.02")
    page.start_action.trigger()
    qtbot.waitUntil(lambda: shows(page, page.view), timeout=SLOW_MS)


def test_a_run_trains_and_ends_with_its_figure_and_its_curves(
    page: TrainingPage, qtbot: QtBot, faces: Path
) -> None:
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: state(page) is RunState.DONE, timeout=SLOW_MS)
    view = page.view
    qtbot.waitUntil(lambda: len(view.accuracy.lines) == 1, timeout=SLOW_MS)
    view.draw()
    assert [line.key for line in view.losses.lines] == ["total", "task", "channel"]
    assert view.losses.lines[0].y[-1] == pytest.approx(sum(line.y[-1] for line in view.losses.lines[1:]))
    assert view.card.ending is not None
    assert str(view.card.ending.lead) == "Run 1 is done: 94.0 % ± 1.5 on people it has never seen"
    assert [str(way.word) for way in view.card.ending.ways] == ["Send to Models"]


def test_a_running_one_is_paused_and_stopped_and_goes_on(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains
) -> None:
    trains.mode = "long"
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: state(page) is RunState.RUNNING and page.view.run.epoch > 0, timeout=SLOW_MS)  # type: ignore[union-attr]
    page.pause_action.trigger()
    qtbot.waitUntil(lambda: state(page) is RunState.PAUSED, timeout=SLOW_MS)
    assert page.view.pause_button.text() == "Go on"
    page.pause_action.trigger()
    qtbot.waitUntil(lambda: state(page) is RunState.RUNNING, timeout=SLOW_MS)
    page.stop_action.trigger()
    question = page.findChild(Question)
    assert question is not None
    question.act.click()
    qtbot.waitUntil(lambda: state(page) is RunState.STOPPED, timeout=SLOW_MS)
    trains.mode = "done"
    next(button for button in page.view.card.buttons() if button.text() == "Resume").click()
    qtbot.waitUntil(lambda: state(page) is RunState.DONE, timeout=SLOW_MS)


@pytest.mark.parametrize(
    ("mode", "lead", "first"),
    [
        ("memory", "Out of memory in epoch 1", "Continue with 16"),
        ("nan", "Channels became infinite in epoch 2, step 1", "Continue with half the learning rate"),
        ("disk", "The disk is full", "Resume"),
        ("killed", "The training process was killed", "Resume"),
        ("crash", "The training process ended without a word", "Resume"),
        ("config", "The trainer refused the numbers", "Change the numbers"),
    ],
)
def test_every_ugly_end_is_a_card_with_the_way_on(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains, mode: str, lead: str, first: str
) -> None:
    trains.mode = mode
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: page.view.card.ending is not None, timeout=SLOW_MS)
    ended = page.view.card.ending
    assert ended is not None
    assert (str(ended.lead), str(ended.ways[0].word)) == (lead, first)
    assert page.isVisible()


def test_the_way_on_changes_the_number_that_ended_it(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains
) -> None:
    trains.mode = "memory"
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: page.view.card.ending is not None, timeout=SLOW_MS)
    trains.mode = "done"
    page.view.card.buttons()[0].click()
    qtbot.waitUntil(lambda: state(page) is RunState.DONE, timeout=SLOW_MS)
    assert read_config(page.list.run.folder)["budget"]["batch_size"] == 16  # type: ignore[union-attr]


def test_runs_queue_and_the_next_begins_by_itself(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains
) -> None:
    trains.mode = "long"
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: page.runs.current is not None, timeout=SLOW_MS)
    first = page.runs.current
    assert first is not None
    drafted(page, qtbot, faces)
    assert page._start_button.text() == "Add to queue"
    page.start_action.trigger()
    qtbot.waitUntil(lambda: len(page.runs.waiting) == 1, timeout=SLOW_MS)
    second = page.runs.waiting[0]
    trains.mode = "done"
    page.runs.stop()
    qtbot.waitUntil(
        lambda: (found := page.runs.find(second.folder)) is not None and found.state is RunState.DONE,
        timeout=SLOW_MS,
    )
    assert page.runs.find(first.folder).state is RunState.STOPPED  # type: ignore[union-attr]


def test_a_closing_window_asks_and_what_goes_on_is_found_by_the_next(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains, context: Contexts
) -> None:
    trains.mode = "long"
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: page.view.run is not None and page.view.run.epoch > 0, timeout=SLOW_MS)
    qtbot.waitUntil(lambda: page.runs.current is not None, timeout=SLOW_MS)
    assert not may_close(page, page.runs)
    sheet = page.findChild(CloseSheet)
    assert sheet is not None
    assert "Let it go on in the background" in sheet._rest.text()
    pid = page.runs.process.pid  # type: ignore[union-attr]
    sheet.go_on.click()
    given = context(Role.ENGINEER)
    later = TrainingRuns(given.services.training, given.store, given.work)
    later.begin()
    qtbot.waitUntil(lambda: later.process is not None, timeout=SLOW_MS)
    assert later.process is not None
    assert (later.process.pid, later.process.is_ours) == (pid, False)
    assert may_close(page, later)  # it goes on by itself: nothing to ask
    with qtbot.waitSignal(later.finished, timeout=SLOW_MS) as caught:
        later.stop()
    assert caught.args[0].state is RunState.STOPPED
    later.shut_down()
    later.deleteLater()


def test_stop_now_closes_when_the_checkpoint_is_there(
    page: TrainingPage, qtbot: QtBot, faces: Path, trains: Trains
) -> None:
    trains.mode = "long"
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: page.runs.process is not None, timeout=SLOW_MS)
    may_close(page, page.runs)
    sheet = page.findChild(CloseSheet)
    assert sheet is not None
    sheet.stop.click()
    qtbot.waitUntil(lambda: not page.isVisible(), timeout=SLOW_MS)
    assert page.runs.current is None


def test_duplicate_and_delete(page: TrainingPage, qtbot: QtBot, faces: Path) -> None:
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: state(page) is RunState.DONE, timeout=SLOW_MS)
    done = page.list.run
    assert done is not None
    page.duplicate_action.trigger()
    qtbot.waitUntil(lambda: state(page) is RunState.DRAFT, timeout=SLOW_MS)
    assert shows(page, page.form)
    assert page.form.draft.get("data", "train") == [str(faces)]
    page.list.choose(done.folder)
    page.delete_action.trigger()
    question = page.findChild(Question)
    assert question is not None
    question.act.click()
    qtbot.waitUntil(lambda: page.runs.find(done.folder) is None, timeout=SLOW_MS)
    assert not done.folder.exists()


def test_our_own_people_are_copied_for_the_run_only_and_as_numbers(
    page: TrainingPage, qtbot: QtBot, context: Contexts, portrait: Paths, trains: Trains, desk: Desk
) -> None:
    services = context(Role.ADMINISTRATOR).services
    enrolled = services.enrolment.enrol(
        PersonFields("Ada Lovelace"), services.enrolment.examine_files([portrait(1)])
    ).person
    services.enrolment.enrol(PersonFields("Bob"), services.enrolment.examine_files([portrait(6)]))
    consent = GivenConsent("en", "I agree to training.", "Ada", datetime.now(UTC), "training")
    services.people.give_consent(enrolled.id, consent)
    page.opened()
    page._ask_trainer()
    qtbot.waitUntil(lambda: page._people.people == 1, timeout=SLOW_MS)
    page.new()
    page.form.choose_method("plain")
    page.form.pictures.cards["own"].choose()
    assert page.form.fault() is None
    trains.mode = "long"
    page.start_action.trigger()
    qtbot.waitUntil(lambda: page.runs.process is not None, timeout=SLOW_MS)
    folder = page.runs.process.folder  # type: ignore[union-attr]
    crops = folder / OWN_PEOPLE
    assert crops.stat().st_mode & 0o777 == 0o600
    packed = Packed.open(crops)
    assert packed.identity is not None
    assert (len(packed), packed.identity.tolist()) == (1, [str(enrolled.id)])
    assert b"Ada" not in crops.read_bytes()
    page.runs.stop()
    qtbot.waitUntil(lambda: state(page) is RunState.STOPPED, timeout=SLOW_MS)
    assert not crops.exists()
    with desk.store.reading() as t:
        row = next(iter(t.audit.page(act="training.start")))
    assert dict(row.detail) == {"people": 1, "pictures": 1}


def test_several_runs_are_compared(page: TrainingPage, qtbot: QtBot, faces: Path, tmp_path: Path) -> None:
    started(page, qtbot, faces)
    qtbot.waitUntil(lambda: state(page) is RunState.DONE, timeout=SLOW_MS)
    done = page.list.run
    assert done is not None
    other = done.folder.with_name("20260101T000000-ccskd-desktop-0")
    shutil.copytree(done.folder, other)
    text = (other / "config.toml").read_text().replace('name = "plain"', 'name = "ccskd"')
    (other / "config.toml").write_text(text)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 2, timeout=SLOW_MS)
    page.compare_action.trigger()
    view = page.compared
    qtbot.waitUntil(lambda: len(view.rows) == 2, timeout=SLOW_MS)
    assert len(view.chart.lines) == 2
    assert view.banner.isVisibleTo(view)
    view.tick(view.rows[1], on=False)
    assert len(view.chart.lines) == 1
    view.per.choose("hour")
    assert view.chart.lines[0].x == view.rows[0].hours


def test_a_torn_description_is_asked_for_again_and_says_why_it_fails(
    qtbot: QtBot, context: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "executable", "/bin/false")  # the trainer does not start
    page = TrainingPage(context(Role.ENGINEER), measures=False)
    qtbot.addWidget(page)
    page.show()
    page.opened()
    qtbot.waitUntil(lambda: shows(page, page.error), timeout=SLOW_MS)
    page.shut_down()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_nothing_is_clipped_in_both_themes_and_languages(
    page: TrainingPage,
    qtbot: QtBot,
    faces: Path,
    clipped: Callable[[QWidget], list[str]],
    theme: Theme,
    language: Language,
    mode: str,
) -> None:
    def fits(widget: QWidget) -> None:
        with contextlib.suppress(QtTimeout):  # the layout takes a few turns
            qtbot.waitUntil(lambda: clipped(widget) == [], timeout=3000)
        assert clipped(widget) == []

    theme.apply(mode)
    drafted(page, qtbot, faces, "ccskd")
    for code in ("en", "zh_CN"):
        language.set(code)
        fits(page.form)
    page.form.show_all.click()
    fits(page.form.numbers)


def test_every_field_of_the_trainer_has_its_words(said_by_the_trainer: dict[str, Any]) -> None:
    described = Described(said_by_the_trainer)
    specs = [spec for name in described.networks for spec in described.student_fields(name)]
    specs += [spec for section in ("data", "budget", "optimiser", "augment")
              for spec in described.section_fields(section, Draft())]  # fmt: skip
    for name, one in described.methods.items():
        if name != "brand_new":
            specs += [spec for task in one["tasks"] for spec in described.method_fields(name, task)]
    assert {spec.key for spec in specs} - set(LABELS) == set()
    assert {spec.help[:1].upper() + spec.help[1:] for spec in specs if spec.help} - set(HELP) == set()


def test_a_value_reads_as_it_is_typed() -> None:
    assert [shown(v) for v in (60, 0.006, 1e-05, 4.0, True, None, [0.3, 0.6])] == [
        "60", "0.006", "1e-05", "4", "true", "", "0.3, 0.6"
    ]  # fmt: skip
