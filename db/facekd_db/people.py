"""Queries on people: add, change, page and search, delete softly and bring back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from facekd_db.columns import contains, folded
from facekd_db.errors import Conflict, NotFound
from facekd_db.queries import Queries, chunks, unique
from facekd_db.records import Person, PersonFields, PersonFilter, PersonSort, PersonSummary
from facekd_db.schema import (
    camera,
    consent,
    crop,
    event,
    membership,
    operator,
    person,
    person_group,
    person_merge,
)

_SORTS = {
    PersonSort.NAME: person.c.name_key,
    PersonSort.CODE: person.c.code,
    PersonSort.DEPARTMENT: person.c.department,
    PersonSort.CREATED: person.c.created_at,
    PersonSort.UPDATED: person.c.updated_at,
}
NAME_MAX, CODE_MAX = 200, 100


class People(Queries):
    """Queries on table `person`. Writing here does not move the gallery's revision: call `gallery.bump()`."""

    def add(self, fields: PersonFields, by: int | None = None) -> Person:
        """Raises Conflict when the code is taken, ValueError for fields that cannot be."""
        values = _values(fields)
        with unique(lambda: _code_taken(fields)):
            key = self._insert(
                person,
                **values,
                version=1,
                created_at=self._now,
                updated_at=self._now,
                updated_by=by,
                deleted=False,
                on_hold=False,
            )
        return self.get(key)

    def get(self, person_id: int) -> Person:
        """Raises NotFound. A softly deleted person is found, and says so."""
        row = self._c.execute(sa.select(person).where(person.c.id == person_id)).first()
        if row is None:
            raise NotFound(f"there is no person {person_id} on file (any more)")
        return _person(row)

    def many(self, ids: Sequence[int]) -> dict[int, Person]:
        """The people among `ids` that exist, by id."""
        rows = self._c.execute(sa.select(person).where(person.c.id.in_(list(ids))))
        return {row.id: _person(row) for row in rows}

    def named(self, name: str) -> tuple[Person, ...]:
        """Everyone of that name who is not deleted, case and width aside; namesakes exist."""
        query = sa.select(person).where(~person.c.deleted, person.c.name_key == folded(name))
        return tuple(_person(row) for row in self._c.execute(query.order_by(person.c.id)))

    def with_code(self, code: str) -> Person | None:
        """The person with that code, deleted or not."""
        row = self._c.execute(sa.select(person).where(person.c.code == code.strip())).first()
        return None if row is None else _person(row)

    def change(self, person_id: int, fields: PersonFields, version: int, by: int | None = None) -> Person:
        """Replaces what people edit.

        Raises:
            Conflict: somebody else changed the person since `version` was read; the message says who and when.
            NotFound: the person is gone.
        """
        self._update(person_id, version, _values(fields), by, fields)
        return self.get(person_id)

    def delete(self, person_id: int, version: int, erase_after: datetime, by: int | None = None) -> Person:
        """Soft deletion: not recognised or listed any more, restorable until it is erased after `erase_after`."""
        self._update(
            person_id, version, {"deleted": True, "deleted_at": self._now, "erase_after": erase_after}, by
        )
        return self.get(person_id)

    def restore(self, person_id: int, version: int, by: int | None = None) -> Person:
        """Takes a soft deletion back.

        Raises Conflict for a record that was merged into another one: `merges.undo` takes the two apart.
        """
        query = sa.select(person.c.name).join(person_merge, person_merge.c.kept_id == person.c.id)
        name = self._c.execute(query.where(person_merge.c.absorbed_id == person_id)).scalar()
        if name is not None:
            raise Conflict(f"this record was merged into {name}; take the two apart instead")
        self._update(person_id, version, {"deleted": False, "deleted_at": None, "erase_after": None}, by)
        return self.get(person_id)

    def hold(self, person_id: int, on_hold: bool, version: int, by: int | None = None) -> Person:
        """Sets or lifts a legal hold: while it lasts the person is not erased."""
        self._update(person_id, version, {"on_hold": on_hold}, by)
        return self.get(person_id)

    def due_for_erasure(self) -> tuple[int, ...]:
        """People whose time for undo is over and who are not on hold."""
        query = sa.select(person.c.id).where(
            person.c.deleted, person.c.erase_after <= self._now, ~person.c.on_hold
        )
        return tuple(self._c.execute(query.order_by(person.c.id)).scalars())

    def count(self, which: PersonFilter | str = "") -> int:
        """How many rows `page` would go through."""
        return int(self._c.execute(_found(sa.func.count(), _filter(which))).scalar_one())

    def ids(
        self,
        which: PersonFilter | str = "",
        *,
        sort: PersonSort = PersonSort.NAME,
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[tuple[int, int], ...]:
        """(id, version) of everyone whom `page` would go through, in its order."""
        query = _ordered(_filter(which), sort, descending, person.c.id, person.c.version)
        return tuple((row.id, row.version) for row in self._c.execute(query.limit(limit).offset(offset)))

    def page(
        self,
        which: PersonFilter | str = "",
        *,
        sort: PersonSort = PersonSort.NAME,
        descending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[PersonSummary, ...]:
        """One page of the table of people.

        Args:
            which: a filter; a text alone is its search. % and _ stand for themselves.
            sort: rows with equal values keep the order of their ids.
        """
        ids = _ordered(_filter(which), sort, descending, person.c.id).limit(limit).offset(offset)
        wanted = list(self._c.execute(ids).scalars())
        found = {row.person.id: row for row in self.summaries(wanted)}
        return tuple(found[key] for key in wanted if key in found)

    def summaries(self, ids: Sequence[int]) -> tuple[PersonSummary, ...]:
        """The rows of these people, in no order; those who do not exist are left out."""
        photos = sa.and_(crop.c.person_id == person.c.id, ~crop.c.rejects, crop.c.quarantined_at.is_(None))
        newest = event.alias("newest")
        last = (
            sa.select(newest.c.id)
            .where(newest.c.person_id == person.c.id)
            .order_by(newest.c.at.desc(), newest.c.id.desc())
            .limit(1)
            .correlate(person)
            .scalar_subquery()
        )
        query = (
            sa.select(
                person,
                sa.select(sa.func.count()).where(photos).scalar_subquery().label("crops"),
                sa.select(sa.func.min(crop.c.id)).where(photos).scalar_subquery().label("crop_id"),
                _AGREED.label("consented"),
                sa.exists().where(consent.c.person_id == person.c.id).label("asked"),
                event.c.last_at.label("last_seen"),
                camera.c.name.label("last_camera"),
            )
            .select_from(person)
            .join(event, event.c.id == last, isouter=True)
            .join(camera, camera.c.id == event.c.camera_id, isouter=True)
        )
        rows: list[PersonSummary] = []
        for part in chunks(list(ids)):
            groups: dict[int, list[str]] = {}
            named = sa.select(membership.c.person_id, person_group.c.name).join(person_group)
            named = named.where(membership.c.person_id.in_(part)).order_by(person_group.c.name_key)
            for row in self._c.execute(named):
                groups.setdefault(row.person_id, []).append(row.name)
            for row in self._c.execute(query.where(person.c.id.in_(part))):
                rows.append(
                    PersonSummary(
                        _person(row),
                        row.crops,
                        row.crop_id,
                        bool(row.consented),
                        row.last_seen,
                        tuple(groups.get(row.id, ())),
                        row.last_camera or "",
                        bool(row.asked and not row.consented),
                    )
                )
        return tuple(rows)

    def departments(self) -> tuple[str, ...]:
        """The departments in use, sorted."""
        query = sa.select(person.c.department).where(~person.c.deleted, person.c.department != "").distinct()
        return tuple(self._c.execute(query.order_by(person.c.department)).scalars())

    def _update(
        self,
        person_id: int,
        version: int,
        values: Mapping[str, object],
        by: int | None,
        fields: PersonFields | None = None,
    ) -> None:
        statement = sa.update(person).where(person.c.id == person_id, person.c.version == version)
        statement = statement.values(**values, version=version + 1, updated_at=self._now, updated_by=by)
        with unique(lambda: _code_taken(fields)):
            done = self._c.execute(statement).rowcount
        if done == 0:
            raise self._conflict(person_id, version)

    def _conflict(self, person_id: int, version: int) -> Conflict | NotFound:
        # A locking read sees what others committed meanwhile; a plain one would show this transaction's snapshot.
        query = sa.select(person).where(person.c.id == person_id).with_for_update()
        row = self._c.execute(query).first()
        if row is None:
            return NotFound(f"there is no person {person_id} on file (any more)")
        who = self._c.execute(sa.select(operator.c.name).where(operator.c.id == row.updated_by)).scalar()
        return Conflict(
            f"{row.name} was changed by {who or 'another program'} at {row.updated_at:%Y-%m-%d %H:%M:%S} UTC "
            f"(version {row.version}; you had version {version}); look at the new state and apply your change again"
        )


_AGREED = sa.exists().where(
    consent.c.person_id == person.c.id,
    consent.c.purpose == "recognition",
    consent.c.withdrawn_at.is_(None),
)


def _filter(which: PersonFilter | str) -> PersonFilter:
    return PersonFilter(which) if isinstance(which, str) else which


def _found(what: sa.ColumnElement[Any] | sa.Column[Any], which: PersonFilter, *more: Any) -> sa.Select[Any]:
    query = sa.select(what, *more).select_from(person)
    if folded(which.search):
        query = query.where(
            _no_index(person.c.deleted) == which.deleted, contains(person.c.search, which.search)
        )
    else:
        query = query.where(person.c.deleted == which.deleted)
    if which.department is not None:
        query = query.where(person.c.department == which.department)
    if which.group_id is not None:
        members = sa.select(membership.c.person_id).where(membership.c.group_id == which.group_id)
        query = query.where(person.c.id.in_(members))
    if which.consented is not None:
        query = query.where(_AGREED if which.consented else ~_AGREED)
    if which.valid_on is not None:
        first, last = person.c.valid_from, person.c.valid_until
        query = query.where(
            sa.or_(first.is_(None), first <= which.valid_on), sa.or_(last.is_(None), last >= which.valid_on)
        )
    return query


def _ordered(
    which: PersonFilter, sort: PersonSort, descending: bool, *what: sa.Column[Any]
) -> sa.Select[Any]:
    query = _found(what[0], which, *what[1:])
    if sort is PersonSort.SEEN:  # an index over (person_id, at) covers this
        seen = sa.select(event.c.person_id, sa.func.max(event.c.at).label("at"))
        last_seen = seen.where(event.c.person_id.is_not(None)).group_by(event.c.person_id).subquery()
        query = query.join(last_seen, last_seen.c.person_id == person.c.id, isouter=True)
        column: sa.ColumnElement[Any] = last_seen.c.at  # never seen: below all others, on every database
    else:
        column = _SORTS[sort]
        if folded(which.search):
            # Walking an index in order would fetch the rows one by one: 100 ms of 100,000 against 12 for a scan.
            column = _no_index(column)
    last: sa.ColumnElement[Any] = person.c.id
    if descending:
        column, last = column.desc(), last.desc()
    return query.order_by(column, last)


def _no_index(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The same values in a form for which no database uses an index."""
    return sa.func.coalesce(column, column)


def _values(fields: PersonFields) -> dict[str, Any]:
    name, code = fields.name.strip(), (fields.code or "").strip() or None
    department = fields.department.strip()
    for what, text, most in (
        ("name", name, NAME_MAX),
        ("department", department, NAME_MAX),
        ("code", code, CODE_MAX),
    ):
        if text is not None and len(text) > most:
            raise ValueError(f"expected a {what} of at most {most} characters, got {len(text)}; shorten it")
    if not name:
        raise ValueError("expected a name, got none; write at least one character")
    if fields.valid_from and fields.valid_until and fields.valid_until < fields.valid_from:
        raise ValueError(
            f"expected a last day not before the first, got {fields.valid_from} to {fields.valid_until}; swap them"
        )
    return {
        "name": name,
        "name_key": folded(name)[:NAME_MAX],
        "code": code,
        "department": department,
        "note": fields.note,
        "search": folded("\n".join((name, code or "", department)))[:600],
        "valid_from": fields.valid_from,
        "valid_until": fields.valid_until,
    }


def _code_taken(fields: PersonFields | None) -> Conflict:
    name, code = (fields.name, fields.code) if fields else ("this person", "")
    return Conflict(f"the code {code!r} belongs to another person; give {name} another one")


def _person(row: sa.Row[Any]) -> Person:
    fields = PersonFields(
        name=row.name,
        code=row.code,
        department=row.department,
        note=row.note,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
    return Person(
        id=row.id,
        fields=fields,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        deleted_at=row.deleted_at,
        erase_after=row.erase_after,
        on_hold=bool(row.on_hold),
    )
