"""Queries on crops: encrypted photographs of faces, from which a new model's templates are made."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Damaged, NotFound
from facekd_db.queries import Queries, chunks
from facekd_db.records import Crop, DamagedRow, Opened
from facekd_db.schema import crop, person, template
from facekd_db.vault import Sealed


class Crops(Queries):
    """Queries on table `crop`."""

    def add(self, person_id: int, image: bytes, *, source: str, rejects: bool = False) -> int:
        """Stores an encoded picture for a person and returns its id.

        Args:
            image: PNG or JPEG of an aligned crop, without metadata.
            source: where it came from, such as "camera"; never a file name that tells who it is.
            rejects: the face is *not* the person; kept so that a new model can be told so, too.
        """
        sealed = self._vault.seal(image, kind="crop", person_id=person_id, about=_about(rejects))
        return self._insert(
            crop,
            person_id=person_id,
            key_id=sealed.key_id,
            nonce=sealed.nonce,
            image=sealed.data,
            rejects=rejects,
            source=source,
            created_at=self._now,
        )

    def get(self, crop_id: int) -> Crop:
        """One crop.

        Raises:
            NotFound: there is none, or it lies in quarantine.
            Damaged: it does not open; it lies in quarantine from now on.
        """
        opened = self._open(sa.select(crop).where(crop.c.id == crop_id))
        if opened.damaged:
            raise Damaged(opened.damaged[0].why)
        if not opened.rows:
            raise NotFound(f"there is no photograph {crop_id} on file (any more)")
        return opened.rows[0]

    def of(self, person_id: int, *, rejects: bool = False) -> Opened[Crop]:
        """A person's crops, oldest first."""
        query = sa.select(crop).where(crop.c.person_id == person_id, crop.c.rejects == rejects)
        return self._open(query.order_by(crop.c.id))

    def thumbnails(self, crop_ids: Sequence[int]) -> dict[int, bytes]:
        """Pictures by crop id, for a page of a table; what does not open is left out."""
        opened = self._open(sa.select(crop).where(crop.c.id.in_(list(crop_ids))))
        return {each.id: each.image for each in opened.rows}

    def without_template(self, model_id: str, limit: int, after: int = 0) -> Opened[Crop]:
        """Crops, by id from `after` on, that the model has not embedded yet; deleted people are included.

        Restorable people come along because a restored person must be recognised by the model of that day.
        """
        embedded = sa.exists().where(template.c.crop_id == crop.c.id, template.c.model_id == model_id)
        query = sa.select(crop).where(crop.c.id > after, ~embedded).order_by(crop.c.id).limit(limit)
        return self._open(query)

    def count_without_template(self, model_id: str) -> int:
        """How many crops `without_template` still has to go through."""
        embedded = sa.exists().where(template.c.crop_id == crop.c.id, template.c.model_id == model_id)
        query = sa.select(sa.func.count()).select_from(crop).where(~embedded, crop.c.quarantined_at.is_(None))
        return int(self._c.execute(query).scalar_one())

    def count(self) -> int:
        """How many crops there are, rejected faces included and quarantined ones aside."""
        query = sa.select(sa.func.count()).select_from(crop).where(crop.c.quarantined_at.is_(None))
        return int(self._c.execute(query).scalar_one())

    def index(self) -> tuple[tuple[int, int], ...]:
        """(crop, person) of every photograph that shows somebody who is not deleted, by person and age."""
        query = sa.select(crop.c.id, crop.c.person_id).join(person, person.c.id == crop.c.person_id)
        query = query.where(~person.c.deleted, ~crop.c.rejects, crop.c.quarantined_at.is_(None))
        return tuple(
            (row.id, row.person_id) for row in self._c.execute(query.order_by(crop.c.person_id, crop.c.id))
        )

    def owners(self, crop_ids: Sequence[int]) -> dict[int, tuple[int, bool]]:
        """Person and `rejects` of the crops that are there; nobody changes or removes them before this ends."""
        query = sa.select(crop.c.id, crop.c.person_id, crop.c.rejects).with_for_update()
        return {
            row.id: (row.person_id, bool(row.rejects))
            for part in chunks(list(crop_ids))
            for row in self._c.execute(query.where(crop.c.id.in_(part)))
        }

    def people_without(self) -> tuple[int, ...]:
        """People with templates but without a crop: a change of model would lose them."""
        photographed = sa.exists().where(crop.c.person_id == person.c.id, ~crop.c.rejects)
        known = sa.exists().where(template.c.person_id == person.c.id, ~template.c.rejects)
        query = sa.select(person.c.id).where(known, ~photographed).order_by(person.c.id)
        return tuple(self._c.execute(query).scalars())

    def count_of(self, person_ids: Sequence[int]) -> int:
        """How many enrolled photographs these people have together."""
        counted = sa.select(sa.func.count()).select_from(crop).where(~crop.c.rejects)
        return sum(
            int(self._c.execute(counted.where(crop.c.person_id.in_(part))).scalar_one())
            for part in chunks(list(person_ids))
        )

    def hand_over(self, crop_ids: Sequence[int], person_id: int) -> int:
        """Gives photographs to another person, under that person's key; returns how many.

        What does not open stays where it is. Their templates are given by `Templates.hand_over`.
        """
        moved: list[int] = []
        for part in chunks(list(crop_ids)):
            for each in self._open(sa.select(crop).where(crop.c.id.in_(part))).rows:
                sealed = self._vault.seal(
                    each.image, kind="crop", person_id=person_id, about=_about(each.rejects)
                )
                values = {"key_id": sealed.key_id, "nonce": sealed.nonce, "image": sealed.data}
                statement = sa.update(crop).where(crop.c.id == each.id)
                self._c.execute(statement.values(person_id=person_id, **values))
                moved.append(each.id)
        return len(moved)

    def remove(self, crop_ids: Iterable[int]) -> int:
        """Removes crops with the templates made from them."""
        return int(self._c.execute(sa.delete(crop).where(crop.c.id.in_(list(crop_ids)))).rowcount)

    def remove_of(self, person_id: int) -> int:
        """Removes all crops of a person, with the templates made from them."""
        return int(self._c.execute(sa.delete(crop).where(crop.c.person_id == person_id)).rowcount)

    def _open(self, query: sa.Select[Any]) -> Opened[Crop]:
        rows: list[Crop] = []
        damaged: list[DamagedRow] = []
        found = self._c.execute(query.where(crop.c.quarantined_at.is_(None))).all()
        self._vault.prefetch({row.key_id for row in found})
        for row in found:
            try:
                image = self._vault.open(
                    Sealed(row.key_id, row.nonce, row.image),
                    kind="crop",
                    person_id=row.person_id,
                    about=_about(row.rejects),
                )
            except Damaged as e:
                damaged.append(DamagedRow("crop", row.id, row.person_id, str(e)))
            else:
                rows.append(Crop(row.id, row.person_id, image, bool(row.rejects), row.source, row.created_at))
        self._damaged.extend(damaged)
        return Opened(tuple(rows), tuple(damaged))


def _about(rejects: bool) -> str:
    return "rejects" if rejects else "shows"
