"""Two records of one person: everything changes hands, can be given back, and goes with the person for good."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.errors import Conflict, NotFound
from facekd_db.records import (
    EventFilter,
    NewTemplate,
    Person,
    PersonFields,
    PersonFilter,
    Role,
    Sighting,
)
from facekd_db.schema import merge_item, person_merge
from facekd_db.store import Store, Tables

MODEL = "ab" * 32
Faces = tuple[Callable[[int], bytes], Callable[[int], bytes]]
Pair = tuple[Person, Person]


@pytest.fixture
def pair(store: Store, enrol: Callable[..., Person]) -> Pair:
    """Ada twice: each record with a photograph, a consent, a group and an event with a picture."""
    first = enrol(store, "Ada", 1, code="A-1", department="Engines")
    second = enrol(store, "Ada Lovelace", 2, code="A-2", note="the same?")
    with store.transaction() as t:
        camera = t.cameras.add("door", "device", "0")
        text = t.consents.text("en", "I agree.")
        both, own = t.groups.add("Both"), t.groups.add("Second only")
        for person in (first, second):
            t.consents.give(person.id, text.id, given_by=person.name, given_at=t.now)
            t.groups.put([person.id], both.id)
        t.groups.put([second.id], own.id)
        t.events.record(
            "a" * 32,
            [
                Sighting(t.now, camera.id, "known", f"t{p.id}", p.id, 0.9, f"face of {p.id}".encode())
                for p in (first, second)
            ],
        )
    return first, second


def merge(store: Store, pair: Pair, fields: PersonFields | None = None, **more: object) -> Person:
    kept, absorbed = pair
    with store.transaction() as t:
        return t.merges.merge(
            (kept.id, kept.version),
            (absorbed.id, absorbed.version),
            fields or kept.fields,
            t.now + timedelta(days=30),
            **more,  # type: ignore[arg-type]
        )


def held(t: Tables, person_id: int) -> dict[str, object]:
    """Everything that somebody has, opened."""
    return {
        "photos": sorted(each.image for each in t.crops.of(person_id).rows),
        "rejects": sorted(each.image for each in t.crops.of(person_id, rejects=True).rows),
        "vectors": sorted((each.vector, each.rejects) for each in t.templates.of(person_id).rows),
        "consents": sorted(each.given_by for each in t.consents.of(person_id)),
        "groups": t.people.summaries([person_id])[0].groups,
        "events": sorted(
            t.events.image(each.id) or b"" for each in t.events.page(EventFilter(person_id=person_id))
        ),
    }


def test_the_kept_record_holds_everything_of_both_and_the_other_one_is_gone_from_the_table(
    store: Store, pair: Pair, face: Faces
) -> None:
    first, second = pair
    picture, vector = face
    kept = merge(store, pair, replace(first.fields, name="Ada Lovelace", code="A-2"))
    with store.reading() as t:
        assert held(t, first.id) == {
            "photos": sorted([picture(1), picture(2)]),
            "rejects": [],
            "vectors": sorted([(vector(1), False), (vector(2), False)]),
            "consents": ["Ada", "Ada Lovelace"],
            "groups": ("Both", "Second only"),
            "events": sorted([f"face of {first.id}".encode(), f"face of {second.id}".encode()]),
        }
        assert [row.person for row in t.people.page()] == [kept]
        assert (kept.fields.name, kept.fields.code, kept.fields.department) == (
            "Ada Lovelace",
            "A-2",
            "Engines",
        )
        gallery = t.templates.gallery(MODEL).rows
        assert {row.person_id for row in gallery} == {first.id}
        (noted,) = t.merges.of(first.id)
        assert (noted.absorbed_id, noted.absorbed, noted.undo_until) == (
            second.id,
            "Ada Lovelace",
            store.now() + timedelta(days=30),
        )
        assert t.merges.into(second.id) == noted


def test_undo_gives_each_thing_back_to_whom_it_belonged(store: Store, pair: Pair) -> None:
    first, second = pair
    with store.reading() as t:
        before = [held(t, each.id) for each in pair]
    merge(store, pair, replace(first.fields, name="Ada Lovelace", code="A-2"))
    with store.transaction() as t:
        deleted = t.people.get(second.id)
        kept, absorbed = t.merges.undo(second.id, deleted.version)
    with store.reading() as t:
        assert [held(t, each.id) for each in pair] == before
        assert (kept.fields, absorbed.fields, absorbed.deleted_at) == (first.fields, second.fields, None)
        assert t.people.count() == 2
        for table in (person_merge, merge_item):
            assert t.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
        with pytest.raises(NotFound, match="not merged into anybody"):
            t.merges.undo(second.id, absorbed.version)


def test_what_came_or_was_changed_since_the_merge_stays_with_the_kept_record(
    store: Store, pair: Pair, face: Faces
) -> None:
    first, second = pair
    picture, vector = face
    kept = merge(store, pair, replace(first.fields, name="Ada Lovelace", note="both"))
    with store.transaction() as t:
        crop = t.crops.add(first.id, picture(3), source="file")
        t.templates.add([NewTemplate(first.id, MODEL, 4, vector(3), crop)])
        t.people.change(first.id, replace(kept.fields, note="written since"), kept.version)
        gone = min(each.id for each in t.crops.of(first.id).rows if each.image == picture(2))
        t.crops.remove([gone])  # a photograph that came from the other record was removed
    with store.transaction() as t:
        after, absorbed = t.merges.undo(second.id, t.people.get(second.id).version)
        assert (after.fields.name, after.fields.note) == ("Ada", "written since")
        assert held(t, first.id)["photos"] == sorted([picture(1), picture(3)])
        assert held(t, absorbed.id)["photos"] == []


def test_templates_of_a_newer_model_go_back_with_their_photographs(
    store: Store, pair: Pair, face: Faces
) -> None:
    first, second = pair
    merge(store, pair)
    with store.transaction() as t:
        t.models.add("cd" * 32, name="newer", kind="embedder", dim=4, card="")
        for crop in t.crops.of(first.id).rows:
            t.templates.add([NewTemplate(first.id, "cd" * 32, 4, face[1](9), crop.id)])
    with store.transaction() as t:
        t.merges.undo(second.id, t.people.get(second.id).version)
        assert len(t.templates.of(first.id, "cd" * 32).rows) == 1
        assert len(t.templates.of(second.id, "cd" * 32).rows) == 1


def test_memories_that_speak_against_the_merge_are_laid_aside_and_the_others_come_along(
    store: Store, pair: Pair, face: Faces
) -> None:
    first, second = pair
    picture, vector = face
    with store.transaction() as t:

        def reject(person_id: int, seed: int) -> int:
            crop = t.crops.add(person_id, picture(seed), source="rejection", rejects=True)
            t.templates.add([NewTemplate(person_id, MODEL, 4, vector(seed), crop, rejects=True)])
            return crop

        stranger = reject(second.id, 10)
        against = [reject(first.id, 11), reject(second.id, 12)]
    with store.reading() as t:
        before = [held(t, each.id) for each in pair]
    merge(store, pair, contrary=against)
    with store.reading() as t:
        assert [each.id for each in t.crops.of(first.id, rejects=True).rows] == [stranger]
        assert {each.id for each in t.crops.of(second.id, rejects=True).rows} == set(against)
    with store.transaction() as t:
        t.merges.undo(second.id, t.people.get(second.id).version)
        assert [held(t, each.id) for each in pair] == before


def test_a_change_at_another_desk_is_named_and_nothing_is_merged(store: Store, pair: Pair) -> None:
    first, second = pair
    with store.transaction() as t:
        lea = t.operators.add("lea", Role.OPERATOR, "hash")
        t.people.change(second.id, replace(second.fields, note="hers"), second.version, lea.id)
    with pytest.raises(Conflict, match="Ada Lovelace was changed by lea"):
        merge(store, pair)
    with store.reading() as t:
        assert t.people.count() == 2
        assert t.merges.of(first.id) == ()


@pytest.mark.parametrize("which", [0, 1])
def test_whoever_is_deleted_or_on_hold_is_not_merged(store: Store, pair: Pair, which: int) -> None:
    one = pair[which]
    with store.transaction() as t:
        held_ = t.people.hold(one.id, True, one.version)
    with pytest.raises(Conflict, match="is on legal hold"):
        merge(store, (held_, pair[1]) if which == 0 else (pair[0], held_))
    with store.transaction() as t:
        free = t.people.hold(one.id, False, held_.version)
        gone = t.people.delete(free.id, free.version, t.now)
    with pytest.raises(Conflict, match="is deleted; bring the record back first"):
        merge(store, (gone, pair[1]) if which == 0 else (pair[0], gone))
    with pytest.raises(ValueError, match="the same one twice"):
        merge(store, (pair[0], pair[0]))


def test_a_chain_of_merges_is_taken_apart_from_its_end(
    store: Store, pair: Pair, enrol: Callable[..., Person], face: Faces
) -> None:
    first, second = pair
    third = enrol(store, "A. L.", 3)
    kept = merge(store, pair)
    merge(store, (third, kept))
    with store.transaction() as t:
        assert len(t.crops.of(third.id).rows) == 3
        with pytest.raises(Conflict, match=r"Ada was merged into A\. L\. since; take those two apart first"):
            t.merges.undo(second.id, t.people.get(second.id).version)
        t.merges.undo(first.id, t.people.get(first.id).version)
        t.merges.undo(second.id, t.people.get(second.id).version)
        assert [held(t, each)["photos"] for each in (first.id, second.id, third.id)] == [
            [face[0](n)] for n in (1, 2, 3)
        ]


def test_a_merged_record_is_not_simply_restored(store: Store, pair: Pair) -> None:
    merge(store, pair)
    with store.transaction() as t:
        deleted = t.people.get(pair[1].id)
        with pytest.raises(Conflict, match="merged into Ada; take the two apart instead"):
            t.people.restore(deleted.id, deleted.version)
        assert t.people.count(PersonFilter(deleted=True)) == 1


def test_late_sightings_of_the_absorbed_record_are_those_of_the_kept_one(
    store: Store, pair: Pair, enrol: Callable[..., Person]
) -> None:
    second = pair[1]
    third = enrol(store, "A. L.", 3)
    kept = merge(store, pair)
    merge(store, (third, kept))
    with store.transaction() as t:
        camera = t.cameras.all()[0]
        late = t.now + timedelta(hours=1)
        t.events.record("b" * 32, [Sighting(late, camera.id, "known", "t9", second.id, 0.8, b"late")])
        (newest, *_) = t.events.page(EventFilter())
        assert (newest.person_id, newest.at, t.events.image(newest.id)) == (third.id, late, b"late")


def test_erasing_the_kept_record_erases_what_was_merged_into_it(store: Store, pair: Pair) -> None:
    first, second = pair
    merge(store, pair)
    with store.transaction() as t:
        t.erasures.erase(first.id, "request")
        assert {each.person_id for each in t.erasures.all()} == {first.id, second.id}
        for each in (first.id, second.id):
            with pytest.raises(NotFound):
                t.people.get(each)
        assert t.connection.execute(sa.select(sa.func.count()).select_from(merge_item)).scalar() == 0


def test_when_its_time_is_over_the_absorbed_record_goes_and_the_faces_stay_with_the_kept_one(
    store: Store, pair: Pair, clock: Callable[..., object]
) -> None:
    first, second = pair
    merge(store, pair)
    clock.on(days=31)  # type: ignore[attr-defined]
    with store.transaction() as t:
        assert t.people.due_for_erasure() == (second.id,)
        t.erasures.erase(second.id, "retention")
        assert len(held(t, first.id)["photos"]) == 2  # type: ignore[arg-type]
        assert len(held(t, first.id)["events"]) == 2  # type: ignore[arg-type]
        assert t.merges.of(first.id) == ()


def test_withdrawn_faces_are_gone_under_both_keys(store: Store, pair: Pair) -> None:
    first, second = pair
    merge(store, pair)
    with store.transaction() as t:
        assert t.erasures.forget_face(first.id) == 2
        kept, absorbed = t.merges.undo(second.id, t.people.get(second.id).version)
        assert held(t, kept.id)["photos"] == held(t, absorbed.id)["photos"] == []


def test_after_an_erasure_neither_record_can_be_read_from_the_file(
    fresh: Callable[..., Store], enrol: Callable[..., Person], face: Faces, tmp_path: Path
) -> None:
    store = fresh("sqlite")
    store.upgrade()
    first = enrol(store, "Quillfeather Unmistakable", 1, code="CODE-Q")
    second = enrol(store, "Q. Unmistakable", 2, code="CODE-R", note="Qnote")
    merge(store, (first, second), replace(second.fields, name="Quill Unmistakable"))
    with store.transaction() as t:
        t.erasures.erase(first.id, "request")
    store.scrub()
    store.close()
    with sqlite3.connect(str(store.engine.url.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = Path(str(store.engine.url.database)).read_bytes()
    for trace in (b"nmistakable", b"CODE-Q", b"CODE-R", b"Qnote", face[0](1), face[0](2)):
        assert trace not in content
