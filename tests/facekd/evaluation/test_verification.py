"""1:1 figures against hand-computed values and against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.evaluation.pairs import Pairs
from facekd.evaluation.verification import (
    Refused,
    TrueAccepts,
    accepted,
    area_under_curve,
    best_threshold,
    equal_error_rate,
    fold_accuracy,
    pair_scores,
    split,
    tar_at_far,
    threshold_at,
    verification_report,
)
from facekd.types import Embeddings

Floats = NDArray[np.float32]


def scores_of(*values: float) -> Floats:
    return np.array(values, np.float32)


def flags(text: str) -> NDArray[np.bool_]:
    """'110' as [True, True, False]."""
    return np.array([letter == "1" for letter in text])


# few distinct values, so that equal scores are common
labelled_scores = st.lists(st.tuples(st.integers(-8, 8), st.booleans()), min_size=2, max_size=24).filter(
    lambda pairs: len({same for _, same in pairs}) == 2
)


def arrays(pairs: list[tuple[int, bool]]) -> tuple[Floats, NDArray[np.bool_]]:
    return np.array([score / 8 for score, _ in pairs], np.float32), np.array([same for _, same in pairs])


def test_the_best_threshold_lies_in_the_middle_of_the_gap() -> None:
    assert best_threshold(scores_of(0.1, 0.2, 0.6, 0.9), flags("0011")) == pytest.approx(0.4)


def test_of_equally_good_thresholds_the_middle_one_is_taken() -> None:
    # cuts below 0.2, at 0.3, 0.5, 0.7 and above: right answers 2, 3, 2, 3, 2 -> of 0.3 and 0.7 the lower
    assert best_threshold(scores_of(0.2, 0.4, 0.6, 0.8), flags("0101")) == pytest.approx(0.3)


def test_everything_or_nothing_may_be_the_best_decision() -> None:
    scores = scores_of(0.5, 0.7)
    assert accepted(scores, best_threshold(scores, flags("11"))).all()
    assert not accepted(scores, best_threshold(scores, flags("00"))).any()


@given(labelled_scores)
def test_no_other_threshold_gives_more_right_answers(pairs: list[tuple[int, bool]]) -> None:
    scores, same = arrays(pairs)
    got = np.sum(accepted(scores, best_threshold(scores, same)) == same)
    every = [np.sum((scores.astype(float) >= t) == same) for t in np.arange(-2, 2, 1 / 32)]
    assert got == max(every)


def test_a_fold_is_judged_by_the_threshold_of_the_others() -> None:
    # fold 1 alone would choose 0.15, fold 2 alone 0.45: each is judged by the other's and gets half right
    scores, same = scores_of(0.1, 0.2, 0.4, 0.5), flags("0101")
    accuracy = fold_accuracy(scores, same, np.array([1, 1, 2, 2]))
    assert accuracy.thresholds == pytest.approx((0.45, 0.15))
    assert accuracy.folds == (0.5, 0.5)
    assert (accuracy.mean, accuracy.std) == (0.5, 0.0)


def test_the_spread_is_that_of_the_population_of_folds() -> None:
    # thresholds: fold 4 by fold 9 (0.2 + 0.52) / 2, fold 9 by fold 4 (0.35 + 0.8) / 2, which loses the 0.52
    scores, same = scores_of(0.1, 0.35, 0.8, 0.9, 0.1, 0.2, 0.52, 0.9), flags("00110011")
    accuracy = fold_accuracy(scores, same, np.array([4, 4, 4, 4, 9, 9, 9, 9]))
    assert accuracy.thresholds == pytest.approx((0.36, 0.575))
    assert accuracy.folds == (1.0, 0.75)
    assert accuracy.std == pytest.approx(0.125)  # the sample's would be 0.177


def test_one_fold_has_no_others_to_choose_by() -> None:
    with pytest.raises(InputError, match="two folds or more"):
        fold_accuracy(scores_of(0.1, 0.9), flags("01"), np.array([1, 1]))


def test_a_pair_exactly_at_the_threshold_is_accepted_and_one_just_below_is_not() -> None:
    threshold = float(np.nextafter(np.float32(0.3), np.float32(1)))
    assert accepted(scores_of(0.3, threshold), threshold).tolist() == [False, True]
    between = (float(np.float32(0.3)) + threshold) / 2  # no float32; rounding it would let 0.3 pass
    assert accepted(scores_of(0.3, threshold), between).tolist() == [False, True]


def test_the_equal_error_rate_of_one_swap_in_four_is_a_quarter() -> None:
    genuine, impostor = scores_of(0.35, 0.6, 0.7, 0.8), scores_of(0.1, 0.2, 0.3, 0.4)
    assert equal_error_rate(genuine, impostor) == pytest.approx(0.25)


def test_separated_scores_have_no_error_and_swapped_ones_only_errors() -> None:
    low, high = scores_of(0.1, 0.2), scores_of(0.8, 0.9)
    assert equal_error_rate(high, low) == 0
    assert area_under_curve(high, low) == 1
    assert equal_error_rate(low, high) == 1
    assert area_under_curve(low, high) == 0


def test_the_crossing_is_found_between_operating_points() -> None:
    # one genuine at 0.5, impostors at 0.4 and 0.6. Points (FAR, FNMR): (1, 0) at 0.4, (1/2, 0) at 0.5,
    # (1/2, 1) at 0.6, (0, 1) above: the line from (1/2, 0) to (1/2, 1) meets FAR = FNMR at 1/2
    assert equal_error_rate(scores_of(0.5), scores_of(0.4, 0.6)) == pytest.approx(0.5)
    # all equal: the line from (1, 0) to (0, 1) meets it at 1/2
    assert equal_error_rate(scores_of(0.5, 0.5), scores_of(0.5)) == pytest.approx(0.5)


@given(labelled_scores)
def test_the_area_under_the_curve_counts_the_orderings(pairs: list[tuple[int, bool]]) -> None:
    scores, same = arrays(pairs)
    genuine, impostor = split(scores, same)
    wins = [float(g > i) + 0.5 * float(g == i) for g, i in itertools.product(genuine, impostor)]
    assert area_under_curve(genuine, impostor) == pytest.approx(np.mean(wins))


@given(labelled_scores)
def test_swapping_the_kinds_mirrors_the_curve(pairs: list[tuple[int, bool]]) -> None:
    scores, same = arrays(pairs)
    genuine, impostor = split(scores, same)
    turned_genuine, turned_impostor = np.sort(-genuine), np.sort(-impostor)
    rate = equal_error_rate(genuine, impostor)
    assert 0 <= rate <= 1
    assert equal_error_rate(turned_impostor, turned_genuine) == pytest.approx(rate)


def test_the_threshold_allows_exactly_the_errors_that_the_rate_allows() -> None:
    impostor = np.arange(1000, dtype=np.float32) / 1000
    for rate, allowed in ((1e-1, 100), (1e-2, 10), (3e-3, 3), (1e-3, 1)):
        assert accepted(impostor, threshold_at(impostor, rate)).sum() == allowed


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=24), st.floats(0.01, 0.99))
def test_no_smaller_threshold_keeps_the_rate(values: list[int], rate: float) -> None:
    impostor = np.sort(np.array(values, np.float32) / 8)
    threshold = threshold_at(impostor, rate)
    assert np.mean(accepted(impostor, threshold)) <= rate
    if threshold > -1:
        smaller = float(np.nextafter(np.float32(threshold), np.float32(-2)))
        assert np.mean(accepted(impostor, smaller)) > rate


def test_equal_impostor_scores_are_rejected_together() -> None:
    impostor = np.array([0.1] * 97 + [0.5] * 3, np.float32)
    threshold = threshold_at(impostor, 0.02)  # two may pass, but the three are one
    assert accepted(impostor, threshold).sum() == 0
    assert threshold == pytest.approx(0.5)


def test_a_true_accept_rate_carries_its_interval_and_threshold() -> None:
    genuine = np.sort(np.concatenate([np.full(5, 0.2), np.full(95, 0.8)])).astype(np.float32)
    impostor = np.linspace(-0.5, 0.4, 300, dtype=np.float32)
    got = tar_at_far(genuine, impostor, 1e-2)
    assert isinstance(got, TrueAccepts)
    assert (got.tar, got.n) == (0.95, 100)
    # Wilson's 95 % interval of 95 in 100, from Newcombe's worked formula by hand
    assert (got.lo, got.hi) == (pytest.approx(0.8882, abs=5e-5), pytest.approx(0.9785, abs=5e-5))
    assert impostor[-4] < got.threshold <= impostor[-3]


def test_a_rate_that_the_pairs_cannot_carry_is_refused_with_the_number_needed() -> None:
    rng = np.random.default_rng(0)
    genuine, impostor = np.sort(rng.normal(0.7, 0.1, (2, 3000)).astype(np.float32) - [[0], [0.7]])
    assert isinstance(tar_at_far(genuine, impostor, 1e-3), TrueAccepts)
    assert tar_at_far(genuine, impostor, 1e-4) == Refused(30_000)
    assert tar_at_far(genuine, impostor[1:], 1e-3) == Refused(3_000)


def test_a_report_needs_both_kinds_and_finite_scores() -> None:
    folds = np.array([1, 2])
    with pytest.raises(InputError, match="got 2 and 0"):
        verification_report(scores_of(0.1, 0.2), flags("11"), folds)
    with pytest.raises(ValueError, match="finite"):
        verification_report(scores_of(0.1, float("nan")), flags("10"), folds)
    with pytest.raises(ValueError, match=r"got \[2\] and \[3\]"):
        verification_report(scores_of(0.1, 0.2), flags("110"), folds)


def test_pairs_are_scored_by_cosine_and_a_missing_face_scores_lowest() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 0]], np.float32)
    pairs = Pairs(np.array([1, 1, 2]), flags("101"), ("a", "b", "a"), ("b", "c", "a"))
    scores = pair_scores(pairs, ("a", "b", "c"), Embeddings(vectors, "m"), flags("110"))
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([0.6, -1, 1])
