"""Groups: who is in which, found by it, and nobody is lost when a group goes."""

from datetime import date, timedelta

import pytest

from facekd_db.errors import Conflict, NotFound
from facekd_db.records import PersonFields, PersonFilter, PersonSort, Sighting
from facekd_db.store import Store


def test_people_are_put_into_groups_and_taken_out_again(store: Store) -> None:
    with store.transaction() as t:
        ada, bea = (t.people.add(PersonFields(name)).id for name in ("Ada", "Bea"))
        staff, night = t.groups.add("Staff"), t.groups.add(" Night shift ")
        assert t.groups.put([ada, bea], staff.id) == (ada, bea)
        assert t.groups.put([ada, bea], staff.id) == ()  # they are in it already
        assert t.groups.put([ada], night.id) == (ada,)
        assert t.groups.take([ada, bea], night.id) == (ada,)
        t.groups.put([bea], night.id)
        assert t.groups.count_within([ada, bea]) == {staff.id: 2, night.id: 1}
    with store.reading() as t:
        assert [(each.name, each.people) for each in t.groups.all()] == [("Night shift", 1), ("Staff", 2)]
        assert [row.groups for row in t.people.page()] == [("Staff",), ("Night shift", "Staff")]
        assert [row.person.name for row in t.people.page(PersonFilter(group_id=night.id))] == ["Bea"]
        assert t.people.count(PersonFilter(group_id=staff.id)) == 2


def test_names_of_groups_are_unique_whatever_their_case_and_may_change(store: Store) -> None:
    with store.transaction() as t:
        staff = t.groups.add("Staff")
        with pytest.raises(Conflict, match="a group called 'STAFF' exists already"):
            t.groups.add("STAFF")
        with pytest.raises(ValueError, match="1 to 100 characters"):
            t.groups.add("  ")
        assert t.groups.rename(staff.id, "STAFF").name == "STAFF"  # its own name in another case
    with store.transaction() as t, pytest.raises(NotFound):
        t.groups.rename(99, "x")


def test_a_group_that_goes_leaves_its_people_on_file(store: Store) -> None:
    with store.transaction() as t:
        ada = t.people.add(PersonFields("Ada")).id
        staff = t.groups.add("Staff")
        t.groups.put([ada], staff.id)
        t.groups.remove(staff.id)
        with pytest.raises(NotFound):
            t.groups.put([ada], staff.id)
    with store.reading() as t:
        assert t.groups.all() == ()
        assert [row.groups for row in t.people.page()] == [()]


def test_a_deleted_person_does_not_count_and_an_erased_one_leaves_no_trace_in_a_group(store: Store) -> None:
    with store.transaction() as t:
        ada = t.people.add(PersonFields("Ada"))
        staff = t.groups.add("Staff")
        t.groups.put([ada.id], staff.id)
        t.people.delete(ada.id, ada.version, t.now)
        assert t.groups.get(staff.id).people == 0
        t.erasures.erase(ada.id, "request")
        assert t.groups.take([ada.id], staff.id) == ()


def test_filters_narrow_by_consent_and_by_the_day_on_which_somebody_is_valid(store: Store) -> None:
    with store.transaction() as t:
        days = {
            "no end": (None, None),
            "over": (None, date(2026, 3, 1)),
            "last day": (None, date(2026, 3, 2)),
            "to come": (date(2026, 3, 3), None),
        }
        ids = {
            name: t.people.add(PersonFields(name, valid_from=first, valid_until=last)).id
            for name, (first, last) in days.items()
        }
        text = t.consents.text("en", "I agree.")
        t.consents.give(ids["over"], text.id, given_by="over", given_at=t.now)
        t.consents.give(ids["to come"], text.id, given_by="to come", given_at=t.now)
        t.consents.withdraw(ids["to come"])

    def names(which: PersonFilter) -> list[str]:
        with store.reading() as t:
            found = [row.person.name for row in t.people.page(which)]
            assert t.people.count(which) == len(found)
            return found

    assert names(PersonFilter(valid_on=date(2026, 3, 2))) == ["last day", "no end"]
    assert names(PersonFilter(consented=True)) == ["over"]
    assert names(PersonFilter(consented=False)) == ["last day", "no end", "to come"]
    assert names(PersonFilter("o", consented=False)) == ["no end", "to come"]


def test_ids_come_with_versions_in_the_order_of_the_table(store: Store) -> None:
    with store.transaction() as t:
        people = [t.people.add(PersonFields(name, department=name[0])) for name in ("Bo", "Al", "Cy")]
        changed = t.people.change(people[0].id, people[0].fields, people[0].version)
        expected = [(people[1].id, 1), (changed.id, 2), (people[2].id, 1)]
        assert list(t.people.ids()) == expected
        assert list(t.people.ids(sort=PersonSort.DEPARTMENT, descending=True)) == expected[::-1]
        assert list(t.people.ids("cy")) == expected[2:]
        assert list(t.people.ids(limit=1, offset=1)) == expected[1:2]


def test_the_table_says_when_and_where_somebody_was_seen_last_and_sorts_by_it(store: Store) -> None:
    with store.transaction() as t:
        people = [t.people.add(PersonFields(name)).id for name in ("Ada", "Bea", "Cleo")]
        doors = [t.cameras.add(name, "device", str(n)).id for n, name in enumerate(("Front", "Back"))]
        hour = timedelta(hours=1)
        seen = [(people[1], doors[0], 3), (people[0], doors[0], 2), (people[0], doors[1], 1)]
        t.events.record(
            "a" * 32,
            [Sighting(t.now - ago * hour, door, "known", "t", who, 0.9) for who, door, ago in seen],
        )
    with store.reading() as t:
        rows = {row.person.name: (row.last_seen, row.last_camera) for row in t.people.page()}
        assert rows == {"Ada": (t.now - hour, "Back"), "Bea": (t.now - 3 * hour, "Front"), "Cleo": (None, "")}
        for descending, expected in ((False, ["Cleo", "Bea", "Ada"]), (True, ["Ada", "Bea", "Cleo"])):
            page = t.people.page(sort=PersonSort.SEEN, descending=descending)
            assert [row.person.name for row in page] == expected
        assert [row.person.name for row in t.people.page("e", sort=PersonSort.SEEN)] == ["Cleo", "Bea"]


def test_consent_is_given_withdrawn_or_was_never_asked_for(store: Store) -> None:
    with store.transaction() as t:
        ids = {name: t.people.add(PersonFields(name)).id for name in ("given", "never", "withdrawn")}
        text = t.consents.text("en", "I agree.")
        for name in ("given", "withdrawn"):
            t.consents.give(ids[name], text.id, given_by=name, given_at=t.now)
        t.consents.withdraw(ids["withdrawn"])
        found = {row.person.name: (row.consented, row.withdrawn) for row in t.people.page()}
    assert found == {"given": (True, False), "never": (False, False), "withdrawn": (False, True)}
