"""People: what is stored comes back, changes do not overwrite each other, and 100,000 of them stay quick."""

import time
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from facekd_db.columns import folded
from facekd_db.errors import Conflict, NotFound
from facekd_db.records import Person, PersonFields, PersonFilter, PersonSort, Role, Sighting
from facekd_db.schema import person
from facekd_db.store import Store

HOSTILE = [
    "O'Brien",
    '"; DROP TABLE person; --',
    "%",
    "_",
    "a\\b",
    "100 %_\\'",
    "李小龙",
    "Zoë Müller-Çelik",
    "👩🏽‍🚀 astronaut",
    "𠜎𠜱",
    "مرحبا",
    "line\nbreak",
    "tab\there",
    "{{7*7}} ${x} %s %(a)s :name ?",
    "!wow!",
    "ﬀ ligature",
]


def test_what_was_added_is_what_comes_back(store: Store) -> None:
    fields = PersonFields("Ada", "A-1", "Engines", "first\nsecond", date(2026, 1, 2), date(2027, 1, 2))
    with store.transaction() as t:
        added = t.people.add(fields)
    with store.reading() as t:
        assert t.people.get(added.id) == added
    assert added.fields == fields
    assert (added.version, added.created_at, added.deleted_at) == (1, store.now(), None)


def test_hostile_names_come_back_and_are_found_and_nothing_else_is(store: Store) -> None:
    with store.transaction() as t:
        ids = {name: t.people.add(PersonFields(name)).id for name in HOSTILE}
    with store.reading() as t:
        for name, key in ids.items():
            assert t.people.get(key).name == name
            assert [each.id for each in t.people.named(name)] == [key]
            # The same question asked in Python.
            expected = {other for other in HOSTILE if folded(name) in folded(other)}
            assert {each.person.name for each in t.people.page(name)} == expected
            assert t.people.count(name) == len(expected)


def test_case_and_width_do_not_matter_when_searching(store: Store) -> None:
    with store.transaction() as t:
        t.people.add(PersonFields("Straße ADA", code="X-9", department="Küche"))
    with store.reading() as t:
        for text in ("strasse", "ada", "\uff21\uff24\uff21", "x-9", "KÜCHE"):
            assert t.people.count(text) == 1, text
        assert t.people.count("nobody") == 0


def test_namesakes_exist_and_codes_are_unique(store: Store) -> None:
    def again() -> None:
        with store.transaction() as t:
            t.people.add(PersonFields("Bea", code="7"))

    with store.transaction() as t:
        t.people.add(PersonFields("Ada", code="7"))
        t.people.add(PersonFields("Ada", code="8"))
        t.people.add(PersonFields("Ada"))
        t.people.add(PersonFields("Ada"))
    with pytest.raises(Conflict, match="the code '7' belongs to another person; give Bea another one"):
        again()
    with store.reading() as t:
        assert len(t.people.named("ada")) == 4
        assert t.people.with_code("8") is not None


def test_after_a_conflict_the_transaction_can_go_on(store: Store) -> None:
    with store.transaction() as t:
        t.people.add(PersonFields("Ada", code="7"))
        with pytest.raises(Conflict):
            t.people.add(PersonFields("Bea", code="7"))
        t.people.add(PersonFields("Bea", code="8"))
    with store.reading() as t:
        assert t.people.count() == 2


def test_the_second_of_two_changes_is_told_who_was_first(
    store: Store, open_store: Callable[[], Store]
) -> None:
    with store.transaction() as t:
        bob = t.operators.add("bob", Role.OPERATOR, "hash")
        ada = t.people.add(PersonFields("Ada"))
    with open_store().transaction() as t:
        t.people.change(ada.id, PersonFields("Ada Lovelace"), ada.version, by=bob.id)

    def late() -> Person:
        with store.transaction() as t:
            return t.people.change(ada.id, PersonFields("Ada King"), ada.version)

    with pytest.raises(
        Conflict, match=r"Ada Lovelace was changed by bob at 2026-03-29 00:30:00 UTC \(version 2; you"
    ):
        late()
    with store.reading() as t:
        assert t.people.get(ada.id).name == "Ada Lovelace"


