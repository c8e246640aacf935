"""Where the store key lies: in the operating system's keyring, or in a private file where there is none.

The store key never enters the database. Each key has an id, which is a fingerprint, so that a computer that
holds the wrong key is told so instead of seeing damaged rows.
"""

import base64
import binascii
import hashlib
import json
import logging
import os
import threading
from pathlib import Path
from typing import Protocol

import keyring
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError, PasswordDeleteError

from facekd_db.errors import KeyMissing

log = logging.getLogger(__name__)

SERVICE = "facekd"
KEY_BYTES = 32
_changing = (
    threading.Lock()
)  # of key files: a thread must not write back what it read before another one wrote


def fingerprint(key: bytes) -> str:
    """32 hexadecimal digits that name a key and do not give it away."""
    return hashlib.sha256(b"facekd store key\0" + key).hexdigest()[:32]


class KeyStore(Protocol):
    """Holds store keys by id."""

    warning: str | None
    """What a person should know about where the keys lie, or None."""

    @property
    def place(self) -> str:
        """Where they lie, in words."""

    def get(self, key_id: str) -> bytes | None:
        """The key, or None when it is not here."""

    def put(self, key: bytes) -> str:
        """Keeps a key and returns its id."""

    def remove(self, key_id: str) -> None:
        """Forgets a key for good; nothing happens when it is not here."""


class KeyringKeys:
    """Keys in the operating system's keyring (Secret Service, Keychain, Credential Locker)."""

    warning: str | None = None

    @property
    def place(self) -> str:
        """Names the kind of keyring that answers."""
        return f"the keyring of this computer ({keyring.get_keyring().name})"

    def get(self, key_id: str) -> bytes | None:
        try:
            text = keyring.get_password(SERVICE, f"store-key-{key_id}")
        except KeyringError as e:
            raise KeyMissing(
                f"the keyring of this computer does not open ({e}); unlock it and try again"
            ) from e
        return None if text is None else _checked(key_id, text, "the keyring")

    def put(self, key: bytes) -> str:
        key_id = fingerprint(key)
        try:
            keyring.set_password(SERVICE, f"store-key-{key_id}", base64.b64encode(key).decode())
        except KeyringError as e:
            raise KeyMissing(
                f"the keyring of this computer takes no key ({e}); unlock it and try again"
            ) from e
        return key_id

    def remove(self, key_id: str) -> None:
        try:
            keyring.delete_password(SERVICE, f"store-key-{key_id}")
        except PasswordDeleteError:
            return


class FileKeys:
    """Keys in one file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = f"the file {path}"
        self.warning: str | None = (
            f"this computer has no keyring: the key that protects faces lies in {path}, readable by its owner only; "
            "whoever copies that file and the database can read the faces"
        )

    def get(self, key_id: str) -> bytes | None:
        text = self._read().get(key_id)
        return None if text is None else _checked(key_id, text, str(self._path))

    def put(self, key: bytes) -> str:
        key_id = fingerprint(key)
        with _changing:
            self._write(self._read() | {key_id: base64.b64encode(key).decode()})
        return key_id

    def remove(self, key_id: str) -> None:
        with _changing:
            keys = self._read()
            if keys.pop(key_id, None) is not None:
                self._write(keys)

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self._path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as e:
            raise KeyMissing(
                f"expected store keys in {self._path}, cannot read them ({e}); restore the file"
            ) from e
        if not isinstance(content, dict):
            raise KeyMissing(f"expected store keys in {self._path}, got something else; restore the file")
        return {str(key): str(value) for key, value in content.items()}

    def _write(self, keys: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(keys, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)  # either the old file or the new one, never half of one


def open_keys(folder: Path) -> KeyStore:
    """The keyring of this computer, or `folder/store.key` where there is none.

    The latter's `warning` is for whoever can do something about it: `store init` and the login page. Here it
    is only logged as information, or every command would repeat it.
    A key file that exists already keeps being used, so that a keyring that appears later loses nothing.
    """
    path = folder / "store.key"
    if not path.exists() and _has_keyring():  # asking which keyring there is takes most of a second
        return KeyringKeys()
    keys = FileKeys(path)
    log.info("%s", keys.warning)
    return keys


def _has_keyring() -> bool:
    backend = keyring.get_keyring()
    if isinstance(backend, chainer.ChainerBackend):
        return bool(backend.backends)
    return not isinstance(backend, fail.Keyring | null.Keyring)


def write_key(path: Path, key: bytes) -> None:
    """Writes one key into a new file that only its owner may read. Raises FileExistsError for an existing one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"facekd store key {fingerprint(key)}\n{base64.b64encode(key).decode()}\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The key in a file that `write_key` wrote. Raises KeyMissing when it is not one, or was changed."""
    try:
        first, second, *_ = [*path.read_text(encoding="ascii").splitlines(), "", ""]
    except (OSError, ValueError) as e:
        raise KeyMissing(f"expected an exported store key in {path}, cannot read it ({e})") from e
    if not first.startswith("facekd store key "):
        raise KeyMissing(f"expected an exported store key in {path}, got another file")
    return _checked(first.split()[-1], second, str(path))


def _checked(key_id: str, text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES or fingerprint(key) != key_id:
        raise KeyMissing(f"the store key {key_id[:8]} in {where} is damaged; import it again from its copy")
    return key
