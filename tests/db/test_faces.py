"""Crops and templates: bytes come back, lie encrypted, and damage stays within one row."""

import logging
import math
import random
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.errors import Damaged, KeyMissing, NotFound
from facekd_db.keys import FileKeys
from facekd_db.records import NewTemplate, Person, PersonFields
from facekd_db.schema import crop, data_key, template
from facekd_db.store import Store

MODEL = "ab" * 32
Faces = tuple[Callable[[int], bytes], Callable[[int], bytes]]


@pytest.mark.parametrize(
    "image",
    [b"", bytes(range(256)), random.Random(0).randbytes(4096), b"\\'\"%s\0\x1a\n" * 50, b"\xff" * 5_000_000],
    ids=["empty", "every byte", "random", "quotes", "5 MB"],
)
def test_bytes_come_back_as_they_were(store: Store, image: bytes) -> None:
    with store.transaction() as t:
        person = t.people.add(PersonFields("Ada"))
        key = t.crops.add(person.id, image, source="file")
    with store.reading() as t:
        assert t.crops.get(key).image == image


def test_the_driver_itself_returns_bytes_as_they_were(store: Store) -> None:
    # Not through encryption, which would hide which bytes the driver cannot carry.
    for number, value in enumerate((bytes(range(256)), b"", random.Random(1).randbytes(4096), b"\x00" * 300)):
        with store.transaction() as t:
            person = t.people.add(PersonFields(str(number)))
            key = t.crops.add(person.id, b"x", source="file")
            t.connection.execute(sa.update(crop).where(crop.c.id == key).values(image=value))
            assert t.connection.scalar(sa.select(crop.c.image).where(crop.c.id == key)) == value


def test_thousands_of_templates_go_in_at_once(store: Store, enrol: Callable[..., Person]) -> None:
    ada = enrol(store)
    vectors = [random.Random(n).randbytes(2048) for n in range(3000)]
    with store.transaction() as t:
        assert t.templates.add([NewTemplate(ada.id, MODEL, 512, each) for each in vectors]) == 3000
    with store.reading() as t:
        found = t.templates.of(ada.id).rows
        assert t.templates.count(MODEL) == 3001
    assert [each.vector for each in found if each.dim == 512] == vectors


def test_what_lies_in_the_tables_is_neither_the_picture_nor_the_vector(
    store: Store, enrol: Callable[..., Person], face: Faces
) -> None:
    picture, vector = face
    ada = enrol(store, "Ada", 1)
    with store.transaction() as t:
        for _ in range(40):
            t.crops.add(ada.id, bytes(8192), source="camera")
        images = t.connection.execute(sa.select(crop.c.image)).scalars().all()
        vectors = t.connection.execute(sa.select(template.c.vector)).scalars().all()
    assert picture(1)[:16] not in b"".join(images)
    assert vector(1) not in b"".join(vectors)
    stored = b"".join(images)
    counts = Counter(stored)
    entropy = -sum(n / len(stored) * math.log2(n / len(stored)) for n in counts.values())
    assert entropy >= 7.9  # bits in a byte, of forty pictures that are all zeros
    assert len(set(images)) == 41


@pytest.mark.parametrize("column", ["vector", "nonce"])
def test_a_flipped_bit_sets_one_row_aside_and_says_so(
    store: Store, enrol: Callable[..., Person], caplog: pytest.LogCaptureFixture, column: str
) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        row = t.templates.of(ada.id).rows[0]
        target = template.c[column]
        stored = t.connection.scalar(sa.select(target).where(template.c.id == row.id))
        flipped = bytes([stored[0] ^ 1]) + stored[1:]
        t.connection.execute(sa.update(template).where(template.c.id == row.id).values({column: flipped}))
        revision = t.gallery.state().revision
    with caplog.at_level(logging.ERROR), store.reading() as t:
        opened = t.templates.gallery(MODEL)
    assert [each.person_id for each in opened.rows] == [bea.id]
    assert [(each.table, each.id, each.person_id) for each in opened.damaged] == [
        ("template", row.id, ada.id)
    ]
    assert (
        f"template {row.id} is set aside: a template of person {ada.id} is not what was stored" in caplog.text
    )
    with store.reading() as t:
        assert t.templates.gallery(MODEL).damaged == ()  # said once
        assert len(t.crops.of(ada.id).rows) == 1  # her other rows are as good as before
        (act,) = t.audit.page(act="quarantine")
        assert (act.subject, act.detail["person"]) == (f"template:{row.id}", ada.id)
        assert t.gallery.state().revision > revision


