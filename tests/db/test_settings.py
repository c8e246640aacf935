"""Settings that all computers share, models, and the times that are stored."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from facekd_db.errors import Conflict, NotFound
from facekd_db.records import Json, PersonFields
from facekd_db.store import Store


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "", "夜 \N{ROCKET}", [1, [2]], {"a": {"b": None}}, "x" * 100_000],
    ids=lambda value: str(value)[:9],
)
def test_a_value_comes_back_as_it_was(store: Store, value: Json) -> None:
    with store.transaction() as t:
        t.settings.put("key", value)
    with store.reading() as t:
        found = t.settings.find("key")
        assert found is not None
        assert (found.value, t.settings.get("key", "default")) == (value, value)
        assert t.settings.get("other", "default") == "default"


def test_a_setting_that_somebody_else_changed_is_not_overwritten(
    store: Store, open_store: Callable[[], Store]
) -> None:
    first = store.run(lambda t: t.settings.put("promise", 1000, version=0))
    second = open_store().run(lambda t: t.settings.put("promise", 3000, version=first.version))
    for version in (0, first.version):
        with pytest.raises(Conflict, match="'promise' was changed by somebody else"):
            store.run(lambda t, v=version: t.settings.put("promise", 9, version=v))
    assert (second.version, store.run(lambda t: t.settings.get("promise"))) == (2, 3000)
    assert store.run(lambda t: t.settings.put("promise", 1)).version == 3
    with store.reading() as t:
        assert "promise" in {each.key for each in t.settings.all()}


def test_a_model_is_added_once_and_its_card_can_change(store: Store, clock: Callable[..., object]) -> None:
    with store.transaction() as t:
        first = t.models.add("ab" * 32, name="one", kind="embedder", dim=128, card="old")
        clock.on(days=1)  # type: ignore[attr-defined]
    with store.transaction() as t:
        again = t.models.add("ab" * 32, name="one", kind="embedder", dim=128, card="new")
        assert (again.card, again.added_at, t.models.all()) == ("new", first.added_at, (again,))
        with pytest.raises(NotFound):
            t.models.get("cd" * 32)


def test_times_are_stored_in_utc_to_the_microsecond_wherever_they_come_from(store: Store) -> None:
    # Half past two on the night on which clocks in Berlin jump from two to three.
    moment = datetime(2026, 3, 29, 2, 30, 0, 123457, tzinfo=timezone(timedelta(hours=1)))
    with store.transaction() as t:
        ada = t.people.add(PersonFields("Ada"))
        t.people.delete(ada.id, ada.version, moment)
    with store.reading() as t:
        stored = t.people.get(ada.id).erase_after
    assert stored == moment
    assert stored is not None
    assert (stored.tzinfo, stored.hour, stored.microsecond) == (UTC, 1, 123457)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with store.transaction() as t:
        ada = t.people.add(PersonFields("Ada"))
        with pytest.raises(Exception, match="expected a time with its zone"):
            t.people.delete(ada.id, ada.version, datetime(2026, 1, 1))
