"""The same act for many people: done for those who are as they were read, others are named and left alone."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from facekd_db.records import Person, PersonFields, PersonFilter
from facekd_ui.services import crowd
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.people import GivenConsent

Versioned = tuple[int, int]


@pytest.fixture
def three(desk: Desk) -> list[Person]:
    """Ada, Bea and Cleo, each in a department of her own."""
    with desk.store.transaction() as t:
        return [
            t.people.add(PersonFields(name, f"C-{name}", f"{name}land")) for name in ("Ada", "Bea", "Cleo")
        ]


def read(people: list[Person]) -> list[Versioned]:
    return [(person.id, person.version) for person in people]


class StopsAfter:
    """A watch that cancels once so many were done."""

    def __init__(self, most: int) -> None:
        self._most, self.told = most, 0

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        del total, refused
        self.told = done

    def cancelled(self) -> bool:
        return self.told >= self._most


def test_many_are_deleted_and_brought_back(operator: Services, desk: Desk, three: list[Person]) -> None:
    what = operator.crowd.deletion(read(three))
    assert (what.people, what.photos, what.events) == (3, 0, 0)
    assert what.undo_until == desk.store.now() + timedelta(days=30)
    gone = operator.crowd.delete(read(three))
    assert [key for key, _ in gone.done] == [person.id for person in three]
    assert operator.people.count() == 0
    assert operator.people.count(PersonFilter(deleted=True)) == 3
    assert operator.crowd.restore(gone.done).refused == ()
    assert operator.people.count() == 3


def test_whoever_was_changed_meanwhile_is_left_and_named(
    operator: Services, admin: Services, three: list[Person]
) -> None:
    admin.people.change(three[1].id, PersonFields("Bea B."), three[1].version)
    outcome = operator.crowd.delete(read(three))
    assert [key for key, _ in outcome.done] == [three[0].id, three[2].id]
    (why,) = outcome.refused
    assert "Bea B. was changed by Ada" in str(why)  # the administrator's account is called so
    assert [row.person.name for row in operator.people.page()] == ["Bea B."]


def test_all_get_one_department_and_validity_and_everything_else_stays(
    operator: Services, desk: Desk, three: list[Person]
) -> None:
    revision = desk.gallery.current().revision
    until = date(2027, 1, 31)
    outcome = operator.crowd.change(read(three), {"department": "Night", "valid_until": until})
    found = [row.person.fields for row in operator.people.page()]
    assert [(each.department, each.valid_until) for each in found] == [("Night", until)] * 3
    assert [(each.name, each.code) for each in found] == [
        (person.fields.name, person.fields.code) for person in three
    ]
    assert desk.gallery.current().revision > revision  # validity is what recognition must see
    operator.crowd.change_back(outcome)
    assert [row.person.fields for row in operator.people.page()] == [person.fields for person in three]


def test_what_belongs_to_one_person_is_not_given_to_many(operator: Services, three: list[Person]) -> None:
    with pytest.raises(ValueError, match="many people can share, got code"):
        operator.crowd.change(read(three), {"code": "X"})


def test_groups_tell_who_really_moved(operator: Services, three: list[Person]) -> None:
    staff = operator.groups.add("Staff")
    first = operator.crowd.put_into(read(three)[:1], staff.id)
    more = operator.crowd.put_into(read(three), staff.id)
    assert [[key for key, _ in each.done] for each in (first, more)] == [
        [three[0].id],
        [three[1].id, three[2].id],
    ]
    assert operator.groups.within([person.id for person in three]) == {staff.id: 3}
    assert [key for key, _ in operator.crowd.take_out(more.done, staff.id).done] == [three[1].id, three[2].id]
    assert operator.people.page(PersonFilter(group_id=staff.id))[0].person.id == three[0].id
    operator.groups.remove(staff.id)
    assert operator.people.count() == 3


def test_a_consent_of_many_is_given_by_each(operator: Services, three: list[Person]) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    operator.crowd.give_consent(read(three), GivenConsent("en", "We agree.", "", moment))
    given = [operator.people.get(person.id).consents[0].given_by for person in three]
    assert given == ["Ada", "Bea", "Cleo"]


def test_a_long_job_is_told_and_stops_between_two_transactions(
    operator: Services, three: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "STEP", 1)
    watch = StopsAfter(2)
    outcome = operator.crowd.delete(read(three), watch)
    assert [key for key, _ in outcome.done] == [three[0].id, three[1].id]
    assert operator.people.count() == 1


def test_each_act_stands_in_the_audit_log(operator: Services, desk: Desk, three: list[Person]) -> None:
    staff = operator.groups.add("Staff")
    operator.crowd.put_into(read(three), staff.id)
    operator.crowd.delete(read(three))
    with desk.store.reading() as t:
        acts = [(row.act, row.subject, row.operator) for row in t.audit.page(limit=7)]
        assert t.audit.verify().broken is None
    subjects = [f"person:{person.id}" for person in three]
    assert acts == [
        *(("person.delete", subject, "Olga") for subject in reversed(subjects)),
        *(("person.join", subject, "Olga") for subject in reversed(subjects)),
        ("group.add", f"group:{staff.id}", "Olga"),
    ]


def test_a_list_of_people_is_safe_to_open_and_in_the_order_that_was_asked_for(
    operator: Services, desk: Desk, three: list[Person], tmp_path: Path
) -> None:
    with desk.store.transaction() as t:
        evil = t.people.add(PersonFields("=HYPERLINK(1)"))
        t.groups.put([three[0].id], t.groups.add("Staff").id)
    path = tmp_path / "people.csv"
    people = read([evil, three[2], three[0]])
    assert operator.crowd.export(path, people) == 3
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1)", "Cleo", "Ada"]
    assert (rows[2]["department"], rows[2]["groups"], rows[2]["consent"]) == ("Adaland", "Staff", "none")
    with pytest.raises(Invalid, match=r"\.csv, \.xlsx"):
        operator.crowd.export(tmp_path / "people.txt", people)


def test_cancelling_an_export_leaves_no_file(operator: Services, three: list[Person], tmp_path: Path) -> None:
    assert operator.crowd.export(tmp_path / "people.csv", read(three), StopsAfter(0)) == 0
    assert list(tmp_path.glob("people*")) == []
