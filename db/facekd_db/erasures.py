"""Erasing a person for good: the key, the faces, the name, and the pictures in the records."""

from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Conflict
from facekd_db.gallery import Gallery
from facekd_db.people import People
from facekd_db.queries import Context, Queries
from facekd_db.records import Erasure
from facekd_db.schema import (
    crop,
    data_key,
    erasure,
    event,
    event_image,
    membership,
    merge_item,
    person,
    person_merge,
    template,
)


class Erasures(Queries):
    """Erases people and keeps the certificates. Afterwards call `Store.scrub` to empty free pages and logs."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._people = People(context)
        self._gallery = Gallery(context)

    def erase(
        self, person_id: int, reason: str, by: int | None = None, *, despite_hold: bool = False
    ) -> Erasure:
        """Removes a person with everything that tells who they are; events stay without name and picture.

        Records that were merged into this one are of the same person: they are erased with it, each with a certificate.

        Args:
            reason: for the certificate, such as "retention" or "request"; must not name the person.
            despite_hold: for somebody who was erased before a restore brought them back.

        Raises:
            Conflict: the person is on legal hold.
            NotFound: there is no such person.
        """
        found = self._people.get(person_id)
        if found.on_hold and not despite_hold:
            raise Conflict(f"person {person_id} is on legal hold and cannot be erased; lift the hold first")
        for absorbed_id in self._absorbed(person_id):
            self.erase(absorbed_id, reason, by, despite_hold=True)
        counts = {
            name: self._count(table, person_id) for name, table in (("crops", crop), ("templates", template))
        }
        key = self._insert(
            erasure,
            person_id=person_id,
            erased_at=self._now,
            erased_by=by,
            reason=reason,
            events=self._empty_events(person_id),
            **counts,
        )
        self.forget_face(person_id)
        theirs = sa.select(person_merge.c.id).where(person_merge.c.absorbed_id == person_id)
        # Each is deleted by itself, too, see `forget_face`.
        self._c.execute(sa.delete(merge_item).where(merge_item.c.merge_id.in_(theirs)))
        for column in (person_merge.c.absorbed_id, membership.c.person_id):
            self._c.execute(sa.delete(column.table).where(column == person_id))
        self._c.execute(sa.delete(person).where(person.c.id == person_id))
        return _erasure(self._c.execute(sa.select(erasure).where(erasure.c.id == key)).one())

    def forget_face(self, person_id: int) -> int:
        """Removes a person's faces and destroys their key; the person stays on file. Returns the templates removed.

        The keys of records that were merged into this one open older copies of the same faces, so they go as well.
        The foreign keys take crops, templates and event pictures along with the key that opens them.
        """
        removed = self._count(template, person_id)
        removed += sum(self.forget_face(each) for each in self._absorbed(person_id))
        # Each is deleted by itself, too: not every engine that a test or a copy uses must cascade.
        for table in (template, crop, data_key):
            self._c.execute(sa.delete(table).where(table.c.person_id == person_id))
        self._gallery.bump()
        return removed

    def all(self) -> tuple[Erasure, ...]:
        """Every certificate, oldest first."""
        return tuple(_erasure(row) for row in self._c.execute(sa.select(erasure).order_by(erasure.c.id)))

    def _absorbed(self, person_id: int) -> tuple[int, ...]:
        query = sa.select(person_merge.c.absorbed_id).where(person_merge.c.kept_id == person_id)
        return tuple(self._c.execute(query.order_by(person_merge.c.id)).scalars())

    def _empty_events(self, person_id: int) -> int:
        theirs = sa.select(event.c.id).where(event.c.person_id == person_id)
        self._c.execute(sa.delete(event_image).where(event_image.c.event_id.in_(theirs)))
        statement = sa.update(event).where(event.c.person_id == person_id)
        return int(
            self._c.execute(
                statement.values(person_id=None, subject="erased", state="erased", score=None, detail="{}")
            ).rowcount
        )

    def _count(self, table: sa.Table, person_id: int) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.person_id == person_id)
        return int(self._c.execute(query).scalar_one())


def _erasure(row: sa.Row[Any]) -> Erasure:
    return Erasure(
        id=row.id,
        person_id=row.person_id,
        erased_at=row.erased_at,
        erased_by=row.erased_by,
        reason=row.reason,
        crops=row.crops,
        templates=row.templates,
        events=row.events,
    )
