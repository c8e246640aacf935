"""Sources of pictures by name. Their addresses may hold passwords: encrypted in the store, masked in messages."""

from facekd_db.records import Camera
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, listed
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid

KINDS = ("device", "stream", "file", "folder")


class Cameras(Service):
    """Cameras are switched off, never removed: records refer to them."""

    name = "cameras"

    def all(self) -> tuple[Camera, ...]:
        """Every camera, sorted by name."""
        with self._store.reading() as t:
            return t.cameras.all()

    def use(self, name: str, kind: str, address: str) -> Camera:
        """The camera of that name, made when it is new: what records of a source are filed under."""
        _check(kind)
        with self._store.reading() as t:
            found = t.cameras.named(name)
        if found is not None:
            return found

        def add(t: Tables) -> Camera:
            found = t.cameras.named(name)
            return found if found is not None else self._added(t, name, kind, address)

        return self._write(add)

    def add(self, name: str, kind: str, address: str) -> Camera:
        """Raises Conflict when the name is taken, Invalid."""
        _check(kind)
        return self._write(lambda t: self._added(t, name, kind, address))

    def change(
        self, camera_id: int, version: int, *, name: str, kind: str, address: str, enabled: bool = True
    ) -> Camera:
        """Raises Conflict when somebody else changed it or the name is taken, Invalid."""
        _check(kind)

        def change(t: Tables) -> Camera:
            self._audit(t, "camera.change", f"camera:{camera_id}", {"enabled": enabled})
            return t.cameras.change(
                camera_id, version, name=name, kind=kind, address=address, enabled=enabled
            )

        return self._write(change)

    def _added(self, t: Tables, name: str, kind: str, address: str) -> Camera:
        camera = t.cameras.add(name, kind, address)
        self._audit(t, "camera.add", f"camera:{camera.id}")
        return camera


def _check(kind: str) -> None:
    if kind not in KINDS:
        raise Invalid(
            T("Expected a kind of camera among {kinds}, got {kind}.", kinds=listed(KINDS), kind=kind)
        )