def test_of_changes_that_race_exactly_one_wins(store: Store, open_store: Callable[[], Store]) -> None:
    other = open_store()
    with store.transaction() as t:
        ada = t.people.add(PersonFields("0"))
    won = 0
    for turn in range(20):
        with store.reading() as t:
            version = t.people.get(ada.id).version
        for mine in (store, other):
            try:
                mine.run(lambda t, v=version, n=str(turn): t.people.change(ada.id, PersonFields(n), v))
                won += 1
            except Conflict:
                continue
    with store.reading() as t:
        assert (won, t.people.get(ada.id).version) == (20, 21)


def test_changing_somebody_who_is_gone_says_so(store: Store) -> None:
    with store.transaction() as t, pytest.raises(NotFound, match="there is no person 99"):
        t.people.change(99, PersonFields("Ada"), 1)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (PersonFields("  "), "expected a name, got none"),
        (PersonFields("x" * 201), "a name of at most 200 characters, got 201"),
        (PersonFields("Ada", code="x" * 101), "a code of at most 100 characters, got 101"),
        (
            PersonFields("Ada", valid_from=date(2026, 2, 2), valid_until=date(2026, 2, 1)),
            "2026-02-02 to 2026-02-01",
        ),
    ],
)
def test_fields_that_cannot_be_are_refused(store: Store, fields: PersonFields, what: str) -> None:
    with store.transaction() as t, pytest.raises(ValueError, match=what):
        t.people.add(fields)


def test_a_name_of_200_letters_of_any_kind_fits(store: Store) -> None:
    with store.transaction() as t:
        for name in ("x" * 200, "👩" * 200, "ß" * 200):  # the last one doubles when it is folded
            assert t.people.add(PersonFields(name, department=name)).name == name


def test_deleting_hides_restoring_brings_back_and_time_makes_it_due(
    store: Store, clock: Callable[..., object]
) -> None:
    with store.transaction() as t:
        ada, bea = t.people.add(PersonFields("Ada")), t.people.add(PersonFields("Bea"))
        until = t.now + timedelta(days=30)
        gone = t.people.delete(ada.id, ada.version, until)
        t.people.delete(bea.id, bea.version, until)
        assert (t.people.count(), t.people.count(PersonFilter(deleted=True)), t.people.named("Ada")) == (
            0,
            2,
            (),
        )
        back = t.people.restore(ada.id, gone.version)
        assert (back.deleted_at, back.erase_after, t.people.count()) == (None, None, 1)
        assert t.people.due_for_erasure() == ()
    clock.on(days=30)  # type: ignore[attr-defined]
    with store.transaction() as t:
        assert t.people.due_for_erasure() == (bea.id,)
        t.people.hold(bea.id, True, t.people.get(bea.id).version)
        assert t.people.due_for_erasure() == ()


def test_a_page_shows_photographs_consent_and_when_somebody_was_last_seen(
    store: Store, enrol: Callable[..., Person]
) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        t.crops.add(ada.id, b"png", source="camera")
        t.crops.add(ada.id, b"png", source="camera", rejects=True)
        text = t.consents.text("en", "I agree.")
        t.consents.give(ada.id, text.id, given_by="Ada", given_at=t.now)
        camera = t.cameras.add("door", "device", "0")
        t.events.record("a" * 32, [Sighting(t.now, camera.id, "known", "t", bea.id, 0.9)])
        first, second = t.people.page()
    assert (first.person.name, first.crops, first.consented, first.last_seen) == ("Ada", 2, True, None)
    assert (second.person.name, second.crops, second.consented, second.last_seen) == (
        "Bea",
        1,
        False,
        store.now(),
    )
    with store.reading() as t:
        assert first.crop_id is not None
        assert t.crops.get(first.crop_id).person_id == ada.id


