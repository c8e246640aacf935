"""A database that goes away under a running program: told as such, never replaced by an empty one, found again."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facekd_db.backup import back_up, restore_lost
from facekd_db.errors import Conflict, StoreBusy, StoreDamaged, StoreMissing, StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.records import Person, Role
from facekd_db.store import Store

Enrol = Callable[..., Person]


@pytest.fixture
def backend() -> str:
    """A server that goes away is test_server.py's."""
    return "sqlite"


@pytest.fixture
def file(store: Store) -> Path:
    return Path(str(store.engine.url.database))


def test_opening_a_store_that_is_not_there_makes_no_empty_one(tmp_path: Path) -> None:
    for path in (tmp_path / "no.db", tmp_path / "no folder" / "no.db"):
        store = Store(f"sqlite:///{path}")
        with pytest.raises(StoreMissing, match="is not there"):
            store.ping()
        with pytest.raises(StoreMissing), store.reading() as t:
            t.people.count()
        store.close()
        assert not path.exists()


def test_a_file_that_was_moved_away_is_missed_at_once_and_found_again(
    store: Store, file: Path, enrol: Enrol, tmp_path: Path
) -> None:
    enrol(store)
    with store.reading() as t:  # connections are open, and would go on working on the moved file
        assert t.people.count() == 1
    file.rename(tmp_path / "moved.db")
    with pytest.raises(StoreMissing):
        store.ping()
    with pytest.raises(StoreMissing), store.transaction() as t:
        t.people.count()
    assert not file.exists()
    (tmp_path / "moved.db").rename(file)
    store.ping()
    with store.reading() as t:
        assert t.people.count() == 1


def test_another_file_in_its_place_is_what_is_read_from_then_on(
    store: Store, file: Path, enrol: Enrol, tmp_path: Path
) -> None:
    back_up(store, tmp_path / "empty.facekd")
    enrol(store)
    store.scrub()  # its log is empty, so nothing of it can be taken for the other file's
    (tmp_path / "empty.facekd").replace(file)
    with store.reading() as t:
        assert t.people.count() == 0


def test_a_folder_that_is_gone_and_back_leaves_the_store_as_it_was(
    store: Store, file: Path, enrol: Enrol, tmp_path: Path
) -> None:
    enrol(store)
    store.scrub()  # everything is in the file, nothing in its log
    inside = tmp_path / "inside"
    inside.mkdir()
    moved = Store(f"sqlite:///{shutil.copy(file, inside / 'facekd.db')}", store.keys)
    moved.ping()
    inside.rename(tmp_path / "unplugged")
    with pytest.raises(StoreMissing):
        moved.ping()
    (tmp_path / "unplugged").rename(inside)
    with moved.reading() as t:
        assert t.people.count() == 1
    moved.close()


def test_a_file_that_another_program_holds_is_told_within_a_second_or_two(store: Store, file: Path) -> None:
    store.close()
    holder = sqlite3.connect(file)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(StoreBusy):
        store.ping()
    assert 0.5 < time.monotonic() - started < 2
    holder.close()
    store.ping()


PROGRAM = """
import os, sys
from pathlib import Path
from facekd_db.errors import StoreUnavailable
from facekd_db.records import PersonFields
from facekd_db.store import Store
file = Path(sys.argv[1])
store = Store(f"sqlite:///{file}")
store.close()  # everything is imported while it can be read
if os.geteuid() == 0:  # whom rights stop in nothing
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store.ping()
with store.transaction() as t:
    t.people.add(PersonFields("Ada"), None)
for place, mode, back in ((file, 0o400, 0o600), (file.parent, 0o500, 0o700)):
    place.chmod(mode)
    try:
        store.ping()
    except StoreUnavailable as error:
        print(error)
    place.chmod(back)
    store.ping()
with store.transaction() as t:
    t.people.add(PersonFields("Bob"), None)
    print(t.people.count())
"""


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_a_file_or_folder_that_may_not_be_written_is_told_by_the_first_look(
    file: Path, tmp_path: Path
) -> None:
    with_rights = Path(tempfile.mkdtemp(prefix="facekd-"))  # pytest's own folders are closed to others
    try:
        shutil.copy(file, with_rights / "facekd.db")
        if os.geteuid() == 0:
            for place in (with_rights, with_rights / "facekd.db"):
                os.chown(place, 65534, 65534)
        program = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(with_rights / "facekd.db")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert program.returncode == 0, program.stderr
        first, second, count = program.stdout.splitlines()
        assert "cannot be written" in first
        assert "cannot be written" in second
        assert count == "2"
    finally:
        shutil.rmtree(with_rights)


def test_a_lost_store_comes_back_from_a_backup_with_its_accounts_and_faces(
    store: Store, file: Path, keys: FileKeys, enrol: Enrol, tmp_path: Path
) -> None:
    person = enrol(store)
    with store.transaction() as t:
        t.operators.add("Ada", Role.ADMINISTRATOR, "hash")
    back_up(store, tmp_path / "monday.facekd")
    store.close()
    for each in file.parent.glob("facekd.db*"):
        each.unlink()
    restore_lost(tmp_path / "monday.facekd", Store(f"sqlite:///{file}"))
    again = Store(f"sqlite:///{file}", keys)
    with again.reading() as t:
        assert [each.name for each in t.operators.all()] == ["Ada"]
        assert len(t.crops.of(person.id).rows) == 1
    again.close()
    stored = json.loads((tmp_path / "home" / "store.key").read_text())
    assert len(stored) == 1  # no second key was made on the way


def test_a_file_that_is_no_backup_leaves_the_place_of_a_lost_store_empty(
    store: Store, file: Path, tmp_path: Path
) -> None:
    store.close()
    file.unlink()
    (tmp_path / "holiday.facekd").write_bytes(b"not a database at all")
    with pytest.raises(StoreDamaged):
        restore_lost(tmp_path / "holiday.facekd", Store(f"sqlite:///{file}"))
    assert list(file.parent.glob("facekd.db*")) == []


def test_a_store_with_people_in_it_is_never_taken_for_a_lost_one(
    store: Store, file: Path, enrol: Enrol, tmp_path: Path
) -> None:
    back_up(store, tmp_path / "empty.facekd")
    enrol(store)
    with pytest.raises(Conflict):
        restore_lost(tmp_path / "empty.facekd", Store(f"sqlite:///{file}"))
    with store.reading() as t:
        assert t.people.count() == 1


def test_waiting_for_another_writer_ends(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facekd_db.store.PATIENCE_S", 0.2)
    holder = sqlite3.connect(file)
    holder.execute("BEGIN IMMEDIATE")
    other = Store(f"sqlite:///{file}", answer_s=1)
    started = time.monotonic()
    with pytest.raises(StoreBusy):
        other.run(lambda t: t.people.count())
    assert time.monotonic() - started < 2.5
    holder.rollback()
    holder.close()
    assert other.run(lambda t: t.people.count()) == 0
    other.close()


def test_a_place_without_room_for_a_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(f"sqlite:///{tmp_path / 'file' / 'facekd.db'}")
    with pytest.raises(StoreUnavailable, match="cannot make it"):
        store.upgrade()
    store.close()
