"""Password hashes: strong enough, calibrated once, and never equal."""

import time
from collections.abc import Callable

import argon2
import pytest

from facekd_db.passwords import MEMORY_LEAST_KIB, Cost, Hasher, calibrate, one_time_password
from facekd_db.store import COST_SETTING, Store

PASSWORD = "correct horse battery staple"
LEAST = Cost(1, MEMORY_LEAST_KIB)


def test_a_calibrated_hash_is_argon2id_at_no_less_than_the_least_cost() -> None:
    cost = calibrate()
    hasher = Hasher(cost)
    start = time.perf_counter()
    hashed = hasher.hash(PASSWORD)
    took_ms = (time.perf_counter() - start) * 1000
    parameters = argon2.extract_parameters(hashed)
    assert parameters.type is argon2.Type.ID
    assert parameters.memory_cost >= 46 * 1024
    assert (parameters.time_cost, parameters.parallelism) == (cost.passes, 1)
    assert 30 < took_ms < 1000  # the goal is 100 to 300 ms; others work on this machine while tests run


def test_the_cost_is_calibrated_once_and_kept(store: Store, open_store: Callable[[], Store]) -> None:
    store.run(lambda t: t.settings.put(COST_SETTING, None))
    first = store.hasher().cost
    with store.reading() as t:
        kept = t.settings.find(COST_SETTING)
    assert kept is not None
    assert Cost.from_json(kept.value) == first
    assert open_store().hasher().cost == first


@pytest.mark.parametrize(
    "value",
    [None, "fast", {"passes": 1}, {"passes": 1, "memory_kib": 1024}, {"passes": 0, "memory_kib": 99999}],
)
def test_a_stored_cost_that_is_too_weak_is_not_taken(value: object) -> None:
    assert Cost.from_json(value) is None  # type: ignore[arg-type]


def test_a_password_fits_only_its_own_hash() -> None:
    hasher = Hasher(LEAST)
    hashed = hasher.hash("Zoë 李 👩🏽‍🚀")
    assert hasher.verify("Zoë 李 👩🏽‍🚀", hashed)
    assert not hasher.verify("Zoe 李 👩🏽‍🚀", hashed)
    assert not hasher.verify("anything", None)
    assert not hasher.verify("anything", "not a hash")
    assert hasher.hash("same") != hasher.hash("same")
    with pytest.raises(ValueError, match="at most 1024 characters, got 1025"):
        hasher.hash("x" * 1025)


def test_one_time_passwords_are_long_and_never_the_same() -> None:
    many = {one_time_password() for _ in range(1000)}
    assert len(many) == 1000
    assert all(len(each) == 19 and not set(each) & set("ilou") for each in many)
