"""Bulk import: tried first, cancelled, resumed, killed, and the list of what was refused."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from facekd.errors import InputError
from facekd.models import ModelFile
from facekd.quality import Reason
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.imports import Fate

Portrait = Callable[..., Path]
ADA, BOB, EVE = 1, 6, 4
SEEDS = {"Ada": 1, "Bob": 6, "Eve": 4, "Ida": 9, "Joe": 12}


@dataclass
class Stopping:
    """Watches, and stops after some steps."""

    after: int
    steps: list[tuple[int, int, int]] = field(default_factory=list)

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        self.steps.append((done, total, refused))

    def cancelled(self) -> bool:
        return len(self.steps) >= self.after


@pytest.fixture
def staff(portrait: Portrait, tmp_path: Path) -> Path:
    for name, seed in SEEDS.items():
        portrait(seed, f"staff/{name}/1.png")
        portrait(seed, f"staff/{name}/2.png", shade=40)
    (tmp_path / "staff" / "Bob" / "3.jpg").write_bytes(b"no picture")
    (tmp_path / "staff" / "Nobody").mkdir()
    return tmp_path / "staff"


def test_a_dry_run_says_what_would_be_and_writes_nothing(operator: Services, staff: Path) -> None:
    watch = Stopping(99)
    report = operator.imports.plan(staff, watch)
    assert [(row.name, row.fate, row.photos) for row in report.rows] == [
        ("Ada", Fate.NEW, 2),
        ("Bob", Fate.NEW, 2),
        ("Eve", Fate.NEW, 2),
        ("Ida", Fate.NEW, 2),
        ("Joe", Fate.NEW, 2),
        ("Nobody", Fate.REFUSED, 0),
    ]
    assert [(name, file.file, file.reason) for name, file in report.refused] == [
        ("Bob", "3.jpg", Reason.UNREADABLE)
    ]
    assert watch.steps[-1] == (6, 6, 1)
    assert operator.people.count() == 0


def test_an_import_that_was_stopped_goes_on_where_it_was(operator: Services, staff: Path) -> None:
    first = operator.imports.run(staff, watch=Stopping(2))
    assert ([row.name for row in first.rows], first.complete) == (["Ada", "Bob"], False)
    assert operator.people.count() == 2
    assert operator.imports.pending() == (staff,)
    watch = Stopping(99)
    second = operator.imports.run(staff, watch=watch)
    assert (second.complete, second.resumed, len(second.rows)) == (True, 2, 6)
    assert watch.steps[0][0] == 3  # the third is the first that is done anew
    assert [file.file for _, file in second.refused] == ["3.jpg"]  # of the first part, too
    assert operator.people.count() == 5
    assert operator.imports.pending() == ()


def test_running_it_again_adds_only_what_is_new(operator: Services, staff: Path, portrait: Portrait) -> None:
    operator.imports.run(staff)
    portrait(SEEDS["Ada"], "staff/Ada/3.png", shade=70)
    report = operator.imports.run(staff)
    ada, bob = report.rows[:2]
    assert (ada.fate, ada.photos, ada.repeated) == (Fate.UPDATE, 1, 2)
    assert (bob.fate, bob.photos, bob.repeated) == (Fate.UPDATE, 0, 2)
    assert operator.people.count() == 5


def test_somebody_who_is_on_file_under_another_name_is_refused_with_that_name(
    operator: Services, portrait: Portrait, tmp_path: Path
) -> None:
    portrait(ADA, "staff/Ada/1.png")
    portrait(ADA, "staff/Zoe/1.png", shade=40)
    zoe = operator.imports.run(tmp_path / "staff").rows[1]
    assert (zoe.fate, zoe.person_id) == (Fate.REFUSED, None)
    assert zoe.refused[0].reason is Reason.OTHER_PERSON
    assert zoe.refused[0].detail.startswith("Ada, 0.")
    assert "looks like Ada" in zoe.why


def test_a_folder_without_people_is_bad_input(operator: Services, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="folder of photographs per person"):
        operator.imports.run(tmp_path / "empty")


def test_a_journal_that_was_given_up_begins_anew_without_doubling(
    operator: Services, staff: Path, desk: Desk
) -> None:
    operator.imports.run(staff, watch=Stopping(2))
    (journal,) = (desk.home / "imports").iterdir()
    assert b"Ada" not in journal.read_bytes()  # names lie encrypted
    operator.imports.forget(staff)
    report = operator.imports.run(staff)
    assert (report.resumed, report.complete) == (0, True)
    assert operator.people.count() == 5
    assert operator.people.page()[0].crops == 2


def test_killed_at_any_moment_an_import_is_consistent_and_ends_well(
    operator: Services,
    staff: Path,
    desk: Desk,
    tiny_detector: ModelFile,
    tiny_embedder: ModelFile,
    prepared: tuple[Path, dict[str, str]],
) -> None:
    """The child is killed at its n-th commit, and resumed, and killed again; the last time it comes to its end."""
    script = f"""
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from datetime import UTC, datetime
from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.session import Session
home = Path({str(desk.home)!r})
clock = lambda: datetime(2026, 3, 2, 9, tzinfo=UTC)
store = Store("sqlite:///" + str(home / "facekd.db"), FileKeys(home / "store.key"), clock=clock)
networks = Networks(Registry([]), Choice({str(tiny_detector.path)!r}, {str(tiny_embedder.path)!r}, 1))
token = {operator.people._session.token!r}
with store.reading() as t:
    stored, operator = t.sessions.touch(token, active=False)
services = Services.of(Desk.build(store, home, networks, "desk"), Session(operator, token, stored))
left = int(sys.argv[1])
@sa.event.listens_for(store.engine, "commit")
def count(_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
services.imports.run(Path({str(staff)!r}))
"""
    for moment in (11, 8, 5):
        done = subprocess.run([sys.executable, "-c", script, str(moment)], capture_output=True, check=False)
        assert done.returncode == -9, done.stderr.decode()
        with desk.store.reading() as t:
            for row in t.people.page():
                assert len(t.templates.of(row.person.id).rows) == row.crops > 0
            assert t.audit.verify().broken is None
    report = operator.imports.run(staff)
    assert report.complete
    assert [(row.person.name, row.crops) for row in operator.people.page()] == [(n, 2) for n in SEEDS]
