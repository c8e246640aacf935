"""Two records of one person become one, and can be taken apart again until the absorbed one is erased.

Everything that belongs to a person changes hands: photographs with their templates, faces that are *not* the person,
consents, events. Each is sealed anew under the key of whoever holds it now. What changed hands is written down, so
that the way back gives each thing to whom it belonged; what came since stays with the record that was kept.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from facekd_db.consents import Consents
from facekd_db.crops import Crops
from facekd_db.errors import Conflict, NotFound
from facekd_db.events import Events
from facekd_db.groups import Groups
from facekd_db.people import People
from facekd_db.queries import Context, Queries
from facekd_db.records import Merge, Person, PersonFields
from facekd_db.schema import consent, crop, event, merge_item, person, person_merge, template
from facekd_db.templates import Templates

Versioned = tuple[int, int]
"""A person's id and the version that was read."""
CROP, TEMPLATE, EVENT, CONSENT, GROUP = "crop", "template", "event", "consent", "group"


class Merges(Queries):
    """Queries on tables `person_merge` and `merge_item`. Call `gallery.bump()` in the same transaction."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._people, self._crops, self._templates = People(context), Crops(context), Templates(context)
        self._events, self._consents, self._groups = Events(context), Consents(context), Groups(context)

    def merge(
        self,
        kept: Versioned,
        absorbed: Versioned,
        result: PersonFields,
        erase_after: datetime,
        by: int | None = None,
        *,
        contrary: Collection[int] = (),
    ) -> Person:
        """`absorbed` is deleted and gives everything to `kept`, who is called and described as in `result`.

        Args:
            erase_after: until then `undo` takes the two apart.
            contrary: crops of "not this person" memories that speak against what the merge says, because they
                resemble the other record. They end up with the absorbed record, where nobody is matched with them.

        Raises:
            Conflict: one of the two changed since it was read, or is deleted or on legal hold; who and when is said.
            NotFound: one of them is gone.
        """
        before = self._people.get(kept[0])
        other = self._people.get(absorbed[0])
        if before.id == other.id:
            raise ValueError("expected two people to put together, got the same one twice")
        for each in (before, other):
            if each.deleted_at is not None:
                raise Conflict(f"{each.name} is deleted; bring the record back first")
            if each.on_hold:
                raise Conflict(f"{each.name} is on legal hold and must stay as it is; lift the hold first")
        self._people.delete(*absorbed, erase_after, by)
        # A code is unique: the deleted record lends it to the other one.
        self._c.execute(sa.update(person).where(person.c.id == other.id).values(code=None))
        after = self._people.change(kept[0], result, kept[1], by)
        merge_id = self._insert(
            person_merge,
            kept_id=before.id,
            absorbed_id=other.id,
            merged_at=self._now,
            merged_by=by,
            fields=json.dumps(
                {"before": _plain(before.fields), "after": _plain(after.fields), "code": other.fields.code},
                ensure_ascii=False,
            ),
        )
        self._exchange(merge_id, before.id, other.id, set(contrary))
        return after

    def undo(self, absorbed_id: int, version: int, by: int | None = None) -> tuple[Person, Person]:
        """Takes a merge back; returns (kept, absorbed) as they are then.

        Fields of the kept record that somebody changed since stay as they are, and so does what came since.

        Args:
            version: of the absorbed record as it was read.

        Raises:
            NotFound: the record is not merged into another one (any more).
            Conflict: the kept record was itself merged into another one since; take that apart first.
        """
        row = self._c.execute(
            sa.select(person_merge).where(person_merge.c.absorbed_id == absorbed_id)
        ).first()
        if row is None:
            raise NotFound(f"person {absorbed_id} is not merged into anybody (any more)")
        above = self.into(row.kept_id)
        if above is not None:
            raise Conflict(f"{above.absorbed} was merged into {above.kept} since; take those two apart first")
        notes = json.loads(row.fields)
        kept = self._people.get(row.kept_id)
        was, became = _fields(notes["before"]), _fields(notes["after"])
        back = replace(
            kept.fields,
            **{
                each.name: getattr(was, each.name)
                for each in fields(PersonFields)
                if getattr(kept.fields, each.name) == getattr(became, each.name)
            },
        )
        kept = self._people.change(kept.id, back, kept.version, by)
        items = self._items(row.id)
        self._c.execute(sa.delete(merge_item).where(merge_item.c.merge_id == row.id))
        self._c.execute(sa.delete(person_merge).where(person_merge.c.id == row.id))
        absorbed = self._people.restore(absorbed_id, version, by)
        if notes["code"] is not None:
            coded = replace(absorbed.fields, code=notes["code"])
            absorbed = self._people.change(absorbed.id, coded, absorbed.version, by)
        self._give_back(items, kept.id, absorbed.id)
        return kept, absorbed

    def into(self, person_id: int) -> Merge | None:
        """The merge that absorbed somebody, while it can be undone."""
        return next(iter(self._found(person_merge.c.absorbed_id == person_id)), None)

    def of(self, person_id: int) -> tuple[Merge, ...]:
        """The merges into somebody that can still be undone, oldest first."""
        return self._found(person_merge.c.kept_id == person_id)

    def _found(self, where: sa.ColumnElement[bool]) -> tuple[Merge, ...]:
        kept, absorbed = person.alias("kept"), person.alias("absorbed")
        query = (
            sa.select(
                person_merge,
                kept.c.name.label("kept"),
                absorbed.c.name.label("absorbed"),
                absorbed.c.erase_after,
            )
            .join(kept, kept.c.id == person_merge.c.kept_id)
            .join(absorbed, absorbed.c.id == person_merge.c.absorbed_id)
        )
        return tuple(
            Merge(
                row.id,
                row.kept_id,
                row.absorbed_id,
                row.kept,
                row.absorbed,
                row.merged_at,
                row.erase_after,
            )
            for row in self._c.execute(query.where(where).order_by(person_merge.c.id))
        )

    def _exchange(self, merge_id: int, kept_id: int, absorbed_id: int, contrary: set[int]) -> None:
        """Hands everything over and writes down what."""
        theirs = self._ids(crop, absorbed_id, crop.c.quarantined_at.is_(None))
        loose = self._ids(
            template, absorbed_id, template.c.crop_id.is_(None), template.c.quarantined_at.is_(None)
        )
        moved: dict[tuple[str, int], Sequence[int]] = {
            (CROP, absorbed_id): [each for each in theirs if each not in contrary],
            (CROP, kept_id): [each for each in self._ids(crop, kept_id) if each in contrary],
            (TEMPLATE, absorbed_id): loose,
            (EVENT, absorbed_id): self._events.ids_of(absorbed_id),
            (CONSENT, absorbed_id): self._ids(consent, absorbed_id),
        }
        for (kind, owner), ids in moved.items():
            self._hand_over(kind, ids, kept_id if owner == absorbed_id else absorbed_id)
        moved[GROUP, kept_id] = [
            group for group in self._groups.of(absorbed_id) if self._groups.put([kept_id], group)
        ]
        self._insert_all(
            merge_item,
            [
                {"merge_id": merge_id, "kind": kind, "row_id": each, "owner_id": owner}
                for (kind, owner), ids in moved.items()
                for each in ids
            ],
        )

    def _items(self, merge_id: int) -> dict[tuple[str, int], list[int]]:
        """What changed hands: (kind, to whom it goes back) -> ids."""
        query = sa.select(merge_item).where(merge_item.c.merge_id == merge_id).order_by(merge_item.c.id)
        items: dict[tuple[str, int], list[int]] = {}
        for row in self._c.execute(query):
            items.setdefault((row.kind, row.owner_id), []).append(row.row_id)
        return items

    def _give_back(self, items: dict[tuple[str, int], list[int]], kept_id: int, absorbed_id: int) -> None:
        for group in items.pop((GROUP, kept_id), ()):
            self._groups.take([kept_id], group)
        for (kind, owner), ids in items.items():
            # What was said not to be this person since, or was removed, is nobody's to give back.
            held = set(self._ids(_TABLES[kind], kept_id if owner == absorbed_id else absorbed_id))
            self._hand_over(kind, [each for each in ids if each in held], owner)

    def _hand_over(self, kind: str, ids: Sequence[int], to: int) -> None:
        if kind == CROP:
            self._crops.hand_over(ids, to)
            self._templates.hand_over(to, of_crops=ids)  # also those that a newer model made meanwhile
        elif kind == TEMPLATE:
            self._templates.hand_over(to, ids=ids)
        elif kind == EVENT:
            self._events.hand_over(ids, to)
        else:
            self._consents.hand_over(ids, to)

    def _ids(self, table: sa.Table, person_id: int, *more: sa.ColumnElement[bool]) -> list[int]:
        query = sa.select(table.c.id).where(table.c.person_id == person_id, *more).order_by(table.c.id)
        return list(self._c.execute(query).scalars())


_TABLES: Mapping[str, sa.Table] = {CROP: crop, TEMPLATE: template, EVENT: event, CONSENT: consent}


def _plain(found: PersonFields) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(found).items()
    }


def _fields(plain: Mapping[str, Any]) -> PersonFields:
    days = {
        name: None if plain[name] is None else date.fromisoformat(plain[name])
        for name in ("valid_from", "valid_until")
    }
    return PersonFields(**{**plain, **days})
