"""The schema goes up, down and up again, and a schema that is newer than the program is left alone."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import facekd_db
from facekd_db import migrate
from facekd_db.errors import SchemaTooNew, SchemaTooOld, StoreError
from facekd_db.records import EventFilter, PersonFields, Role, Sighting
from facekd_db.schema import metadata
from facekd_db.store import Store

BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "mariadb"])


def rows(store: Store, tables: set[str]) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
            if name in tables
        }


def fill(store: Store, enrol: Callable[..., object]) -> None:
    enrol(store)
    with store.transaction() as t:
        t.operators.add("root", Role.ADMINISTRATOR, "hash")
        t.settings.put("language", "zh")
        t.audit.record("first")
        camera = t.cameras.add("door", "device", "0")
        t.events.record("a" * 32, [Sighting(t.now, camera.id, "unknown", "t1", image=b"png")])


@BACKENDS
def test_the_migrations_make_exactly_the_schema(fresh: Callable[..., Store], backend: str) -> None:
    store = fresh(backend)
    store.upgrade()
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrate.current(connection) == migrate.HEAD


def test_the_list_of_revisions_is_that_of_the_files() -> None:
    folder = Path(facekd_db.__file__).parent / "migrations" / "versions"
    assert sorted(path.name[1:5] for path in folder.glob("m*.py")) == list(migrate.REVISIONS)


@BACKENDS
def test_up_down_and_up_again_keeps_every_row_of_the_tables_that_stay(
    fresh: Callable[..., Store], enrol: Callable[..., object], backend: str
) -> None:
    store = fresh(backend)
    store.upgrade()
    fill(store, enrol)
    gone = {"camera", "event", "event_image", "event_batch"}
    before = rows(store, set(metadata.tables) - gone)
    assert all(
        before[name] for name in ("person", "crop", "template", "data_key", "operator", "setting", "audit")
    )

    store.migrate_to("0002")
    with pytest.raises(SchemaTooOld, match="upgrade it once"):
        store.ping()
    store.upgrade()

    assert rows(store, set(before)) == before
    with store.reading() as t:
        assert t.events.count(EventFilter()) == 0
        assert t.templates.gallery("ab" * 32).rows


@BACKENDS
def test_all_the_way_down_and_up_again_is_an_empty_store(
    fresh: Callable[..., Store], enrol: Callable[..., object], backend: str
) -> None:
    store = fresh(backend)
    store.upgrade()
    fill(store, enrol)
    store.migrate_to("base")
    with store.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
    store.upgrade()
    with store.reading() as t:
        assert (t.people.count(), t.audit.verify().rows, t.operators.any()) == (0, 0, False)


@BACKENDS
def test_a_newer_schema_is_refused_and_nothing_changes(fresh: Callable[..., Store], backend: str) -> None:
    store = fresh(backend)
    store.upgrade()
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("CREATE TABLE tomorrow (id INTEGER)"))
        before = sa.inspect(connection).get_table_names()
    other = Store(store.engine.url.render_as_string(hide_password=False))
    for act in (other.upgrade, other.ping, lambda: other.transaction().__enter__()):
        with pytest.raises(
            SchemaTooNew, match=r"9999, which is newer than this program .* update the program"
        ):
            act()
    with store.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == before
        assert migrate.current(connection) == "9999"
    other.close()


@BACKENDS
def test_an_empty_database_asks_for_the_upgrade(fresh: Callable[..., Store], backend: str) -> None:
    store = fresh(backend)
    with pytest.raises(SchemaTooOld, match="an empty database; upgrade it once"), store.transaction():
        pass


@BACKENDS
def test_an_upgrade_that_died_halfway_runs_again(fresh: Callable[..., Store], backend: str) -> None:
    store = fresh(backend)
    store.migrate_to("0001")
    with store.engine.begin() as connection:
        # What MySQL leaves behind when the power fails within the second migration.
        for name in ("model", "gallery"):
            metadata.tables[name].create(connection)
        connection.execute(sa.insert(metadata.tables["gallery"]).values(id=1, revision=0))
    store.upgrade()
    with store.transaction() as t:
        t.people.add(PersonFields("Ada"))
        assert t.gallery.bump() == 1


@BACKENDS
def test_a_table_of_somebody_else_is_not_dropped(fresh: Callable[..., Store], backend: str) -> None:
    store = fresh(backend)
    with store.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE person (id INTEGER)"))
        connection.execute(sa.text("INSERT INTO person VALUES (1), (2)"))
    with pytest.raises(StoreError, match="'person' with rows; use another database"):
        store.upgrade()
    with store.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM person")) == 2


@BACKENDS
def test_two_computers_may_upgrade_at_once(fresh: Callable[..., Store], keys: object, backend: str) -> None:
    first = fresh(backend)
    second = Store(first.engine.url.render_as_string(hide_password=False), first.keys)
    failures: list[BaseException] = []

    def upgrade(store: Store) -> None:
        try:
            store.upgrade()
        except BaseException as e:  # noqa: BLE001  # told to the test's own thread
            failures.append(e)

    threads = [threading.Thread(target=upgrade, args=(store,)) for store in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with second.reading() as t:
        assert t.connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables["store_key"])) == 1
    second.close()
