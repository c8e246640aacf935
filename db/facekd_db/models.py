"""Queries on the models that templates belong to."""

from typing import Any

import sqlalchemy as sa

from facekd_db.errors import NotFound
from facekd_db.queries import Queries
from facekd_db.records import Model
from facekd_db.schema import model


class Models(Queries):
    """Queries on table `model`. The files lie outside the store."""

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


def _model(row: sa.Row[Any]) -> Model:
    return Model(row.id, row.name, row.kind, row.dim, row.card, row.added_at)
