"""The promise in force: what the people on file carry, who may choose it, and that the line for a name follows."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.calibration import Basis, Promise, Refusal
from facekd.policy import Policy
from facekd_db.errors import Conflict
from facekd_db.records import NewTemplate, PersonFields, Role
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Forbidden, Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.line import Line, read_line, strangers_of
from facekd_ui.services.promises import CHOICES
from facekd_ui.services.stored_gallery import AT_ONCE, GalleryCache, as_bytes, policy_for

DIM = 48


def faces(people: int, photos: int = 2, seed: int = 0) -> NDArray[np.float32]:
    """[people, photos, 48]: random people, photographs of one about 0.96 alike."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(people, 1, DIM)) + 0.2 * rng.normal(size=(people, photos, DIM))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def enrol(desk: Desk, vectors: NDArray[np.float32]) -> list[int]:
    """Stores everybody's templates in one transaction, as an import on another computer would."""
    model = desk.gallery.current().model_id
    keys = []
    with desk.store.transaction() as t:
        for number, photos in enumerate(vectors):
            keys.append(t.people.add(PersonFields(f"Person {number}")).id)
            t.templates.add([NewTemplate(keys[-1], model, DIM, as_bytes(photo)) for photo in photos])
        t.gallery.bump()
    return keys


def policy(desk: Desk) -> Policy:
    gallery = desk.gallery.current()
    return policy_for(desk.networks.embedder(gallery.model_id), gallery)


def from_card(desk: Desk, people: int) -> Policy:
    return Policy.from_card(desk.networks.embedder(desk.gallery.current().model_id).card, people)


