"""What lies on this computer's disk for a while (sightings that wait, imports), encrypted like faces in the store."""

import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from facekd_db.errors import Damaged, KeyMissing
from facekd_db.keys import KEY_BYTES, KeyStore
from facekd_db.vault import NONCE_BYTES

KEY_ID = "local-key-id"
PART = ".part"
_making = threading.Lock()


class LocalSeal:
    """AES-256-GCM with a key of this computer, which lies where the store key lies and never leaves it.

    Args:
        home: holds the key's id in a small file, never the key.
    """

    def __init__(self, home: Path, keys: KeyStore) -> None:
        self._cipher = AESGCM(_own_key(home, keys))

    def seal(self, plain: bytes, about: str) -> bytes:
        """A ciphertext that opens as `about` only."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, data: bytes, about: str) -> bytes:
        """The plain bytes. Raises Damaged."""
        try:
            return self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as e:
            raise Damaged(f"{about} on this computer's disk is not what was written") from e


def write_whole(path: Path, data: bytes) -> None:
    """Either the whole file or none, readable by its owner only, on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def remove_parts(folder: Path, name: str = "*", older_than_s: float = 0) -> None:
    """Removes what writers left that were killed within `write_whole`; a name alone is that of one file."""
    for part in folder.glob(f"{name}.*{PART}"):
        with suppress(OSError):  # its writer lives, and has just finished it
            if time.time() - part.stat().st_mtime >= older_than_s:
                part.unlink()


def _own_key(home: Path, keys: KeyStore) -> bytes:
    with _making:  # two threads that need it first must not make two keys
        return _found_or_made(home, keys)


def _found_or_made(home: Path, keys: KeyStore) -> bytes:
    path = home / KEY_ID
    try:
        key_id = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        fresh = secrets.token_bytes(KEY_BYTES)
        write_whole(path, keys.put(fresh).encode())  # the key first, so that no id is without its key
        return fresh
    key = keys.get(key_id)
    if key is None:
        raise KeyMissing(
            f"expected the key {key_id[:8]} of this computer beside the store key, found none; restore it, or remove "
            f"{path} together with what waits in {home / 'spool'}"
        )
    return key
