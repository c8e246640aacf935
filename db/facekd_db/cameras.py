"""Queries on cameras; their addresses may hold passwords and are encrypted."""

from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Conflict, Damaged, NotFound
from facekd_db.queries import Queries, unique
from facekd_db.records import Camera
from facekd_db.schema import camera
from facekd_db.vault import Sealed


class Cameras(Queries):
    """Queries on table `camera`. Cameras are switched off, never removed: events refer to them."""

    def add(self, name: str, kind: str, address: str) -> Camera:
        """Raises Conflict when the name is taken."""
        name = _name(name)
        sealed = self._vault.seal(address.encode(), kind="camera", person_id=None)
        with unique(lambda: _taken(name)):
            key = self._insert(
                camera,
                name=name,
                kind=kind,
                key_id=sealed.key_id,
                nonce=sealed.nonce,
                address=sealed.data,
                enabled=True,
                version=1,
            )
        return self.get(key)

    def get(self, camera_id: int, *, newest: bool = False) -> Camera:
        """The camera; `newest` also sees what others committed during this transaction. Raises NotFound."""
        query = sa.select(camera).where(camera.c.id == camera_id)
        row = self._c.execute(query.with_for_update() if newest else query).first()
        if row is None:
            raise NotFound(f"there is no camera {camera_id}")
        return self._camera(row)

    def named(self, name: str) -> Camera | None:
        """The camera of exactly that name."""
        row = self._c.execute(sa.select(camera).where(camera.c.name == name.strip())).first()
        return None if row is None else self._camera(row)

    def all(self) -> tuple[Camera, ...]:
        """Every camera, sorted by name."""
        return tuple(self._camera(row) for row in self._c.execute(sa.select(camera).order_by(camera.c.name)))

    def change(
        self, camera_id: int, version: int, *, name: str, kind: str, address: str, enabled: bool = True
    ) -> Camera:
        """Raises Conflict when somebody else changed it or the name is taken, NotFound."""
        name = _name(name)
        sealed = self._vault.seal(address.encode(), kind="camera", person_id=None)
        statement = (
            sa.update(camera)
            .where(camera.c.id == camera_id, camera.c.version == version)
            .values(
                name=name,
                kind=kind,
                key_id=sealed.key_id,
                nonce=sealed.nonce,
                address=sealed.data,
                enabled=enabled,
                version=version + 1,
            )
        )
        with unique(lambda: _taken(name)):
            done = self._c.execute(statement).rowcount
        if not done:
            now = self.get(camera_id, newest=True)
            raise Conflict(
                f"the camera {now.name} was changed by somebody else (version {now.version}; you had version "
                f"{version}); look at the new state and apply your change again"
            )
        return self.get(camera_id)

    def _camera(self, row: sa.Row[Any]) -> Camera:
        try:
            plain = self._vault.open(
                Sealed(row.key_id, row.nonce, row.address), kind="camera", person_id=None
            )
        except Damaged:
            plain = (
                b""  # the camera stays in the list; whoever opens its settings sees that the address is gone
            )
        return Camera(row.id, row.name, row.kind, plain.decode(), bool(row.enabled), row.version)


def _taken(name: str) -> Conflict:
    return Conflict(f"a camera named {name!r} exists already; choose another name")


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise ValueError(f"expected a name of 1 to 100 characters for the camera, got {len(name)}")
    return name
