"""Queries on the models that templates belong to, and on their files, which every computer takes from here."""

from typing import Any

import sqlalchemy as sa

from facekd_db.errors import NotFound
from facekd_db.queries import Queries
from facekd_db.records import Model
from facekd_db.schema import model, model_file

PART_BYTES = 512 * 1024
"""A server takes at least 1 MB in one packet (`max_allowed_packet`), whatever its administrator set."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a model's file; a larger one is carried to each computer by hand."""


class Models(Queries):
    """Queries on tables `model` and `model_file`."""

    def add(self, model_id: str, *, name: str, kind: str, dim: int | None, card: str) -> Model:
        """Adds a model, or brings the card of a known one up to date."""
        values = {"name": name, "kind": kind, "dim": dim, "card": card}
        changed = self._c.execute(sa.update(model).where(model.c.id == model_id).values(**values)).rowcount
        if not changed:
            self._c.execute(sa.insert(model).values(id=model_id, added_at=self._now, **values))
        return self.get(model_id)

    def get(self, model_id: str) -> Model:
        """Raises NotFound."""
        row = self._c.execute(sa.select(model).where(model.c.id == model_id)).first()
        if row is None:
            raise NotFound(f"there is no model {model_id[:12]} in this store")
        return _model(row)

    def all(self) -> tuple[Model, ...]:
        """Every model, oldest first."""
        rows = self._c.execute(sa.select(model).order_by(model.c.added_at, model.c.id))
        return tuple(_model(row) for row in rows)

    def keep_file(self, model_id: str, data: bytes) -> bool:
        """Stores the bytes of a model that is in the store; False for one that is too large. Stored once."""
        if len(data) > MOST_BYTES:
            return False
        stored = sa.select(model_file.c.id).where(model_file.c.model_id == model_id).limit(1)
        if self._c.execute(stored).first() is None:
            for part, start in enumerate(range(0, len(data), PART_BYTES)):
                self._insert(model_file, model_id=model_id, part=part, data=data[start : start + PART_BYTES])
        return True

    def file(self, model_id: str) -> bytes | None:
        """The bytes, or None where only the card is here."""
        query = sa.select(model_file.c.data).where(model_file.c.model_id == model_id)
        parts = self._c.execute(query.order_by(model_file.c.part)).scalars().all()
        return b"".join(parts) if parts else None

    def drop_file(self, model_id: str) -> None:
        """Forgets the bytes; the card stays."""
        self._c.execute(sa.delete(model_file).where(model_file.c.model_id == model_id))


def _model(row: sa.Row[Any]) -> Model:
    return Model(row.id, row.name, row.kind, row.dim, row.card, row.added_at)
