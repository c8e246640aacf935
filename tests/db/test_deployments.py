"""Models travel in parts, one deployment goes on at a time, and nobody whom the old model knows is lost unnoticed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from facekd_db.deployments import ALIVE, Stage
from facekd_db.errors import Conflict
from facekd_db.models import MOST_BYTES, PART_BYTES
from facekd_db.records import NewTemplate, Person, PersonFields, Role
from facekd_db.schema import model_file
from facekd_db.store import Store, Tables

OLD, NEW = "ab" * 32, "cd" * 32
Enrol = Callable[..., Person]


@pytest.fixture
def models(store: Store) -> None:
    with store.transaction() as t:
        for key, name in ((OLD, "old"), (NEW, "new")):
            t.models.add(key, name=name, kind="embedder", dim=4, card="")
        t.gallery.activate(OLD)


def know(t: Tables, person_id: int, model_id: str = NEW, **fields: object) -> None:
    t.templates.add([NewTemplate(person_id, model_id, 4, bytes(16), **fields)])  # type: ignore[arg-type]


def test_a_file_comes_back_as_it_was_in_parts_below_a_megabyte(store: Store, models: None) -> None:
    data = bytes(range(256)) * 5000  # 1.28 MB
    with store.transaction() as t:
        assert t.models.file(NEW) is None
        assert t.models.keep_file(NEW, data)
        assert t.models.keep_file(NEW, data)  # stored once
        parts = t.connection.execute(sa.select(model_file.c.data)).scalars().all()
        assert [len(part) for part in parts] == [PART_BYTES, PART_BYTES, len(data) - 2 * PART_BYTES]
        assert t.models.file(NEW) == data
        t.models.drop_file(NEW)
        assert t.models.file(NEW) is None
        assert not t.models.keep_file(NEW, bytes(MOST_BYTES + 1))


def test_one_model_is_deployed_at_a_time_by_one_computer_at_a_time(
    store: Store, models: None, clock: Callable[..., object]
) -> None:
    with store.transaction() as t:
        ada = t.operators.add("Ada", Role.ADMINISTRATOR, "hash")
        begun = t.deployments.begin(NEW, desk="desk 1", worker="a", by=ada.id)
        assert (begun.model, begun.stage, begun.started_by) == ("new", Stage.STAGING, "Ada")
    with store.transaction() as t:
        with pytest.raises(Conflict, match=r"new is being deployed \(Ada, since 2026-03-29 00:30 UTC\)"):
            t.deployments.begin(OLD, desk="desk 2", worker="b", by=None)
        with pytest.raises(Conflict, match="desk 1 is deploying new already"):
            t.deployments.begin(NEW, desk="desk 2", worker="b", by=None)
        t.deployments.rest(begun.id, "a")  # paused
        assert t.deployments.begin(NEW, desk="desk 2", worker="b", by=None).id == begun.id
    with store.transaction() as t:
        with pytest.raises(Conflict, match="desk 2 took over the deployment of new"):
            t.deployments.beat(begun.id, "a")
        t.deployments.beat(begun.id, "b")


def test_another_computer_goes_on_where_one_has_died(store: Store, models: None, clock: object) -> None:
    with store.transaction() as t:
        begun = t.deployments.begin(NEW, desk="desk 1", worker="a", by=None)
    clock.on(seconds=ALIVE.total_seconds() - 1)  # type: ignore[attr-defined]
    with store.transaction() as t, pytest.raises(Conflict, match="already"):
        t.deployments.begin(NEW, desk="desk 2", worker="b", by=None)
    clock.on(seconds=1)  # type: ignore[attr-defined]
    with store.transaction() as t:
        assert not t.deployments.is_alive(begun)
        assert t.deployments.begin(NEW, desk="desk 2", worker="b", by=None).desk == "desk 2"


def test_work_on_a_cancelled_deployment_stops(store: Store, models: None) -> None:
    with store.transaction() as t:
        begun = t.deployments.begin(NEW, desk="desk", worker="a", by=None)
        t.deployments.close(begun, Stage.CANCELLED)
        assert t.deployments.staging() is None
        with pytest.raises(Conflict, match="the deployment of new is cancelled meanwhile"):
            t.deployments.beat(begun.id, "a")


def test_the_newest_deployment_can_be_taken_back_and_earlier_ones_cannot(store: Store, models: None) -> None:
    with store.transaction() as t:
        first = t.deployments.begin(NEW, desk="desk", worker="a", by=None)
        t.deployments.go_live(first.id, OLD)
        live = t.deployments.live()
        assert live is not None
        assert (live.previous_id, live.previous, live.live_at) == (OLD, "old", t.now)
        second = t.deployments.begin(OLD, desk="desk", worker="b", by=None)
        t.deployments.go_live(second.id, NEW)
        assert [(each.model_id, each.stage) for each in t.deployments.all()] == [
            (OLD, Stage.LIVE),
            (NEW, Stage.SUPERSEDED),
        ]


def test_lost_are_those_whom_the_old_model_knows_and_the_new_one_does_not(
    store: Store, models: None, enrol: Enrol
) -> None:
    both, only_old, only_rejected, deleted = (enrol(store, f"Person {n}", n) for n in range(4))
    with store.transaction() as t:
        stranger = t.people.add(PersonFields("Never had a face"))
        know(t, both.id)
        know(t, only_rejected.id, rejects=True)  # "not this person" does not make anybody known
        t.people.delete(deleted.id, deleted.version, t.now + timedelta(days=30))
        assert t.deployments.lost(NEW, OLD) == (only_old.id, only_rejected.id, deleted.id)
        assert t.deployments.lost(OLD, NEW) == ()
        assert stranger.id not in t.deployments.lost(NEW, OLD)
        assert t.templates.tally(OLD) == (4, 4)
        assert t.templates.tally(NEW) == (1, 1)
        assert set(t.deployments.strays([OLD])) == {NEW}


def test_crops_say_whose_they_are_now(store: Store, models: None, enrol: Enrol) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        (first,), (second,) = t.crops.of(ada.id).rows, t.crops.of(bea.id).rows
        rejected = t.crops.add(bea.id, b"png", source="rejection", rejects=True)
        assert t.crops.count() == 3
        assert t.crops.index() == ((first.id, ada.id), (second.id, bea.id))
        t.crops.hand_over([first.id], bea.id)
        assert t.crops.owners([first.id, second.id, rejected, 999]) == {
            first.id: (bea.id, False),
            second.id: (bea.id, False),
            rejected: (bea.id, True),
        }
        assert t.templates.embedded([first.id, rejected, 999], OLD) == {first.id}


def test_erasing_somebody_takes_what_was_prepared_too(store: Store, models: None, enrol: Enrol) -> None:
    ada, bea = enrol(store, "Ada", 1), enrol(store, "Bea", 2)
    with store.transaction() as t:
        for each in (ada, bea):
            know(t, each.id, crop_id=t.crops.of(each.id).rows[0].id)
        t.erasures.erase(ada.id, "request")
        t.erasures.forget_face(bea.id)
        assert t.templates.tally(NEW) == (0, 0)


def test_the_newest_comparison_of_two_models_counts_and_somebody_may_vouch(
    store: Store, models: None
) -> None:
    with store.transaction() as t:
        ada = t.operators.add("Ada", Role.ADMINISTRATOR, "hash")
        bob = t.operators.add("Bob", Role.ADMINISTRATOR, "hash")
        assert t.deployments.comparison(NEW, OLD) is None
        first = t.deployments.compared(NEW, OLD, '{"n": 1}', ada.id)
        t.deployments.vouch(first, bob.id, "a trial at one desk")
        found = t.deployments.comparison(NEW, OLD)
        assert found is not None
        assert (found.figures, found.made_by, found.vouched_by) == ('{"n": 1}', "Ada", "Bob")
        assert (found.reason, found.vouched_at) == ("a trial at one desk", t.now)
        t.deployments.compared(NEW, OLD, '{"n": 2}', None)
        again = t.deployments.comparison(NEW, OLD)
        assert again is not None
        assert (again.figures, again.vouched_by) == ('{"n": 2}', None)  # what was vouched for is gone
        assert t.deployments.comparison(OLD, NEW) is None
