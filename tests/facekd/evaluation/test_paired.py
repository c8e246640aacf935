"""Differences of two models on the same people, with intervals that hold."""

import numpy as np
import pytest

from facekd.evaluation.intervals import wilson_interval
from facekd.evaluation.paired import draws, figure, not_asked, paired, strangers_by_cards
from facekd.modelcard import Threshold


def ones(people: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.ones(people, np.int64)


def test_the_difference_is_the_mean_over_people() -> None:
    active, candidate = np.array([1.0, 0.5, 0.0, 1.0]), np.array([1.0, 1.0, 0.5, 0.0])
    found = paired("finds", active, candidate, ones(4), draws(4))
    assert found.difference == pytest.approx((0 + 0.5 + 0.5 - 1) / 4)
    assert (found.active.value, found.candidate.value) == (0.625, 0.625)
    assert (found.gains.people, found.gains.size) == (2, 0.5)
    assert (found.losses.people, found.losses.size) == (1, 1.0)


def test_the_spread_of_the_draws_is_the_standard_error() -> None:
    rng = np.random.default_rng(1)
    active, candidate = rng.random(500), rng.random(500)
    found = paired("finds", active, candidate, ones(500), draws(500, 4000))
    error = np.std(candidate - active) / np.sqrt(500)
    assert np.std(found.replicates) == pytest.approx(error, rel=0.05)


def test_nobody_changed_does_not_mean_that_nobody_will() -> None:
    same = np.ones(100)
    found = paired("finds", same, same, ones(100), draws(100))
    assert set(found.replicates) == {0.0}  # all that a bootstrap can say
    bound = wilson_interval(0, 100)[1]
    assert found.interval() == pytest.approx((-bound, bound))
    five = paired("finds", same, same, 5 * ones(100), draws(100))
    assert five.interval() == pytest.approx(
        (-bound / 5, bound / 5)
    )  # a change would begin with one photograph


@pytest.mark.parametrize("loss", [0.002, 0.01, 0.05])
def test_the_interval_holds_the_true_difference_in_at_least_95_of_100_galleries(loss: float) -> None:
    rng = np.random.default_rng(2)
    held = 0
    for number in range(200):
        active = (rng.random(150) < 0.97).astype(float)
        flip = rng.random(150)
        candidate = np.where(flip < loss, 0.0, np.where(flip > 1 - loss / 2, 1.0, active))
        lo, hi = paired("finds", active, candidate, ones(150), draws(150, 400, number)).interval()
        truth = 0.97 * -loss + 0.03 * loss / 2
        held += lo <= truth <= hi
    assert held >= 190


def test_a_figure_has_the_interval_of_as_many_people() -> None:
    found = figure(np.array([1.0] * 9 + [0.0]))
    assert (found.value, found.lo, found.hi, found.n) == (0.9, *wilson_interval(9, 10), 10)


def test_a_question_that_could_not_be_asked_says_everything_is_possible() -> None:
    assert not_asked("same", "1e-2").interval() == (-1.0, 1.0)


def table(shift: float, half: float) -> tuple[Threshold, ...]:
    """log10(far) = -2 - 10 (value - shift): straight lines whose intervals are `half` wide on each side."""
    rows = {1e-2: 0.0, 1e-4: 0.2, 1e-6: 0.4}
    return tuple(
        Threshold(far, value + shift, value + shift - half, value + shift + half, 10_000)
        for far, value in rows.items()
    )


def test_strangers_by_the_cards_compare_the_two_tables_at_the_lines() -> None:
    # At 0.3 the first table says 1e-5, the second, shifted by 0.1, says 1e-4; 100 people on file.
    found = strangers_by_cards("strangers", (table(0.0, 0.02), 0.3), (table(0.1, 0.02), 0.3), 100)
    assert found.active.value == pytest.approx((1 - 1e-5) ** 100)
    assert found.candidate.value == pytest.approx((1 - 1e-4) ** 100)
    # The first table's interval: 0.02 of cosine are 0.2 decades.
    assert found.active.lo == pytest.approx((1 - 10**-4.8) ** 100)
    assert found.active.hi == pytest.approx((1 - 10**-5.2) ** 100)
    lo, hi = found.interval()
    assert lo < found.difference < hi < 0


def test_tables_without_width_leave_no_doubt() -> None:
    found = strangers_by_cards("strangers", (table(0.0, 0.0), 0.3), (table(0.0, 0.0), 0.3), 100)
    assert found.interval() == (0.0, 0.0)
