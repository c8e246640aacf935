"""A private server, the account with the least rights, and connections that nobody listens to."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from facekd_db import grants
from facekd_db.engine import make_engine, parse_url
from facekd_db.errors import StoreError, StoreUnavailable
from facekd_db.keys import FileKeys
from facekd_db.records import Person, PersonFields, Role
from facekd_db.schema import metadata
from facekd_db.server import PrivateServer, free_port
from facekd_db.store import Store, Tables

PASSWORD = "pass 'wörd' %_ 👩"


@pytest.fixture
def least(mariadb: PrivateServer, fresh: Callable[..., Store]) -> Iterator[Store]:
    """A store that is opened by an account with no more than the grants."""
    administrator = fresh("mariadb")
    administrator.upgrade()
    name = str(administrator.engine.url.database)
    quoted = PASSWORD.replace("'", "''")
    mariadb.execute(
        "DROP USER IF EXISTS least@localhost", f"CREATE USER least@localhost IDENTIFIED BY '{quoted}'"
    )
    mariadb.execute(*grants.statements("least", "localhost", name))
    store = Store(mariadb.url("least", PASSWORD, name), administrator.keys)
    store.ping()
    yield store
    store.close()


def test_the_least_account_can_do_the_programs_work(least: Store, enrol: Callable[..., Person]) -> None:
    least.upgrade()  # nothing to upgrade, so no right is missing
    least.ping()
    ada = enrol(least)
    with least.transaction() as t:
        t.operators.add("root", Role.ADMINISTRATOR, "hash")
        t.audit.record("act")
        t.erasures.erase(ada.id, "request")
        assert t.audit.verify().broken is None
    least.rotate_key()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET act = 'nothing'",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "UPDATE erasure SET reason = ''",
        "DROP TABLE person",
        "ALTER TABLE person ADD COLUMN x INTEGER",
        "CREATE TABLE x (id INTEGER)",
        "TRUNCATE TABLE person",
        "CREATE USER eve",
        "SELECT * FROM mysql.user",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)
def test_the_server_refuses_the_least_account_everything_else(least: Store, statement: str) -> None:
    def act() -> None:
        with least.transaction() as t:
            t.connection.exec_driver_sql(statement)

    with pytest.raises(
        (StoreError, SQLAlchemyError),
        match=r"command denied|denied; you need|Access denied for user .* to database",
    ):
        act()


def test_grants_cover_every_table_and_refuse_odd_names() -> None:
    statements = grants.statements("facekd", "%", "faces")
    granted = {statement.split("`")[3] for statement in statements}
    assert granted == {*metadata.tables, "alembic_version"}
    assert "GRANT SELECT, INSERT ON `faces`.`audit` TO 'facekd'@'%'" in statements
    for names in (("a'b", "%", "faces"), ("a", "%", "fa`ces"), ("a", "' OR", "faces")):
        with pytest.raises(ValueError, match="expected a plain name"):
            grants.statements(*names)


# --- TLS ----


def far(mariadb: PrivateServer, **query: str) -> Store:
    """The server as another computer: the address looks like one."""
    url = parse_url(mariadb.url(database="shared")).set(host="127.1", query=query)
    return Store(url.render_as_string(hide_password=False))


def test_a_server_elsewhere_is_reached_by_tls_with_its_certificate_checked(
    mariadb: PrivateServer, database: str, certificates: Any
) -> None:
    store = far(mariadb, ssl_ca=str(certificates.ca))
    store.ping()
    with store.reading() as t:
        cipher = t.connection.execute(sa.text("SHOW STATUS LIKE 'Ssl_cipher'")).one()[1]
    store.close()
    assert cipher.startswith("TLS_")


def test_a_server_whose_certificate_another_authority_made_is_refused(
    mariadb: PrivateServer, database: str, certificates: Any
) -> None:
    store = far(mariadb, ssl_ca=str(certificates.stranger))
    with pytest.raises(StoreUnavailable, match=r"(?i)certificate"):
        store.ping()
    store.close()


def test_a_server_whose_certificate_has_another_name_is_refused(
    mariadb: PrivateServer, database: str, certificates: Any
) -> None:
    url = parse_url(mariadb.url(database="shared")).set(
        host="127.0.1", query={"ssl_ca": str(certificates.ca)}
    )
    store = Store(url.render_as_string(hide_password=False))
    with pytest.raises(StoreUnavailable, match=r"(?i)certificate|hostname|identity"):
        store.ping()
    store.close()


def test_a_server_without_tls_is_refused_unless_one_says_otherwise(
    mariadb: PrivateServer, tmp_path: Path, certificates: Any
) -> None:
    with PrivateServer(tmp_path / "plain", port=free_port(), lasting=False) as plain:
        plain.execute("CREATE DATABASE shared")
        careful = far(plain, ssl_ca=str(certificates.ca))
        with pytest.raises(StoreUnavailable, match="SSL"):
            careful.upgrade()
        careful.close()
        trusting = far(plain, tls="off")
        trusting.upgrade()
        trusting.close()


# --- the private server ----

PROGRAM = """
import os, sys
from facekd_db.store import Store, Tables
from facekd_db.keys import FileKeys
from facekd_db.records import PersonFields
from pathlib import Path
store = Store(os.environ["FACEKD_DB_URL"], FileKeys(Path(os.environ["FACEKD_HOME"]) / "store.key"))
with store.transaction() as t:
    t.people.add(PersonFields("Ada"))
    print(t.people.count(), flush=True)