def test_every_column_sorts_both_ways_and_pages_do_not_overlap(
    store: Store, clock: Callable[..., object]
) -> None:
    names = ["bea", "Ada", "Čapek", "李", "ada", "Zoë"]
    for number, name in enumerate(names):
        clock.on(seconds=1)  # type: ignore[attr-defined]
        with store.transaction() as t:
            t.people.add(PersonFields(name, code=f"{9 - number}", department="xy"[number % 2]))
    with store.reading() as t:
        everyone = [each.person for each in t.people.page(limit=100)]
        keys: dict[PersonSort, Callable[[Person], object]] = {
            PersonSort.NAME: lambda p: (folded(p.name), p.id),
            PersonSort.CODE: lambda p: (p.fields.code, p.id),
            PersonSort.DEPARTMENT: lambda p: (p.fields.department, p.id),
            PersonSort.CREATED: lambda p: (p.created_at, p.id),
            PersonSort.UPDATED: lambda p: (p.updated_at, p.id),
        }
        for sort, key in keys.items():
            for descending in (False, True):
                expected = sorted(everyone, key=key, reverse=descending)  # type: ignore[arg-type]
                pages = [
                    t.people.page(sort=sort, descending=descending, limit=2, offset=n) for n in (0, 2, 4, 6)
                ]
                assert [each.person for page in pages for each in page] == expected
        assert t.people.departments() == ("x", "y")
        assert t.people.count(PersonFilter(department="x")) == 3


def test_consent_keeps_who_when_and_which_text(store: Store, clock: Callable[..., object]) -> None:
    with store.transaction() as t:
        ada = t.people.add(PersonFields("Ada"))
        text = t.consents.text("en", "I agree.")
        assert t.consents.text("en", "I agree.") == text
        assert t.consents.text("en", "I agree!").id != text.id
        given = t.consents.give(ada.id, text.id, given_by="her mother", given_at=t.now - timedelta(days=1))
    clock.on(days=2)  # type: ignore[attr-defined]
    with store.transaction() as t:
        assert t.consents.withdraw(ada.id, "training") == 0
        assert t.consents.withdraw(ada.id) == 1
        (after,) = t.consents.of(ada.id)
    assert (given.given_by, given.purpose, given.withdrawn_at) == ("her mother", "recognition", None)
    assert after.withdrawn_at == store.now()


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")  # as it should
def test_a_hundred_thousand_people_are_paged_and_searched_in_time(store: Store) -> None:
    digits = [
        sa.union_all(*(sa.select(sa.literal(n).label("n")) for n in range(10))).subquery(f"digit{place}")
        for place in range(5)
    ]
    number = sum((each.c.n * 10**place for place, each in enumerate(digits)), sa.literal(100_000))
    shuffled = sa.cast(number * 7919 % 100_000 + 100_000, sa.String(6))
    code, department = (
        sa.cast(number, sa.String(6)),
        sa.literal("department ") + sa.cast(number % 40, sa.String(2)),
    )
    columns: dict[str, sa.ColumnElement[object]] = {
        "name": sa.literal("Person ") + shuffled + " Müller",
        "name_key": sa.literal("person ") + shuffled + " müller",
        "code": code,
        "department": department,
        "note": sa.literal(""),
        "search": sa.literal("person ") + shuffled + " müller\n" + code + "\n" + department,
        "version": sa.literal(1),
        "created_at": sa.literal(store.now(), person.c.created_at.type),
        "updated_at": sa.literal(store.now(), person.c.created_at.type),
        "deleted": sa.false(),
        "on_hold": sa.false(),
    }
    with store.transaction() as t:
        everybody = sa.select(*columns.values()).select_from(*digits)
        t.connection.execute(sa.insert(person).from_select(list(columns), everybody))
    with store.reading() as t:
        t.people.page()
        measured = {}
        for what, ask in {
            "first page": lambda: t.people.page(limit=50),
            "last page": lambda: t.people.page(limit=50, offset=99_950),
            "by department, descending": lambda: t.people.page(sort=PersonSort.DEPARTMENT, descending=True),
            "search": lambda: t.people.page("103141", limit=50),
            "count": lambda: t.people.count(),
        }.items():
            times = []
            for _ in range(5):
                start_s = time.perf_counter()
                ask()
                times.append(time.perf_counter() - start_s)
            measured[what] = min(times) * 1000
        found = t.people.page("person 103141")
        assert t.people.count() == 100_000
    assert [each.person.name for each in found] == ["Person 103141 Müller"]
    # Goals: first screen 200 ms, a search 100 ms. Others work on this machine while tests run: twice as much here.
    limits = {what: 200 if what == "search" else 400 for what in measured}
    assert all(measured[what] < limits[what] for what in measured), measured
