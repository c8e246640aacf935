"""Queries on groups: what an organisation sorts its people by. Somebody may be in several, or in none."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from facekd_db.columns import folded
from facekd_db.errors import Conflict, NotFound
from facekd_db.queries import Queries, chunks, unique
from facekd_db.records import Group
from facekd_db.schema import membership, person, person_group

NAME_MAX = 100


class Groups(Queries):
    """Queries on tables `person_group` and `membership`. Recognition knows nothing of groups."""

    def all(self) -> tuple[Group, ...]:
        """Every group by name, with how many people who are not deleted are in it."""
        inside = (
            sa.select(sa.func.count())
            .select_from(membership.join(person, person.c.id == membership.c.person_id))
            .where(membership.c.group_id == person_group.c.id, ~person.c.deleted)
        )
        query = sa.select(person_group, inside.scalar_subquery().label("people"))
        return tuple(map(_group, self._c.execute(query.order_by(person_group.c.name_key))))

    def get(self, group_id: int) -> Group:
        """Raises NotFound."""
        found = next((group for group in self.all() if group.id == group_id), None)
        if found is None:
            raise NotFound(f"there is no group {group_id} (any more)")
        return found

    def add(self, name: str) -> Group:
        """Raises Conflict when the name is taken (case aside), ValueError for one that cannot be."""
        name, key = _name(name)
        with unique(lambda: _taken(name)):
            group_id = self._insert(person_group, name=name, name_key=key, created_at=self._now)
        return Group(group_id, name, 0)

    def rename(self, group_id: int, name: str) -> Group:
        """Raises as `add`, and NotFound."""
        name, key = _name(name)
        statement = sa.update(person_group).where(person_group.c.id == group_id)
        with unique(lambda: _taken(name)):
            self._c.execute(statement.values(name=name, name_key=key))
        return self.get(group_id)

    def remove(self, group_id: int) -> None:
        """The group goes; its people stay on file."""
        self._c.execute(sa.delete(membership).where(membership.c.group_id == group_id))
        if not self._c.execute(sa.delete(person_group).where(person_group.c.id == group_id)).rowcount:
            raise NotFound(f"there is no group {group_id} (any more)")

    def of(self, person_id: int) -> tuple[int, ...]:
        """The groups that somebody is in."""
        query = sa.select(membership.c.group_id).where(membership.c.person_id == person_id)
        return tuple(self._c.execute(query.order_by(membership.c.group_id)).scalars())

    def count_within(self, person_ids: Sequence[int]) -> dict[int, int]:
        """Group -> how many of these people are in it; groups that none is in are left out."""
        counts: dict[int, int] = {}
        for part in chunks(list(person_ids)):
            query = sa.select(membership.c.group_id, sa.func.count().label("n"))
            query = query.where(membership.c.person_id.in_(part)).group_by(membership.c.group_id)
            for row in self._c.execute(query):
                counts[row.group_id] = counts.get(row.group_id, 0) + int(row.n)
        return counts

    def put(self, person_ids: Sequence[int], group_id: int) -> tuple[int, ...]:
        """Puts people into a group; returns those who were not in it before.

        Raises NotFound when the group is gone.
        """
        self.get(group_id)
        added: list[int] = []
        for part in chunks(list(person_ids)):
            there = self._members(part, group_id)
            new = [each for each in part if each not in there]
            self._insert_all(membership, [{"person_id": each, "group_id": group_id} for each in new])
            added += new
        return tuple(added)

    def take(self, person_ids: Sequence[int], group_id: int) -> tuple[int, ...]:
        """Takes people out of a group; returns those who were in it."""
        gone: list[int] = []
        for part in chunks(list(person_ids)):
            gone += sorted(self._members(part, group_id))
            inside = sa.and_(membership.c.group_id == group_id, membership.c.person_id.in_(part))
            self._c.execute(sa.delete(membership).where(inside))
        return tuple(gone)

    def _members(self, part: Sequence[int], group_id: int) -> set[int]:
        query = sa.select(membership.c.person_id).where(membership.c.group_id == group_id)
        return set(self._c.execute(query.where(membership.c.person_id.in_(part))).scalars())


def _name(name: str) -> tuple[str, str]:
    name = name.strip()
    if not name or len(name) > NAME_MAX:
        raise ValueError(
            f"expected a name of 1 to {NAME_MAX} characters for a group, got {len(name)}; write another one"
        )
    return name, folded(name)[:NAME_MAX]


def _taken(name: str) -> Conflict:
    return Conflict(f"a group called {name!r} exists already; choose another name")


def _group(row: sa.Row[Any]) -> Group:
    return Group(row.id, row.name, row.people)
