"""The store key: where it lies, how it moves, and what rotating it does."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import pytest
import sqlalchemy as sa
from keyring.backends import fail
from keyring.errors import PasswordDeleteError

from facekd_db.backup import back_up, restore
from facekd_db.errors import Damaged, KeyMissing, StoreUnavailable
from facekd_db.keys import FileKeys, KeyringKeys, fingerprint, open_keys
from facekd_db.records import Person
from facekd_db.schema import data_key
from facekd_db.server import PrivateServer
from facekd_db.store import Store

MODEL = "ab" * 32


class Ring(keyring.backend.KeyringBackend):
    """A keyring of this process, in place of the operating system's."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    keyring.set_keyring(ring := Ring())
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


def test_the_keyring_holds_the_key_where_there_is_one(ring: Ring, tmp_path: Path) -> None:
    keys = open_keys(tmp_path)
    assert isinstance(keys, KeyringKeys)
    assert keys.warning is None
    key_id = keys.put(b"k" * 32)
    assert keys.get(key_id) == b"k" * 32
    assert list(tmp_path.iterdir()) == []
    assert [service for service, _ in ring.held] == ["facekd"]
    keys.remove(key_id)
    keys.remove(key_id)
    assert keys.get(key_id) is None


def test_without_a_keyring_a_private_file_holds_it_and_a_warning_says_so(
    no_ring: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    keys = open_keys(tmp_path / "home")
    key_id = keys.put(b"k" * 32)
    path = tmp_path / "home" / "store.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "has no keyring" in (keys.warning or "")
    assert str(path) in caplog.text
    assert open_keys(tmp_path / "home").get(key_id) == b"k" * 32


def test_a_key_file_goes_on_being_used_when_a_keyring_appears(ring: Ring, tmp_path: Path) -> None:
    key_id = FileKeys(tmp_path / "store.key").put(b"k" * 32)
    assert open_keys(tmp_path).get(key_id) == b"k" * 32


@pytest.mark.parametrize("content", ["not json", "[]", '{"a": 1'])
def test_a_broken_key_file_is_not_taken_for_an_empty_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "store.key"
    path.write_text(content)
    with pytest.raises(KeyMissing, match="restore the file"):
        FileKeys(path).put(b"k" * 32)
    assert path.read_text() == content


def test_a_changed_key_in_the_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    key_id = FileKeys(path).put(b"k" * 32)
    text = json.loads(path.read_text())[key_id]
    path.write_text(json.dumps({key_id: "A" + text[1:]}))
    with pytest.raises(KeyMissing, match="damaged"):
        FileKeys(path).get(key_id)


def test_another_computer_opens_the_faces_after_importing_the_key(
    store: Store, enrol: Callable[..., Person], url: str, tmp_path: Path
) -> None:
    enrol(store)
    store.export_key(tmp_path / "copy.key")
    assert stat.S_IMODE((tmp_path / "copy.key").stat().st_mode) == 0o600
    other = Store(url, FileKeys(tmp_path / "other.key"))
    other.import_key(tmp_path / "copy.key")
    with other.reading() as t:
        assert len(t.templates.gallery(MODEL).rows) == 1
    other.close()


def test_a_key_of_another_store_is_not_imported(store: Store, tmp_path: Path) -> None:
    elsewhere = Store(f"sqlite:///{tmp_path}/elsewhere.db", FileKeys(tmp_path / "else.key"))
    elsewhere.upgrade()
    elsewhere.export_key(tmp_path / "copy.key")
    elsewhere.close()
    with pytest.raises(KeyMissing, match="is not one of"):
        store.import_key(tmp_path / "copy.key")


@pytest.mark.parametrize("content", ["", "hello\nworld\n", "facekd store key 00\nAAAA\n"])
def test_a_file_that_is_no_key_is_not_imported(store: Store, tmp_path: Path, content: str) -> None:
    (tmp_path / "letter").write_text(content)
    with pytest.raises(KeyMissing):
        store.import_key(tmp_path / "letter")


def test_rotating_the_key_keeps_every_face_and_forgets_the_old_key(
    store: Store, keys: FileKeys, enrol: Callable[..., Person]
) -> None:
    people = [enrol(store, f"Person {n}", n) for n in range(3)]
    with store.reading() as t:
        old = t.vault.active_store_key()
        before = t.templates.gallery(MODEL).rows
    assert store.rotate_key() == len(people)
    with store.reading() as t:
        new = t.vault.active_store_key()
        assert t.templates.gallery(MODEL).rows == before
        assert t.connection.execute(sa.select(data_key.c.store_key_id).distinct()).scalars().all() == [new]
    assert (keys.get(old), old != new) == (None, True)
    assert fingerprint(keys.get(new) or b"") == new


def test_after_a_rotation_an_old_backup_does_not_open(
    store: Store, keys: FileKeys, enrol: Callable[..., Person], tmp_path: Path
) -> None:
    ada = enrol(store)
    back_up(store, tmp_path / "old.facekd")
    store.rotate_key()
    elsewhere = Store(f"sqlite:///{tmp_path}/elsewhere.db", keys)
    elsewhere.upgrade()
    restore(tmp_path / "old.facekd", elsewhere)
    with elsewhere.reading() as t:
        assert t.people.get(ada.id).name == "Ada Lovelace"
        with pytest.raises(KeyMissing):
            t.templates.gallery(MODEL)
    elsewhere.close()


def test_a_rotation_that_meets_a_damaged_key_changes_nothing(
    store: Store, keys: FileKeys, enrol: Callable[..., Person]
) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        t.connection.execute(
            sa.update(data_key).where(data_key.c.person_id == bea.id).values(wrapped=bytes(48))
        )
        old = t.vault.active_store_key()
    with pytest.raises(Damaged, match=f"the key of person {bea.id} does not open; nothing was changed"):
        store.rotate_key()
    with store.reading() as t:
        assert t.vault.active_store_key() == old
        assert len(t.crops.of(ada.id).rows) == 1
    assert len(json.loads((keys._path).read_text())) == 1


class CuttingKeys(FileKeys):
    """Cuts the store's connection when a key is asked for the second time: in the middle of a rotation."""

    def __init__(self, path: Path, server: PrivateServer) -> None:
        super().__init__(path)
        self._server, self.connection, self._asked = server, 0, 0

    def get(self, key_id: str) -> bytes | None:
        self._asked += 1
        if self.connection and self._asked == 2:
            self._server.execute(f"KILL {self.connection}")
        return super().get(key_id)


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_rotation_whose_connection_breaks_loses_no_face(
    store: Store, enrol: Callable[..., Person], url: str, tmp_path: Path, mariadb: PrivateServer
) -> None:
    enrol(store, "Ada", 1)
    enrol(store, "Bea", 2)
    keys = CuttingKeys(tmp_path / "home" / "store.key", mariadb)
    cut = Store(url, keys)
    with cut.transaction() as t:
        keys.connection = t.connection.scalar(sa.text("SELECT CONNECTION_ID()"))
        keys._asked = 0
    with pytest.raises(StoreUnavailable):
        cut.rotate_key()
    with cut.reading() as t:
        assert len(t.templates.gallery(MODEL).rows) == 2
    assert cut.rotate_key() == 2
    with cut.reading() as t:
        assert len(t.templates.gallery(MODEL).rows) == 2
    cut.close()