sys.exit(int(sys.argv[1]))
"""


def run(home: Path, *command: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    arguments = [sys.executable, "-m", "facekd_db.server", "--home", str(home), "--", *command]
    return subprocess.Popen(
        arguments,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def servers(home: Path) -> list[int]:
    """The servers that run on a home folder."""
    wanted = f"--datadir={home.absolute() / 'mariadb' / 'data'}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_program_runs_on_a_private_server_that_goes_with_it(mariadb: PrivateServer, tmp_path: Path) -> None:
    home = tmp_path / "a home 家 with blanks" / ("deep" * 12)
    for count in (1, 2):  # the second start finds the rows of the first
        process = run(home, sys.executable, "-c", PROGRAM, str(count - 1))
        output, errors = process.communicate(timeout=120)
        assert (output.strip(), process.returncode) == (str(count), count - 1), errors
        assert servers(home) == []
    assert stat.S_IMODE((home / "mariadb").stat().st_mode) == 0o700

    # Killed without warning the server stays behind; the next start ends it, and only then.
    process = run(home, sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    second = run(home, "true")
    assert "another program uses the private MariaDB" in second.communicate(timeout=60)[1]
    assert second.returncode == 1
    (orphan,) = servers(home)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    process = run(home, sys.executable, "-c", PROGRAM, "0")
    assert process.communicate(timeout=120)[0].strip() == "3"
    assert servers(home) == []
    assert not Path(f"/proc/{orphan}").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_ending_the_command_ends_the_program_and_its_server(mariadb: PrivateServer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = run(home, sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while servers(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert servers(home) == []


def test_a_folder_that_holds_something_else_says_where_the_reason_stands(
    mariadb: PrivateServer, tmp_path: Path
) -> None:
    (tmp_path / "data" / "mysql").mkdir(parents=True)
    (tmp_path / "data" / "ibdata1").write_text("not a database")
    with pytest.raises(StoreUnavailable, match=r"does not start on .*server\.log"), PrivateServer(tmp_path):
        pass
    assert (tmp_path / "server.log").stat().st_size > 0


def test_nobody_else_may_connect_to_the_socket(mariadb: PrivateServer) -> None:
    assert stat.S_IMODE(mariadb.socket.parent.stat().st_mode) == 0o700
    engine = make_engine(parse_url(mariadb.url()), pooled=False)
    assert engine.url.host == "127.0.0.1"


def test_a_server_that_hangs_or_dies_is_noticed_and_nothing_is_lost(
    mariadb: PrivateServer, tmp_path: Path
) -> None:
    keys = FileKeys(tmp_path / "store.key")
    server = PrivateServer(tmp_path / "server", port=free_port())
    server.start()
    server.execute("CREATE DATABASE facekd CHARACTER SET utf8mb4")
    store = Store(server.url(), keys)
    store.upgrade()
    with store.transaction() as t:
        t.people.add(PersonFields("Ada"))
    assert server._process is not None

    server._process.send_signal(signal.SIGSTOP)  # a server that takes connections and never answers
    hung = Store(server.url(), keys, answer_s=1)
    for act in (store.ping, lambda: hung.run(lambda t: t.people.count())):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            act()
        assert time.monotonic() - started < 2
    server._process.send_signal(signal.SIGCONT)
    store.ping()
    assert hung.run(lambda t: t.people.count()) == 1

    # It hangs in the middle of a transaction: an error, and nothing written.
    def late(t: Tables) -> None:
        t.people.add(PersonFields("Half"))
        assert server._process is not None
        server._process.send_signal(signal.SIGSTOP)
        t.people.add(PersonFields("Other half"))

    with pytest.raises(StoreUnavailable):
        hung.run(late)
    server._process.send_signal(signal.SIGCONT)
    assert hung.run(lambda t: t.people.count()) == 1
    hung.close()

    server._process.kill()
    server._process.wait()
    server.stop()
    with pytest.raises(StoreUnavailable):
        store.ping()
    with pytest.raises(StoreUnavailable), store.transaction():
        pass
    server.start()
    started = time.monotonic()
    store.ping()
    with store.reading() as t:  # through the same store: its dead connections are replaced
        assert t.people.count() == 1
    assert time.monotonic() - started < 5
    store.close()
    server.stop()
