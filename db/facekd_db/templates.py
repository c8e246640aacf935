"""Queries on templates: encrypted embeddings, each of one person and one model."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Damaged
from facekd_db.queries import Queries, chunks
from facekd_db.records import DamagedRow, NewTemplate, Opened, Template
from facekd_db.schema import person, template
from facekd_db.vault import Sealed


class Templates(Queries):
    """Queries on table `template`. Writing here does not move the gallery's revision: call `gallery.bump()`."""

    def add(self, templates: Sequence[NewTemplate]) -> int:
        """Stores templates and returns how many.

        Raises:
            ValueError: a vector whose length is not four bytes per dimension.
        """
        rows: list[dict[str, Any]] = []
        for each in templates:
            if each.dim < 1 or len(each.vector) != 4 * each.dim:
                raise ValueError(
                    f"expected {4 * each.dim} bytes (float32) for a template of dimension {each.dim}, "
                    f"got {len(each.vector)}"
                )
            sealed = self._vault.seal(
                each.vector,
                kind="template",
                person_id=each.person_id,
                about=_about(each.model_id, each.rejects),
            )
            rows.append(
                {
                    "person_id": each.person_id,
                    "crop_id": each.crop_id,
                    "model_id": each.model_id,
                    "dim": each.dim,
                    "key_id": sealed.key_id,
                    "nonce": sealed.nonce,
                    "vector": sealed.data,
                    "rejects": each.rejects,
                    "created_at": self._now,
                }
            )
        self._insert_all(template, rows)
        return len(rows)

    def gallery(self, model_id: str, today: date | None = None) -> Opened[Template]:
        """The templates of everyone who is to be recognised, by one model; `rejects` among them.

        Deleted people and people outside their validity dates are left out.

        Args:
            today: the day on which validity is judged, in the local calendar; None: the store's UTC day.
        """
        day = today or self._now.date()
        query = (
            sa.select(template)
            .join(person, person.c.id == template.c.person_id)
            .where(
                template.c.model_id == model_id,
                ~person.c.deleted,
                sa.or_(person.c.valid_from.is_(None), person.c.valid_from <= day),
                sa.or_(person.c.valid_until.is_(None), person.c.valid_until >= day),
            )
        )
        self._vault.prefetch()  # one query for all keys instead of one per person
        return self._open(query.order_by(template.c.id))

    def of(self, person_id: int, model_id: str | None = None) -> Opened[Template]:
        """A person's templates, of one model or of all."""
        query = sa.select(template).where(template.c.person_id == person_id)
        if model_id is not None:
            query = query.where(template.c.model_id == model_id)
        return self._open(query.order_by(template.c.id))

    def hand_over(self, person_id: int, *, of_crops: Sequence[int] = (), ids: Sequence[int] = ()) -> int:
        """Gives templates, named by their photographs or by themselves, to another person; returns how many.

        They come under that person's key; what does not open stays where it is.
        """
        moved = 0
        for column, wanted in ((template.c.crop_id, of_crops), (template.c.id, ids)):
            for part in chunks(list(wanted)):
                for each in self._open(sa.select(template).where(column.in_(part))).rows:
                    sealed = self._vault.seal(
                        each.vector,
                        kind="template",
                        person_id=person_id,
                        about=_about(each.model_id, each.rejects),
                    )
                    values = {"key_id": sealed.key_id, "nonce": sealed.nonce, "vector": sealed.data}
                    statement = sa.update(template).where(template.c.id == each.id)
                    self._c.execute(statement.values(person_id=person_id, **values))
                    moved += 1
        return moved

    def count(self, model_id: str) -> int:
        """How many templates a model has, quarantined ones aside."""
        query = sa.select(sa.func.count()).select_from(template)
        query = query.where(template.c.model_id == model_id, template.c.quarantined_at.is_(None))
        return int(self._c.execute(query).scalar_one())

    def tally(self, model_id: str) -> tuple[int, int]:
        """(people, photographs of them) that a model knows, deleted people included."""
        query = sa.select(sa.func.count(sa.distinct(template.c.person_id)), sa.func.count())
        query = query.where(
            template.c.model_id == model_id, ~template.c.rejects, template.c.quarantined_at.is_(None)
        )
        people, photos = self._c.execute(query).one()
        return int(people), int(photos)

    def embedded(self, crop_ids: Sequence[int], model_id: str) -> set[int]:
        """Those among the crops that have a template by the model."""
        query = sa.select(template.c.crop_id).where(template.c.model_id == model_id)
        return {
            key
            for part in chunks(list(crop_ids))
            for key in self._c.execute(query.where(template.c.crop_id.in_(part))).scalars()
        }

    def remove_of(self, person_id: int) -> int:
        """Removes all templates of a person."""
        return int(self._c.execute(sa.delete(template).where(template.c.person_id == person_id)).rowcount)

    def remove_model(self, model_id: str) -> int:
        """Removes all templates of a model, such as one whose deployment was cancelled."""
        return int(self._c.execute(sa.delete(template).where(template.c.model_id == model_id)).rowcount)

    def _open(self, query: sa.Select[Any]) -> Opened[Template]:
        rows: list[Template] = []
        damaged: list[DamagedRow] = []
        for row in self._c.execute(query.where(template.c.quarantined_at.is_(None))):
            try:
                vector = self._vault.open(
                    Sealed(row.key_id, row.nonce, row.vector),
                    kind="template",
                    person_id=row.person_id,
                    about=_about(row.model_id, row.rejects),
                )
                if len(vector) != 4 * row.dim:
                    raise Damaged(
                        f"a template of person {row.person_id} has not the {row.dim} numbers it claims"
                    )
            except Damaged as e:
                damaged.append(DamagedRow("template", row.id, row.person_id, str(e)))
                continue
            rows.append(
                Template(
                    id=row.id,
                    person_id=row.person_id,
                    crop_id=row.crop_id,
                    model_id=row.model_id,
                    dim=row.dim,
                    vector=vector,
                    rejects=bool(row.rejects),
                )
            )
        self._damaged.extend(damaged)
        return Opened(tuple(rows), tuple(damaged))


def _about(model_id: str, rejects: bool) -> str:
    return f"{model_id}|{'rejects' if rejects else 'shows'}"
