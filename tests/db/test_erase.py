"""After an erasure nothing is left that tells who somebody was, and those who stay are as they were."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.backup import back_up, restore
from facekd_db.errors import Conflict, NotFound
from facekd_db.keys import FileKeys
from facekd_db.records import Person, PersonFields, Role, Sighting
from facekd_db.schema import data_key, metadata
from facekd_db.store import Store

MODEL = "ab" * 32
Faces = tuple[Callable[[int], bytes], Callable[[int], bytes]]


@pytest.fixture
def three(store: Store, enrol: Callable[..., Person]) -> list[Person]:
    """Ada, Bea and Cleo with codes, notes, consent and events."""
    people = [
        enrol(
            store,
            f"{name} Unmistakable",
            n,
            code=f"CODE-{name}",
            department=f"{name}land",
            note=f"{name}note",
        )
        for n, name in enumerate(("Ada", "Bea", "Cleo"))
    ]
    with store.transaction() as t:
        camera = t.cameras.add("door", "device", "0")
        text = t.consents.text("en", "I agree.")
        for person in people:
            t.consents.give(person.id, text.id, given_by=f"{person.name} herself", given_at=t.now)
        t.events.record(
            "a" * 32,
            [Sighting(t.now, camera.id, "known", f"t{p.id}", p.id, 0.9, b"event" * 50) for p in people],
        )
    return people


def traces(person: str, seed: int, face: Faces) -> list[bytes]:
    """What gives somebody away, in the forms in which it could lie in a file."""
    words = [
        f"{person} Unmistakable",
        f"CODE-{person}",
        f"{person}land",
        f"{person}note",
        f"{person} herself",
    ]
    return [form.encode() for word in words for form in (word, word.lower())] + [face[0](seed), face[1](seed)]


def everything(store: Store) -> Iterator[bytes]:
    """Every byte that the database would hand out, table by table."""
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def test_erasing_one_of_three_leaves_no_trace_of_her_and_all_of_the_others(
    store: Store, three: list[Person], face: Faces
) -> None:
    ada, bea, cleo = three
    with store.transaction() as t:
        sealed = t.connection.execute(
            sa.select(data_key.c.wrapped).where(data_key.c.person_id == bea.id)
        ).scalar_one()
        certificate = t.erasures.erase(bea.id, "request")
    store.scrub()
    dump = b"\0".join(everything(store))
    assert [trace for trace in traces("Bea", 1, face) if trace in dump] == []
    assert sealed not in dump
    assert (certificate.person_id, certificate.crops, certificate.templates, certificate.events) == (
        bea.id,
        1,
        1,
        1,
    )
    with store.reading() as t:
        assert t.erasures.all() == (certificate,)
        with pytest.raises(NotFound):
            t.people.get(bea.id)
        for seed, person in ((0, ada), (2, cleo)):
            assert t.people.get(person.id).fields == person.fields
            assert [each.image for each in t.crops.of(person.id).rows] == [face[0](seed)]
            assert [each.vector for each in t.templates.of(person.id).rows] == [face[1](seed)]
            assert len(t.consents.of(person.id)) == 1
        states = [(each.state, each.person, each.has_image) for each in t.events.page()]
    assert sorted(states, key=str) == [
        ("erased", None, False),
        ("known", "Ada Unmistakable", True),
        ("known", "Cleo Unmistakable", True),
    ]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_byte_search_over_the_database_file_finds_nothing_of_her(
    store: Store, three: list[Person], face: Faces, tmp_path: Path
) -> None:
    files = [path for path in tmp_path.iterdir() if path.name.startswith("facekd.db")]
    before = b"".join(path.read_bytes() for path in files)
    assert b"Bea Unmistakable" in before  # the search finds what is there
    with store.transaction() as t:
        sealed = [
            bytes(value)
            for table in ("crop", "template", "data_key")
            for row in t.connection.execute(
                sa.select(metadata.tables[table]).where(metadata.tables[table].c.person_id == three[1].id)
            )
            for value in row
            if isinstance(value, bytes) and len(value) > 12
        ]
        t.erasures.erase(three[1].id, "request")
    assert store.scrub()
    after = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("facekd.db"))
    assert len(sealed) == 3
    assert [trace for trace in (*traces("Bea", 1, face), *sealed) if trace in after] == []
    assert b"Ada Unmistakable" in after


@pytest.mark.parametrize("backend", ["sqlite"])
def test_scrubbing_says_when_a_reader_kept_it_from_finishing(store: Store, url: str) -> None:
    with store.transaction() as t:
        t.people.add(PersonFields("Ada"))
    reader = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM person").fetchone()
    with store.transaction() as t:
        t.people.add(PersonFields("Bea"))
    assert store.scrub() is False
    reader.close()
    assert store.scrub() is True


def test_the_faces_can_be_withdrawn_and_the_person_stays(store: Store, three: list[Person]) -> None:
    bea = three[1]
    with store.transaction() as t:
        revision = t.gallery.state().revision
        t.consents.withdraw(bea.id)
        assert t.erasures.forget_face(bea.id) == 1
    with store.reading() as t:
        assert t.people.get(bea.id).fields == bea.fields
        assert (t.crops.of(bea.id).rows, t.templates.of(bea.id).rows) == ((), ())
        assert bea.id not in {each.person_id for each in t.templates.gallery(MODEL).rows}
        assert t.gallery.state().revision == revision + 1
    with store.transaction() as t:
        assert t.crops.get(t.crops.add(bea.id, b"agreed again", source="camera")).image == b"agreed again"


def test_a_legal_hold_keeps_somebody_from_being_erased(store: Store, three: list[Person]) -> None:
    bea = three[1]
    with store.transaction() as t:
        held = t.people.hold(bea.id, True, bea.version)
        with pytest.raises(Conflict, match="on legal hold"):
            t.erasures.erase(bea.id, "request")
        t.people.hold(bea.id, False, held.version)
        t.erasures.erase(bea.id, "request")


def test_the_id_of_somebody_erased_is_given_to_nobody(
    store: Store, three: list[Person], tmp_path: Path, keys: FileKeys
) -> None:
    last = three[-1]
    with store.transaction() as t:
        t.erasures.erase(last.id, "request")
    back_up(store, tmp_path / "copy.facekd")
    elsewhere = Store(f"sqlite:///{tmp_path}/elsewhere.db", keys)
    elsewhere.upgrade()
    restore(tmp_path / "copy.facekd", elsewhere)
    for each in (store, elsewhere):
        with each.transaction() as t:
            assert t.people.add(PersonFields("Next")).id > last.id
    elsewhere.close()


def test_a_restore_does_not_bring_back_who_was_erased_since(
    store: Store, three: list[Person], tmp_path: Path, face: Faces
) -> None:
    back_up(store, tmp_path / "before.facekd")
    with store.transaction() as t:
        t.operators.add("root", Role.ADMINISTRATOR, "hash")
        t.erasures.erase(three[1].id, "request")
        revision = t.gallery.state().revision
    restore(tmp_path / "before.facekd", store, replace=True)
    with store.reading() as t:
        assert {each.person.name for each in t.people.page()} == {"Ada Unmistakable", "Cleo Unmistakable"}
        assert [each.reason for each in t.erasures.all()] == ["erased again after a restore"]
        assert not t.operators.any()  # everything else is as it was in the backup
        assert t.gallery.state().revision > revision
        assert t.audit.verify().broken is None
    store.scrub()
    dump = b"\0".join(everything(store))
    assert [trace for trace in traces("Bea", 1, face) if trace in dump] == []
