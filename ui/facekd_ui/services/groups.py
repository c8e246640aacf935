"""Groups of people: what an organisation sorts them by, such as staff, night shift, visitors."""

from collections.abc import Sequence

from facekd_db.records import Group
from facekd_db.store import Tables
from facekd_ui.services.base import Service


class Groups(Service):
    """Who is in which is changed by `crowd.put_into` and `crowd.take_out`, for one person as for many."""

    name = "groups"

    def all(self) -> tuple[Group, ...]:
        """Every group by name, with how many are in it."""
        with self._store.reading() as t:
            return t.groups.all()

    def within(self, person_ids: Sequence[int]) -> dict[int, int]:
        """Group -> how many of these people are in it; groups that none is in are left out."""
        with self._store.reading() as t:
            return t.groups.count_within(person_ids)

    def add(self, name: str) -> Group:
        """A new one. Raises Conflict when the name is taken, Invalid for one that cannot be."""

        def add(t: Tables) -> Group:
            group = t.groups.add(name)
            self._audit(t, "group.add", f"group:{group.id}")
            return group

        return self._write(add)

    def rename(self, group_id: int, name: str) -> Group:
        """Another name. Raises as `add`, and NotFound."""

        def rename(t: Tables) -> Group:
            group = t.groups.rename(group_id, name)
            self._audit(t, "group.rename", f"group:{group_id}")
            return group

        return self._write(rename)

    def remove(self, group_id: int) -> None:
        """The group goes, its people stay on file. Raises NotFound."""

        def remove(t: Tables) -> None:
            t.groups.remove(group_id)
            self._audit(t, "group.remove", f"group:{group_id}")

        self._write(remove)
