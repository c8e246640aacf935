"""Encryption of faces at rest: AES-256-GCM, one key per person, each wrapped by the store key.

Every ciphertext is bound to its kind, person and model: a row that is copied to another person does not open.
Destroying a person's wrapped key makes every copy of that person's rows unreadable, in whatever free page or
log of the database they may survive.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from facekd_db.errors import Damaged, KeyMissing
from facekd_db.keys import KEY_BYTES, KeyStore
from facekd_db.schema import data_key, store_key

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ciphertext with what is needed to open it, apart from the key."""

    key_id: int
    nonce: bytes
    data: bytes


class Vault:
    """Seals and opens within one transaction. Person keys are unwrapped once and live as long as the vault."""

    def __init__(self, connection: sa.Connection, keys: KeyStore | None, now: datetime) -> None:
        self._c = connection
        self._keys = keys
        self._now = now
        self._open: dict[int, AESGCM] = {}
        self._by_person: dict[int | None, int] = {}
        self._store: dict[str, AESGCM] = {}

    def seal(self, plain: bytes, *, kind: str, person_id: int | None, about: str = "") -> Sealed:
        """A ciphertext of `plain`, bound to what it is.

        Args:
            kind: what the row is ("template", "crop", ...).
            person_id: whose key; None for what belongs to nobody on file.
            about: what else the row must stay bound to, such as the model.

        Raises:
            KeyMissing: this computer does not hold the store key.
        """
        key_id = self._key_of(person_id)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(key_id, nonce, self._open[key_id].encrypt(nonce, plain, _bound(kind, person_id, about)))

    def open(self, sealed: Sealed, *, kind: str, person_id: int | None, about: str = "") -> bytes:
        """The plain bytes.

        Raises:
            Damaged: the row, or the person's key, was changed or moved.
            KeyMissing: this computer does not hold the store key.
        """
        if sealed.key_id not in self._open:
            self.prefetch([sealed.key_id])
        cipher = self._open.get(sealed.key_id)
        if cipher is None:
            raise Damaged(f"the key {sealed.key_id} of person {person_id} does not open")
        try:
            return cipher.decrypt(sealed.nonce, sealed.data, _bound(kind, person_id, about))
        except (InvalidTag, ValueError) as e:
            raise Damaged(f"a {kind} of person {person_id} is not what was stored") from e

    def prefetch(self, key_ids: Iterable[int] | None = None) -> None:
        """Unwraps keys, or all of them; those that are damaged are left out and show when they are used."""
        query = sa.select(data_key.c.id, data_key.c.person_id, data_key.c.store_key_id, data_key.c.nonce)
        query = query.add_columns(data_key.c.wrapped)
        if key_ids is not None:
            query = query.where(data_key.c.id.in_(list(key_ids)))
        for row in self._c.execute(query):
            try:
                plain = self._store_cipher(row.store_key_id).decrypt(
                    row.nonce, row.wrapped, _bound("key", row.person_id, row.store_key_id)
                )
            except (InvalidTag, ValueError):
                continue
            self._open[row.id] = AESGCM(plain)

    def rotate(self, new_id: str) -> int:
        """Wraps every key anew by the store key `new_id` and retires the others. Returns how many were wrapped.

        Raises Damaged when one of them does not open: nothing may be left behind under the old key unnoticed.
        """
        self.add_store_key(new_id)
        rows = self._c.execute(sa.select(data_key)).all()
        for row in rows:
            try:
                plain = self._store_cipher(row.store_key_id).decrypt(
                    row.nonce, row.wrapped, _bound("key", row.person_id, row.store_key_id)
                )
            except (InvalidTag, ValueError) as e:
                raise Damaged(f"the key of person {row.person_id} does not open; nothing was changed") from e
            nonce = secrets.token_bytes(NONCE_BYTES)
            wrapped = self._store_cipher(new_id).encrypt(nonce, plain, _bound("key", row.person_id, new_id))
            self._c.execute(
                sa.update(data_key)
                .where(data_key.c.id == row.id)
                .values(store_key_id=new_id, nonce=nonce, wrapped=wrapped)
            )
        self._c.execute(
            sa.update(store_key)
            .where(store_key.c.id != new_id, store_key.c.retired_at.is_(None))
            .values(retired_at=self._now)
        )
        return len(rows)

    def has_store_key(self) -> bool:
        """Whether this database has a store key already, here or on another computer."""
        return self._c.execute(sa.select(store_key.c.id).limit(1)).first() is not None

    def knows_store_key(self, key_id: str) -> bool:
        """Whether a store key belongs to this database, retired ones included."""
        return self._c.execute(sa.select(store_key.c.id).where(store_key.c.id == key_id)).first() is not None

    def add_store_key(self, key_id: str) -> None:
        """Notes that a store key exists; new person keys are wrapped by the newest one."""
        self._c.execute(sa.insert(store_key).values(id=key_id, created_at=self._now))

    def active_store_key(self) -> str:
        """Id of the store key that wraps new keys. Raises KeyMissing when the store has none yet."""
        key_id = self._c.execute(
            sa.select(store_key.c.id)
            .where(store_key.c.retired_at.is_(None))
            .order_by(store_key.c.created_at.desc())
        ).scalar()
        if key_id is None:
            raise KeyMissing("this database has no store key yet; run the upgrade of the store once")
        return str(key_id)

    def _key_of(self, person_id: int | None) -> int:
        if person_id in self._by_person:
            return self._by_person[person_id]
        owner = data_key.c.person_id
        found = self._c.execute(
            sa.select(data_key.c.id)
            .where(owner.is_(None) if person_id is None else owner == person_id)
            .order_by(data_key.c.id)
        ).scalar()
        key_id = self._new_key(person_id) if found is None else int(found)
        if key_id not in self._open:
            self.prefetch([key_id])
        if key_id not in self._open:
            key_id = self._new_key(person_id)  # the old key is damaged: what comes now must be readable
        self._by_person[person_id] = key_id
        return key_id

    def _new_key(self, person_id: int | None) -> int:
        store_id = self.active_store_key()
        plain = secrets.token_bytes(KEY_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = self._store_cipher(store_id).encrypt(nonce, plain, _bound("key", person_id, store_id))
        result = self._c.execute(
            sa.insert(data_key).values(
                person_id=person_id, store_key_id=store_id, nonce=nonce, wrapped=wrapped, created_at=self._now
            )
        )
        key_id = int(result.inserted_primary_key[0])  # type: ignore[index]  # one row was inserted
        self._open[key_id] = AESGCM(plain)
        return key_id

    def _store_cipher(self, store_id: str) -> AESGCM:
        if store_id not in self._store:
            key = self._keys.get(store_id) if self._keys else None
            if key is None:
                raise KeyMissing(
                    f"the faces in this database are encrypted with the store key {store_id[:8]}, which this computer "
                    "does not hold; import it (facekd-cli store key import FILE) from a computer that does"
                )
            self._store[store_id] = AESGCM(key)
        return self._store[store_id]


def _bound(kind: str, person_id: int | None, about: str) -> bytes:
    # Kinds hold no "|", ids are digits: two different triples never give the same bytes.
    return f"facekd/1|{kind}|{'' if person_id is None else person_id}|{about}".encode()