def test_below_thirty_people_the_shipped_table_serves(desk: Desk, admin: Services) -> None:
    enrol(desk, faces(29))
    assert desk.gallery.current().line is None
    assert policy(desk) == from_card(desk, 29)
    overview = admin.promises.overview()
    assert (overview.strangers, overview.version, overview.people, overview.photos) == (1000, 0, 29, 58)
    assert overview.choices == tuple(Refusal(n, 29, max(30, n // 5)) for n in CHOICES)
    assert (overview.zones.counted, overview.zones.estimated, overview.drawing) == (0, 0, None)
    with pytest.raises(Invalid, match="Using the shipped table until 30 are on file"):
        admin.promises.choose(100, 0)


def test_a_gallery_that_carries_the_promise_is_judged_by_its_own_line(desk: Desk, admin: Services) -> None:
    enrol(desk, faces(220))
    answer = admin.promises.at(1000)
    assert isinstance(answer, Promise)
    line = desk.gallery.current().line
    assert line == Line(220, 440, answer)
    assert policy(desk) == Policy.from_promise(answer)
    with desk.store.reading() as t:
        assert read_line(t, desk.gallery.current().model_id) == line
    another = GalleryCache(desk.store, desk.networks)  # of another computer: reads, computes nothing
    assert another.current().line == line


def test_a_gallery_that_refuses_the_promise_falls_back_on_the_table(desk: Desk, admin: Services) -> None:
    enrol(desk, faces(40))
    line = desk.gallery.current().line
    assert line == Line(40, 80, None, Refusal(1000, 40, 200))
    assert policy(desk) == from_card(desk, 40)
    with pytest.raises(Invalid, match=r"1 in 1,000 cannot be promised with 40 people.* about 160 more"):
        admin.promises.choose(1000, 0)


def test_an_administrators_choice_is_in_force_at_every_desk_and_in_the_audit_log(
    desk: Desk, admin: Services
) -> None:
    enrol(desk, faces(40))
    other_desk = GalleryCache(desk.store, desk.networks)
    before = other_desk.current()
    answer = admin.promises.choose(100, 0)
    assert policy(desk) == Policy.from_promise(answer)
    after = other_desk.current()
    assert after is not before
    assert (after.strangers, after.line) == (100, Line(40, 80, answer))
    with desk.store.reading() as t:
        assert strangers_of(t) == 100
        (row,) = t.audit.page(limit=1)
    assert (row.act, row.subject, row.detail) == (
        "setting.change",
        "setting:promise.strangers",
        {"value": 100},
    )
    overview = admin.promises.overview()
    assert (overview.strangers, overview.version, overview.changed_by) == (100, 1, "Ada")
    assert overview.line == after.line
    with pytest.raises(Conflict):
        admin.promises.choose(200, 0)  # read before the other change
    assert isinstance(admin.promises.choose(200, 1), Promise)


def test_only_an_administrator_chooses_and_an_operator_does_not_even_look(
    desk: Desk, as_role: Callable[[Role], Services]
) -> None:
    enrol(desk, faces(40))
    engineer, operator = as_role(Role.ENGINEER), as_role(Role.OPERATOR)
    assert isinstance(engineer.promises.at(100), Promise)
    for refused in (
        lambda: engineer.promises.choose(100, 0),
        operator.promises.overview,
        lambda: operator.promises.at(100),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_a_number_that_is_no_promise_is_refused(admin: Services) -> None:
    for number in (0, 9, 1_000_001):
        with pytest.raises(Invalid, match="Expected 10 to 1,000,000 strangers"):
            admin.promises.at(number)


def test_the_line_moves_when_people_come_and_stays_for_a_few(desk: Desk) -> None:
    enrol(desk, faces(220))
    first = desk.gallery.current().line
    assert first is not None
    enrol(desk, faces(2, seed=1))
    assert desk.gallery.current().line == first  # two of 220: the promise moves by as little
    enrol(desk, faces(30, seed=2))
    second = desk.gallery.current().line
    assert second is not None
    assert (second.people, second.photos) == (252, 504)
    assert first.promise is not None
    assert second.promise is not None
    assert second.promise.threshold != first.promise.threshold


def test_faces_that_speak_against_a_person_and_people_who_left_do_not_count(
    desk: Desk, admin: Services
) -> None:
    keys = enrol(desk, faces(42))
    model = desk.gallery.current().model_id
    with desk.store.transaction() as t:
        against = faces(1, photos=1, seed=5)[0, 0]
        t.templates.add([NewTemplate(keys[0], model, DIM, as_bytes(against), rejects=True)])
        t.gallery.bump()
    gone = admin.people.get(keys[1]).person
    admin.people.delete(gone.id, gone.version)
    overview = admin.promises.overview()
    assert (overview.people, overview.photos) == (41, 82)


def test_a_large_gallery_is_measured_aside_and_the_line_is_taken_up_when_it_is_there(desk: Desk) -> None:
    people = AT_ONCE + 20
    enrol(desk, faces(people))
    first = desk.gallery.current()
    assert policy_for(desk.networks.embedder(first.model_id), first) == from_card(desk, people)
    deadline = time.monotonic() + 60
    while desk.gallery.current().line is None and time.monotonic() < deadline:
        time.sleep(0.02)
    newest = desk.gallery.current()
    assert newest is not first
    assert newest.line is not None
    assert (newest.line.people, newest.revision) == (people, first.revision)
    assert newest.line.promise is not None


def test_the_page_gets_zones_a_table_and_both_curves(desk: Desk, admin: Services) -> None:
    enrol(desk, faces(400))
    overview = admin.promises.overview()
    promised = [answer for answer in overview.choices if isinstance(answer, Promise)]
    assert [answer.strangers for answer in promised] == [30, 100, 300, 1000]
    assert overview.choices[4] == Refusal(3000, 400, 600)
    assert 1500 <= overview.zones.estimated <= 2000  # five times as many as are on file
    assert 10 <= overview.zones.counted < 400
    assert promised[0].basis in (Basis.COUNTED, Basis.ESTIMATED)
    drawing = overview.drawing
    assert drawing is not None
    assert drawing.same is not None
    step = drawing.scores[1] - drawing.scores[0]
    for curve in (drawing.strangers, drawing.same):
        assert len(curve.fitted) == len(curve.counted) == len(drawing.scores)
        assert curve.photos == 800
        assert min(curve.fitted) >= 0
        assert sum(curve.counted) * step == pytest.approx(1, abs=1e-6)
        assert sum(curve.fitted) * step == pytest.approx(1, abs=0.05)
    peak = drawing.scores[int(np.argmax(drawing.strangers.fitted))]
    seen = drawing.scores[int(np.argmax(drawing.strangers.counted))]
    assert peak == pytest.approx(seen, abs=0.1)


def test_one_person_on_file_twice_is_named_on_the_page(desk: Desk, admin: Services) -> None:
    everyone = faces(60)
    keys = enrol(desk, np.concatenate([everyone, everyone[:1]]))
    (pair,) = admin.promises.overview().alike
    assert {pair.first, pair.second} == {keys[0], keys[60]}
    assert {pair.first_name, pair.second_name} == {"Person 0", "Person 60"}
