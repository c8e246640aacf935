"""The revision of the people on file, and which model speaks for them."""

import sqlalchemy as sa

from facekd_db.errors import NotFound, StoreDamaged
from facekd_db.queries import Queries
from facekd_db.records import GalleryState
from facekd_db.schema import gallery, model


class Gallery(Queries):
    """Queries on the one row of table `gallery`.

    Whoever changes what recognition must see calls `bump` in the same transaction; whoever recognises compares
    `state().revision` with that of its snapshot.
    """

    def state(self) -> GalleryState:
        """The state as this transaction sees it."""
        row = self._c.execute(sa.select(gallery)).first()
        if row is None:
            raise StoreDamaged("expected one row in table gallery, found none; restore a backup")
        return GalleryState(row.revision, row.model_id)

    def lock(self) -> GalleryState:
        """The newest state; other transactions that lock or bump wait until this one ends.

        Called first in a transaction it makes "look whether the person exists, else add" safe between clients.
        """
        row = self._c.execute(sa.select(gallery).with_for_update()).first()
        if row is None:
            raise StoreDamaged("expected one row in table gallery, found none; restore a backup")
        return GalleryState(row.revision, row.model_id)

    def bump(self, *, beyond: int = 0) -> int:
        """Adds one to the revision, or more until it lies beyond a number that others have seen; returns it."""
        revision = max(self.lock().revision, beyond) + 1
        self._c.execute(sa.update(gallery).values(revision=revision))
        return revision

    def activate(self, model_id: str) -> GalleryState:
        """Points at the model whose templates count from now on. Raises NotFound for a model not in the store."""
        if self._c.execute(sa.select(model.c.id).where(model.c.id == model_id)).first() is None:
            raise NotFound(f"expected a model of this store, got {model_id[:12]}; add it first")
        self._c.execute(sa.update(gallery).values(model_id=model_id, revision=gallery.c.revision + 1))
        return self.lock()
