"""Moving a store between kinds of database, backups, and the way back."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.backup import back_up, restore
from facekd_db.copying import copy_store
from facekd_db.errors import Conflict, NotFound, SchemaTooNew, SessionEnded, StoreDamaged
from facekd_db.keys import FileKeys
from facekd_db.records import Person, PersonFields, Role, Sighting
from facekd_db.schema import metadata
from facekd_db.store import Store

MODEL = "ab" * 32
Rows = dict[str, list[tuple[object, ...]]]


def rows(store: Store) -> Rows:
    with store.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
        }


def fill(store: Store, enrol: Callable[..., Person]) -> Person:
    """Something in every table."""
    people = [
        enrol(store, name, n, code=f"C{n}") for n, name in enumerate(("Ada", "李 👩🏽‍🚀", "O'Brien \\ %_"))
    ]
    with store.transaction() as t:
        root = t.operators.add("root", Role.ADMINISTRATOR, "hash")
        t.sessions.start(root.id, "desk")
        t.lockouts.attempt("nobody")
        t.settings.put("theme", {"dark": True, "name": "夜"})
        text = t.consents.text("zh", "我同意")
        t.consents.give(people[0].id, text.id, given_by="Ada", given_at=t.now, by=root.id)
        camera = t.cameras.add("门", "stream", "rtsp://a:b@c")
        t.events.record(
            "a" * 32,
            [
                Sighting(
                    t.now + timedelta(microseconds=n),
                    camera.id,
                    "known",
                    f"t{n}",
                    people[n].id,
                    0.1 + n / 3,
                    bytes(range(256)),
                )
                for n in range(2)
            ],
        )
        t.gallery.activate(MODEL)
        t.models.keep_file(MODEL, bytes(range(256)) * 4000)
        t.deployments.begin(MODEL, desk="门", worker="ab", by=root.id)
        t.deployments.compared(MODEL, MODEL, "{}", root.id)
        t.groups.put([people[0].id], t.groups.add("夜班").id)
        twice = t.people.add(PersonFields("Ada again", code="C9"))
        kept, absorbed = ((each.id, each.version) for each in (people[1], twice))
        t.consents.give(twice.id, text.id, given_by="Ada", given_at=t.now)
        t.merges.merge(kept, absorbed, people[1].fields, t.now + timedelta(days=30))
        t.erasures.erase(people[2].id, "request")
        t.audit.record("act", operator_id=root.id, operator="root", detail={"ü": "李"})
    with store.transaction() as t:
        for n in range(550):  # more than one step of the copy
            t.people.add(PersonFields(f"Person {n}"))
    assert all(rows(store).values())
    return people[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [("sqlite", "mariadb"), ("mariadb", "sqlite"), ("sqlite", "sqlite")],
)
def test_a_copy_is_equal_row_by_row_and_opens_with_the_same_key(
    fresh: Callable[..., Store], enrol: Callable[..., Person], first: str, second: str
) -> None:
    source, target = fresh(first), fresh(second)
    source.upgrade()
    target.upgrade()
    ada = fill(source, enrol)
    before = rows(source)
    seen: list[tuple[int, int]] = []
    report = copy_store(source, target, progress=lambda done, total: seen.append((done, total)))
    assert rows(target) == before == rows(source)
    assert report.rows == {name: len(each) for name, each in before.items()}
    assert seen == sorted(seen)
    assert seen[-1] == (2 * report.total, 2 * report.total)
    with target.transaction() as t:
        assert len(t.templates.gallery(MODEL).rows) == 2
        assert len(t.crops.of(ada.id).rows) == 1
        assert t.audit.verify().broken is None
        assert t.people.add(PersonFields("Next")).id > max(int(str(row[0])) for row in before["person"])


def test_a_target_that_is_not_empty_is_refused_and_stays(
    store: Store, enrol: Callable[..., Person], tmp_path: Path, keys: FileKeys
) -> None:
    enrol(store)
    source = Store(f"sqlite:///{tmp_path}/source.db", keys)
    source.upgrade()
    before = rows(store)
    with pytest.raises(Conflict, match="expected an empty store to copy into, found 1 rows of model"):
        copy_store(source, store)
    assert rows(store) == before
    copy_store(source, store, replace=True)
    assert rows(store)["person"] == []
    source.close()


def test_a_copy_that_is_stopped_changes_nothing(
    store: Store, fresh: Callable[..., Store], enrol: Callable[..., Person]
) -> None:
    source = fresh("sqlite")
    source.upgrade()
    fill(source, enrol)
    before = rows(store)

    def stop(done: int, total: int) -> None:
        if done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(source, store, progress=stop)
    assert rows(store) == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_row_that_does_not_arrive_as_sent_is_noticed(
    store: Store, fresh: Callable[..., Store], enrol: Callable[..., Person]
) -> None:
    source = fresh("sqlite")
    source.upgrade()
    enrol(source)
    with store.engine.begin() as connection:  # a database that spoils what it is given
        connection.exec_driver_sql(
            "CREATE TRIGGER spoil AFTER INSERT ON person BEGIN UPDATE person SET note = 'spoilt'; END"
        )
    with pytest.raises(StoreDamaged, match="note of person 1 did not arrive as sent; nothing was changed"):
        copy_store(source, store)
    assert rows(store)["person"] == []


def test_a_backup_brings_everything_back(
    store: Store, enrol: Callable[..., Person], tmp_path: Path, keys: FileKeys
) -> None:
    fill(store, enrol)
    with store.transaction() as t:
        token = t.sessions.start(t.operators.all()[0].id, "desk")[1]
    before = rows(store)
    path = tmp_path / "monday.facekd"
    back_up(store, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("monday")] == ["monday.facekd"]
    content = path.read_bytes()
    with store.transaction() as t:
        t.people.add(PersonFields("Came later"))
        t.settings.put("theme", "light")
    restore(path, store, replace=True)
    after = rows(store)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"audit", "audit_head", "gallery", "session"}
    assert path.read_bytes() == content
    with store.transaction() as t:
        assert t.audit.page()[0].act == "store.restore"
        assert t.audit.verify().broken is None
        with pytest.raises(SessionEnded):
            t.sessions.touch(token)


def test_a_backup_holds_no_key_and_no_face_in_the_clear(
    store: Store,
    enrol: Callable[..., Person],
    tmp_path: Path,
    keys: FileKeys,
    face: tuple[Callable[[int], bytes], ...],
) -> None:
    enrol(store, "Ada", 1)
    back_up(store, tmp_path / "b.facekd")
    content = (tmp_path / "b.facekd").read_bytes()
    with store.reading() as t:
        key = keys.get(t.vault.active_store_key())
    assert key is not None
    assert b"Ada" in content
    assert [each for each in (key, face[0](1), face[1](1), face[0](1)[:24]) if each in content] == []


def test_a_backup_never_replaces_a_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b.facekd").write_text("precious")
    with pytest.raises(Conflict, match="exists already; choose another name"):
        back_up(store, tmp_path / "b.facekd")
    assert (tmp_path / "b.facekd").read_text() == "precious"


def test_a_backup_of_an_older_schema_is_upgraded_on_the_way(
    store: Store, enrol: Callable[..., Person], tmp_path: Path, keys: FileKeys
) -> None:
    enrol(store)
    path = tmp_path / "old.facekd"
    back_up(store, path)
    old = Store(f"sqlite:///{path}")
    old.migrate_to("0002")
    old.close()
    restore(path, store, replace=True)
    with store.reading() as t:
        assert len(t.templates.gallery(MODEL).rows) == 1


def test_a_backup_of_a_newer_program_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "new.facekd"
    back_up(store, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaTooNew):
        restore(path, store, replace=True)


def test_what_is_no_backup_is_refused_and_nothing_changes(
    store: Store, enrol: Callable[..., Person], tmp_path: Path
) -> None:
    enrol(store)
    before = rows(store)
    good = tmp_path / "good.facekd"
    back_up(store, good)
    (tmp_path / "letter").write_text("Dear Ada, " * 1000)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE person (id INTEGER)")
        connection.commit()
    content = bytearray(good.read_bytes())
    content[8192 : 8192 + 20000] = bytes(20000)
    (tmp_path / "broken").write_bytes(content)
    for name, kind in (
        ("letter", StoreDamaged),
        ("other.db", StoreDamaged),
        ("broken", StoreDamaged),
        ("no", NotFound),
    ):
        with pytest.raises(kind):
            restore(tmp_path / name, store, replace=True)
    assert rows(store) == before
