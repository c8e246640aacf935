"""Transactions, and what an error of the database means to the one who called."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.engine import parse_url
from facekd_db.errors import BadStoreUrl, StoreBusy, StoreDamaged, StoreFull, StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.records import PersonFields
from facekd_db.server import PrivateServer, free_port
from facekd_db.store import Store, Tables


def test_an_error_rolls_the_whole_block_back(store: Store) -> None:
    def fail(t: Tables) -> None:
        t.people.add(PersonFields("Ada"))
        t.audit.record("person.add")
        t.gallery.bump()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.run(fail)
    with store.reading() as t:
        assert (t.people.count(), t.audit.verify().rows, t.gallery.state().revision) == (0, 0, 0)


def test_a_reader_keeps_its_picture_while_a_writer_commits(
    store: Store, open_store: Callable[[], Store]
) -> None:
    other = open_store()
    with store.reading() as t:
        assert t.people.count() == 0
        with other.transaction() as writing:
            writing.people.add(PersonFields("Ada"))
        assert t.people.count() == 0
    with store.reading() as t:
        assert t.people.count() == 1


def test_work_that_met_another_client_is_repeated(store: Store) -> None:
    calls = []

    def work(t: object) -> int:
        calls.append(t)
        if len(calls) < 3:
            raise StoreBusy("another client")
        return 7

    assert store.run(work) == 7
    assert len(calls) == 3


def test_work_that_is_always_in_the_way_gives_up(store: Store) -> None:
    def work(_: object) -> None:
        raise StoreBusy("another client")

    with pytest.raises(StoreBusy, match="another client"):
        store.run(work, attempts=3)


def test_many_clients_lose_no_update(store: Store, open_store: Callable[[], Store]) -> None:
    def client(mine: Store) -> None:
        for _ in range(10):
            mine.run(lambda t: (t.gallery.bump(), t.audit.record("act")), attempts=50)

    threads = [threading.Thread(target=client, args=(open_store(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as t:
        assert t.gallery.state().revision == 40
        report = t.audit.verify()
    assert (report.rows, report.broken) == (40, None)


def test_two_clients_that_enrol_the_same_new_person_at_once_make_one(
    store: Store, open_store: Callable[[], Store]
) -> None:
    ready = threading.Barrier(2)

    def client(mine: Store) -> None:
        def find_or_add(t: Tables) -> None:
            t.gallery.lock()
            if not t.people.named("Ada"):
                t.people.add(PersonFields("Ada"))

        with mine.reading() as t:
            assert not t.people.named("Ada")
        ready.wait()
        mine.run(find_or_add, attempts=20)

    threads = [threading.Thread(target=client, args=(open_store(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as t:
        assert t.people.count() == 1


def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told() -> None:
    store = Store(f"mysql://ada:geheim@127.0.0.1:{free_port()}/facekd")
    for act in (store.ping, store.upgrade, lambda: store.transaction().__enter__()):
        with pytest.raises(StoreUnavailable, match=r"facekd on 127\.0\.0\.1 does not answer") as error:
            act()
        assert "geheim" not in str(error.value)
    store.close()


def test_a_connection_that_was_cut_while_idle_is_replaced(mariadb: PrivateServer, database: str) -> None:
    store = Store(database)
    with store.reading() as t:
        number = t.connection.scalar(sa.text("SELECT CONNECTION_ID()"))
    mariadb.execute(f"KILL {number}")
    with store.reading() as t:
        assert t.people.count() == 0
    store.close()


def test_a_connection_that_is_cut_within_a_transaction_writes_nothing(
    mariadb: PrivateServer, database: str
) -> None:
    store = Store(database)

    def cut(t: Tables) -> None:
        t.people.add(PersonFields("Half"))
        mariadb.execute(f"KILL {t.connection.scalar(sa.text('SELECT CONNECTION_ID()'))}")
        t.people.add(PersonFields("Other half"))

    with pytest.raises(StoreUnavailable):
        store.run(cut)
    with store.reading() as t:
        assert t.people.count() == 0
    store.close()


def test_a_commit_whose_connection_was_cut_is_unavailable(mariadb: PrivateServer, database: str) -> None:
    store = Store(database)

    def cut(t: Tables) -> None:
        t.people.add(PersonFields("Half"))
        mariadb.execute(f"KILL {t.connection.scalar(sa.text('SELECT CONNECTION_ID()'))}")

    with pytest.raises(StoreUnavailable):
        store.run(cut)
    with store.reading() as t:
        assert t.people.count() == 0
    store.close()


def test_a_database_file_is_for_its_owner_only(tmp_path: Path, keys: FileKeys) -> None:
    store = Store(f"sqlite:///{tmp_path}/new folder/facekd.db", keys)
    store.upgrade()
    with store.transaction() as t:
        t.people.add(PersonFields("Ada"))
        for path in (tmp_path / "new folder").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "new folder").stat().st_mode) == 0o700
    store.close()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Ada, " * 500)
    store = Store(f"sqlite:///{tmp_path}/letter.db")
    with pytest.raises(StoreDamaged, match="restore a backup"):
        store.upgrade()
    store.close()


def test_a_full_disk_writes_nothing(tmp_path: Path, keys: FileKeys) -> None:
    store = Store(f"sqlite:///{tmp_path}/small.db", keys)
    store.upgrade()
    with store.transaction() as t:
        pages = t.connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def overflow(t: Tables) -> None:
        t.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
        t.people.add(PersonFields("Ada", note="x" * 100_000))

    with pytest.raises(StoreFull, match="disk"):
        store.run(overflow)
    with store.reading() as t:
        assert t.people.count() == 0
    store.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(f"sqlite:///{tmp_path}/file/facekd.db")
    with pytest.raises(StoreUnavailable, match="cannot make it"):
        store.upgrade()
    store.close()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("letters", "expected a database address like"),
        ("postgresql://ada:geheim@server/facekd", "begins with 'postgresql'"),
        ("sqlite://", "expected a file name"),
        ("mysql://ada:geheim@server", "expected the name of a database"),
        ("mysql://ada:geheim@server/facekd", r"add \?ssl_ca=FILE"),
        ("mysql://ada:geheim@server/facekd?ssl_ca=/nowhere/ca.pem", "found no such file"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str, what: str) -> None:
    with pytest.raises(BadStoreUrl, match=what) as error:
        Store(address)
    assert "geheim" not in str(error.value)


def test_mysql_and_mariadb_addresses_use_the_same_driver() -> None:
    for scheme in ("mysql", "mariadb", "mysql+mysqlconnector"):
        assert parse_url(f"{scheme}://ada@localhost/facekd").drivername == "mysql+mysqlconnector"


def test_queries_on_a_server_run_in_utc_and_utf8mb4(mariadb: PrivateServer, database: str) -> None:
    store = Store(database)
    with store.reading() as t:
        zone, charset, mode = t.connection.execute(
            sa.text("SELECT @@session.time_zone, @@character_set_client, @@session.sql_mode")
        ).one()
    store.close()
    assert (zone, charset) == ("+00:00", "utf8mb4")
    assert "STRICT_ALL_TABLES" in mode
