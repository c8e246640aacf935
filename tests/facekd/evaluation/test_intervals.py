"""Intervals and what a number of comparisons can carry."""

import math

import pytest

from facekd.evaluation.intervals import errors_allowed, trials_needed, wilson_interval


def test_the_wilson_interval_agrees_with_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    for events, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson_interval(events, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson_interval(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))


def test_the_ends_of_the_interval_solve_the_score_equation() -> None:
    # by another route: the interval holds every p with |events/n - p| <= z * sqrt(p (1 - p) / n)
    low, high = wilson_interval(7484 - 103, 7484)
    for p in (low, high):
        assert abs(7381 / 7484 - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / 7484), rel=1e-6)


def test_no_event_and_only_events_keep_their_certain_end() -> None:
    assert wilson_interval(0, 60)[0] == 0
    assert wilson_interval(60, 60)[1] == 1
    assert wilson_interval(60, 60)[0] < 0.95


@pytest.mark.parametrize(("events", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(events: int, n: int) -> None:
    with pytest.raises(ValueError, match="wilson_interval"):
        wilson_interval(events, n)


def test_three_thousand_pairs_carry_one_in_a_thousand_and_nothing_below() -> None:
    assert [trials_needed(rate) for rate in (1e-1, 1e-2, 3e-3, 1e-3, 1e-4, 1e-6)] == [
        30, 300, 1_000, 3_000, 30_000, 3_000_000,
    ]  # fmt: skip
    assert trials_needed(9.99e-4) > 3_000
    with pytest.raises(ValueError, match="rate"):
        trials_needed(0)


def test_errors_allowed_never_exceed_the_rate() -> None:
    assert errors_allowed(1e-3, 3_000) == 3
    assert errors_allowed(1e-3, 2_999) == 2
    assert errors_allowed(0.29, 100) == 29  # 0.29 * 100 is 28.999... in floating point
    assert errors_allowed(1.0, 4) == 4
