"""Every test that takes `store` runs on SQLite and on a MariaDB that is started once, on a free port, in a temporary
folder; without MariaDB's programs the second half is skipped with one line."""

import datetime as dt
import ipaddress
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy.engine import make_url

from facekd_db.engine import make_engine, make_file, parse_url
from facekd_db.keys import FileKeys
from facekd_db.migrate import HEAD
from facekd_db.records import NewTemplate, Person, PersonFields
from facekd_db.schema import audit_head, gallery, metadata
from facekd_db.server import MISSING, PrivateServer, find, free_port
from facekd_db.store import Store

MODEL = "ab" * 32
DIM = 4


class Clock:
    """A clock that stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.time

    def on(self, **delta: float) -> dt.datetime:
        self.time += dt.timedelta(**delta)
        return self.time


@dataclass(frozen=True)
class Certificates:
    """Files of an authority and of a server that it vouches for, and of an authority that nobody trusts."""

    ca: Path
    server: Path
    key: Path
    stranger: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    now = dt.datetime.now(dt.UTC)

    def issue(
        name: str, key: ec.EllipticCurvePrivateKey, by: str, by_key: ec.EllipticCurvePrivateKey
    ) -> Path:
        is_ca = name == by
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False
            )
        )
        if not is_ca:
            # "127.1" reaches this computer, too, and looks to the store like another one.
            names = [x509.DNSName("127.1"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        path = folder / f"{name}.pem"
        path.write_bytes(builder.sign(by_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path

    ours, theirs, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    key = folder / "server.key"
    key.write_bytes(
        theirs.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return Certificates(
        issue("authority", ours, "authority", ours),
        issue("server", theirs, "authority", ours),
        key,
        issue("stranger", other, "stranger", other),
    )


class GivenServer:
    """A server that somebody else started and empties, such as a real MySQL: FACEKD_TEST_SERVER=mysql://root@host:port

    What concerns private servers (test_server.py) cannot run on it.
    """

    def __init__(self, address: str) -> None:
        self._address = make_url(address)

    def url(self, user: str = "", password: str = "", database: str = "mysql") -> str:
        address = self._address.set(database=database)
        if user:
            address = address.set(username=user, password=password)
        return address.render_as_string(hide_password=False)

    def execute(self, *statements: str) -> None:
        engine = make_engine(parse_url(self.url()), pooled=False)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def mariadb(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[PrivateServer | GivenServer]:
    """The server of this test run."""
    if given := os.environ.get("FACEKD_TEST_SERVER"):
        yield GivenServer(given)
        return
    if find("mariadbd") is None:
        pytest.skip(MISSING)
    tls = [
        f"--ssl-{what}={path}"
        for what, path in (("ca", certificates.ca), ("cert", certificates.server), ("key", certificates.key))
    ]
    server = PrivateServer(tmp_path_factory.mktemp("mariadb"), port=free_port(), lasting=False, options=tls)
    with server:
        yield server


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store without rows, migrated once: copying it is quicker."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    store = Store(f"sqlite:///{path}")
    store.migrate_to(HEAD)
    store.scrub()
    store.close()
    return path


@pytest.fixture(scope="session")
def database(mariadb: PrivateServer) -> str:
    """The address of a migrated database on the server, shared by the tests and emptied after each."""
    mariadb.execute(
        "DROP DATABASE IF EXISTS shared",
        "CREATE DATABASE shared CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
    )
    url = (
        mariadb.url(database="shared") + "?tls=off"
    )  # a handshake for each connection would take most of the time
    store = Store(url)
    store.migrate_to(HEAD)
    store.close()
    return url


@pytest.fixture(scope="session")
def cleaner(database: str) -> Iterator[sa.Engine]:
    """Connections that outlive a test, for emptying the database after it."""
    engine = make_engine(parse_url(database))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "mariadb"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated store without rows."""
    if backend == "sqlite":
        path = tmp_path / "facekd.db"
        shutil.copyfile(request.getfixturevalue("empty_file"), path)
        path.chmod(0o600)
        yield f"sqlite:///{path}"
        return
    cleaner: sa.Engine = request.getfixturevalue("cleaner")
    yield request.getfixturevalue("database")
    with cleaner.begin() as connection:
        connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 0"))
        for table in metadata.sorted_tables:
            if table not in (gallery, audit_head):
                connection.execute(sa.delete(table))
        connection.execute(sa.update(gallery).values(revision=0, model_id=None))
        connection.execute(sa.update(audit_head).values(sequence=0, hash="0" * 64))
        connection.execute(sa.text("SET FOREIGN_KEY_CHECKS = 1"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "home" / "store.key")


@pytest.fixture
def open_store(url: str, keys: FileKeys, clock: Clock) -> Iterator[Callable[[], Store]]:
    """Opens the same database once more, as another computer would."""
    opened: list[Store] = []

    def another() -> Store:
        opened.append(Store(url, keys, clock=clock))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """An empty store with a key, on each kind of database."""
    store = open_store()
    store.upgrade()
    return store


@pytest.fixture
def fresh(
    tmp_path: Path, keys: FileKeys, clock: Clock, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Store]]:
    """Makes stores on databases of their own, not migrated."""
    opened: list[Store] = []

    def make(backend: str) -> Store:
        if backend == "sqlite":
            address = f"sqlite:///{tmp_path / f'fresh{len(opened)}.db'}"
            make_file(parse_url(address))
        else:
            server: PrivateServer = request.getfixturevalue("mariadb")
            name = f"fresh{len(opened)}"
            server.execute(
                f"DROP DATABASE IF EXISTS {name}",
                f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            )
            address = server.url(database=name) + "?tls=off"
        opened.append(Store(address, keys, clock=clock))
        return opened[-1]

    yield make
    for number, store in enumerate(opened):
        if not store.is_file:
            request.getfixturevalue("mariadb").execute(f"DROP DATABASE fresh{number}")
        store.close()


@pytest.fixture
def enrol() -> Callable[..., Person]:
    """Puts a person with one crop and one template on file; `seed` makes them unlike others."""

    def put(store: Store, name: str = "Ada Lovelace", seed: int = 1, **fields: object) -> Person:
        with store.transaction() as t:
            t.models.add(MODEL, name="test", kind="embedder", dim=DIM, card="")
            person = t.people.add(PersonFields(name, **fields))  # type: ignore[arg-type]
            crop = t.crops.add(person.id, picture(seed), source="camera")
            t.templates.add([NewTemplate(person.id, MODEL, DIM, vector(seed), crop)])
            t.gallery.bump()
        return person

    return put


def picture(seed: int) -> bytes:
    """Bytes that stand for a picture, different for each seed, and easy to find."""
    return b"picture-" + hashes_of(seed) * 16


def vector(seed: int) -> bytes:
    """Bytes of four numbers, different for each seed."""
    return hashes_of(seed)[: 4 * DIM]


def hashes_of(seed: int) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(str(seed).encode())
    return digest.finalize()


@pytest.fixture
def face() -> tuple[Callable[[int], bytes], Callable[[int], bytes]]:
    """The functions that make pictures and vectors from a seed."""
    return picture, vector