def test_a_damaged_picture_is_set_aside_even_when_the_caller_gives_up(
    store: Store, enrol: Callable[..., Person]
) -> None:
    ada = enrol(store)
    with store.transaction() as t:
        (mine,) = t.crops.of(ada.id).rows
        t.connection.execute(sa.update(crop).where(crop.c.id == mine.id).values(image=b"x" * 50))

    def ask() -> None:
        with store.transaction() as t:
            t.crops.get(mine.id)

    with pytest.raises(Damaged, match="a crop of person"):
        ask()
    with pytest.raises(NotFound):
        ask()


def test_rows_that_were_swapped_between_people_do_not_open(
    store: Store, enrol: Callable[..., Person]
) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    columns = (template.c.key_id, template.c.nonce, template.c.vector)
    with store.transaction() as t:
        one, two = (
            t.connection.execute(sa.select(*columns).where(template.c.person_id == each.id)).one()._mapping
            for each in (ada, bea)
        )
        t.connection.execute(sa.update(template).where(template.c.person_id == ada.id).values(dict(two)))
        t.connection.execute(sa.update(template).where(template.c.person_id == bea.id).values(dict(one)))
        opened = t.templates.gallery(MODEL)
    assert (opened.rows, len(opened.damaged)) == ((), 2)


@pytest.mark.parametrize("values", [{"model_id": "cd" * 32}, {"rejects": True}, {"dim": 3}])
def test_a_template_that_claims_to_be_something_else_does_not_open(
    store: Store, enrol: Callable[..., Person], values: dict[str, object]
) -> None:
    ada = enrol(store)
    with store.transaction() as t:
        t.models.add("cd" * 32, name="other", kind="embedder", dim=4, card="")
        t.connection.execute(sa.update(template).values(values))
        opened = t.templates.of(ada.id)
    assert (opened.rows, len(opened.damaged)) == ((), 1)


def test_a_damaged_key_costs_its_person_and_nobody_else(store: Store, enrol: Callable[..., Person]) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        t.connection.execute(
            sa.update(data_key).where(data_key.c.person_id == ada.id).values(wrapped=bytes(48))
        )
    with store.reading() as t:
        assert [each.person_id for each in t.templates.gallery(MODEL).rows] == [bea.id]
    with store.transaction() as t:  # she can be enrolled again, under a new key
        key = t.crops.add(ada.id, b"new", source="camera")
        assert t.crops.get(key).image == b"new"
    with store.reading() as t:
        assert t.crops.get(key).image == b"new"


def test_without_the_store_key_the_faces_are_closed_and_the_rest_works(
    store: Store, enrol: Callable[..., Person], url: str, tmp_path: Path
) -> None:
    ada = enrol(store)
    stranger = Store(url, FileKeys(tmp_path / "elsewhere.key"))
    stranger.upgrade()
    with stranger.transaction() as t:
        assert t.people.get(ada.id).name == "Ada Lovelace"
        with pytest.raises(KeyMissing, match="this computer does not hold; import it"):
            t.crops.of(ada.id)
        with pytest.raises(KeyMissing):
            t.templates.gallery(MODEL)
    with store.reading() as t:  # nobody took the missing key for damage
        assert len(t.templates.gallery(MODEL).rows) == 1
        assert t.audit.page(act="quarantine") == ()
    stranger.close()


def test_only_people_who_are_valid_today_are_in_the_gallery(
    store: Store, enrol: Callable[..., Person]
) -> None:
    today = store.now().date()
    before, after = today.replace(day=today.day - 1), date(today.year + 1, 1, 1)
    enrol(store, "always", 1)
    enrol(store, "today only", 2, valid_from=today, valid_until=today)
    enrol(store, "not yet", 3, valid_from=after)
    enrol(store, "not any more", 4, valid_until=before)
    gone = enrol(store, "deleted", 5)
    with store.transaction() as t:
        t.people.delete(gone.id, gone.version, t.now)

    def names(day: date | None) -> set[str]:
        with store.reading() as t:
            rows = t.templates.gallery(MODEL, day).rows
            return {t.people.get(each.person_id).name for each in rows}

    assert names(None) == {"always", "today only"}
    assert names(before) == {"always", "not any more"}
    assert names(after) == {"always", "not yet"}


def test_not_this_person_is_remembered_as_template_and_crop(
    store: Store, enrol: Callable[..., Person]
) -> None:
    ada = enrol(store)
    with store.transaction() as t:
        key = t.crops.add(ada.id, b"a look-alike", source="live", rejects=True)
        t.templates.add([NewTemplate(ada.id, MODEL, 4, b"0123456789abcdef", key, rejects=True)])
    with store.reading() as t:
        said = [each for each in t.templates.gallery(MODEL).rows if each.rejects]
        assert [(each.person_id, each.vector) for each in said] == [(ada.id, b"0123456789abcdef")]
        assert [each.image for each in t.crops.of(ada.id, rejects=True).rows] == [b"a look-alike"]
        assert len(t.crops.of(ada.id).rows) == 1


def test_a_new_model_finds_every_crop_that_it_has_not_embedded(
    store: Store, enrol: Callable[..., Person], face: Faces
) -> None:
    people = [enrol(store, f"Person {n}", n) for n in range(5)]
    new = "ef" * 32
    with store.transaction() as t:
        t.models.add(new, name="new", kind="embedder", dim=4, card="")
        without_crop = t.people.add(PersonFields("No photograph"))
        t.templates.add([NewTemplate(without_crop.id, MODEL, 4, b"0" * 16)])
        assert t.crops.people_without() == (without_crop.id,)
        assert t.crops.count_without_template(new) == 5
    done, last = [], 0
    while True:
        with store.transaction() as t:
            step = t.crops.without_template(new, 2, last).rows
            t.templates.add([NewTemplate(each.person_id, new, 4, b"1" * 16, each.id) for each in step])
        if not step:
            break
        last = step[-1].id
        done += [each.image for each in step]
    assert done == [face[0](n) for n in range(5)]
    with store.transaction() as t:
        assert (t.templates.count(new), t.crops.count_without_template(new)) == (5, 0)
        assert t.gallery.activate(new).model_id == new
        assert {each.person_id for each in t.templates.gallery(new).rows} == {each.id for each in people}
        assert t.templates.remove_model(MODEL) == 6
    with store.transaction() as t, pytest.raises(NotFound, match="add it first"):
        t.gallery.activate("00" * 32)


def test_a_vector_of_the_wrong_length_is_refused(store: Store, enrol: Callable[..., Person]) -> None:
    ada = enrol(store)
    with (
        store.transaction() as t,
        pytest.raises(ValueError, match=r"expected 16 bytes .* dimension 4, got 15"),
    ):
        t.templates.add([NewTemplate(ada.id, MODEL, 4, b"x" * 15)])


def test_faces_for_somebody_who_was_erased_meanwhile_are_refused(store: Store) -> None:
    def late() -> None:
        with store.transaction() as t:
            t.crops.add(4711, b"png", source="camera")

    with pytest.raises(NotFound, match=r"not in .* \(any more\)"):
        late()


def test_thumbnails_come_for_a_whole_page(store: Store, enrol: Callable[..., Person], face: Faces) -> None:
    ids = [enrol(store, f"Person {n}", n).id for n in range(3)]
    with store.reading() as t:
        crops = [t.crops.of(each).rows[0].id for each in ids]
        assert t.crops.thumbnails(crops) == {key: face[0](n) for n, key in enumerate(crops)}
