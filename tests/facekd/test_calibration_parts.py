"""Whom a stranger is compared with, and the tail: against brute force and values computed by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.calibration.scores import (
    genuine_of_gallery,
    strangers_of_gallery,
    strangers_of_scores,
)
from facekd.calibration.tail import fit, normal_scale, surprising, survival, weighted_moments

Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.float64]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_every_photograph_meets_everybody_but_its_own_person() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(60, 8)))
    people = [f"{number % 17}" for number in range(60)]  # 3 or 4 photographs each, in no order
    found = strangers_of_gallery(vectors, people, 1000, np.random.default_rng(1))
    best: dict[str, list[float]] = {}
    for i in range(60):
        scores = [float(vectors[i] @ vectors[j]) for j in range(60) if people[j] != people[i]]
        best.setdefault(people[i], []).append(max(scores))
    assert (found.people, found.compared, found.tried) == (17, 16, 17)
    assert found.trials == pytest.approx(17 / 2)  # each pair is seen from both sides
    for place in range(17):
        rows = found.owner == place
        assert sorted(found.best[rows].tolist()) == pytest.approx(sorted(best[found.names[place]]))
        assert found.weight[rows].sum() == pytest.approx(1)


def test_the_moments_are_of_all_scores_each_stranger_with_the_same_weight() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(31, 8)))
    people = ["a"] * 2 + [f"{number}" for number in range(29)]
    found = strangers_of_gallery(vectors, people, 1000, np.random.default_rng(1))
    scores, weights = [], []
    for i in range(31):
        for name in set(people) - {people[i]}:
            best = max(float(vectors[i] @ vectors[j]) for j in range(31) if people[j] == name)
            scores.append(best)
            weights.append(0.5 if people[i] == "a" else 1.0)
    mean = np.average(scores, weights=weights)
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.std == pytest.approx(np.sqrt(np.average((scores - mean) ** 2, weights=weights)), abs=1e-6)


def test_the_count_at_a_threshold_is_of_people_not_of_pairs() -> None:
    # Four people; 0 is close to 1 and to 2 at once, and has a second photograph that is close to nobody.
    angles = {"0": [0.0, 180.0], "1": [10.0], "2": [-10.0], "3": [90.0]}
    vectors = np.array(
        [
            [math.cos(math.radians(a)), math.sin(math.radians(a))]
            for photos in angles.values()
            for a in photos
        ],
        np.float32,
    )
    people = [name for name, photos in angles.items() for _ in photos]
    found = strangers_of_gallery(vectors, people, 1000, np.random.default_rng(0))
    # cos 10 degrees = 0.985, cos 20 degrees = 0.940: one photograph of two of 0, and 1 and 2 as strangers to 0
    assert found.count(0.97) == pytest.approx(0.5 + 1 + 1)


def test_a_few_tried_of_many_are_worth_more_trials_each() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(200, 16)))
    found = strangers_of_gallery(vectors, [str(n) for n in range(200)], 20, np.random.default_rng(0))
    assert (found.people, found.tried, len(found.best)) == (200, 20, 20)
    assert found.trials == pytest.approx(20 / (1 + 19 / 199))
    assert 15 <= found.trials <= 20
    assert found.weight[found.photo].sum() == pytest.approx(80, abs=1)  # four peaks a stranger


def test_a_photograph_is_compared_with_the_others_of_the_same_person_only() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [1, 0]], np.float32)
    found = genuine_of_gallery(vectors, ["a", "a", "a", "b"], 10, np.random.default_rng(0))
    # 1 and 2: 0.6, 2 and 3: 0.8, 1 and 3: 0
    assert sorted(found.scores.tolist()) == pytest.approx([0.6, 0.8, 0.8])
    assert found.people == 1
    assert found.missed(0.7) == pytest.approx(1 / 3)


def test_the_normal_scale_is_minus_the_logarithm_of_the_normal_tail() -> None:
    assert normal_scale(0.3, 0.3, 0.1) == pytest.approx(math.log(2))
    assert normal_scale(0.3 + 0.1959964, 0.3, 0.1) == pytest.approx(-math.log(0.025), rel=1e-6)
    # Far out the two ways of computing it meet.
    assert normal_scale(20.0001, 0, 1) == pytest.approx(normal_scale(19.9999, 0, 1), rel=1e-4)


def test_the_shares_beyond_an_excess_are_the_paretos() -> None:
    shape, scale = np.array([0.0, 0.5, -0.5, -0.5]), np.array([2.0, 1.0, 1.0, 1.0])
    # exp(-2 / 2); (1 + 0.5 * 2) ** -2; beyond the end; within it (1 - 0.5) ** 2
    assert survival(2.0, shape, scale)[:3] == pytest.approx([math.exp(-1), 0.25, 0.0])
    assert survival(1.0, shape, scale)[3] == pytest.approx(0.25)


def test_shape_and_mean_of_peaks_by_hand() -> None:
    # Excesses 1, 1, 10 of equal weight: a0 = 4; a1 = (5/6 * 1 + 1/2 * 1 + 1/6 * 10) / 3 = 1; shape = 2 - 4 / 2 = 0.
    # The last one counting for nothing: a0 = 1; a1 = (3/4 + 1/4) / 2 = 1/2: nothing between, the lowest shape.
    mean, shape = weighted_moments(np.array([1.0, 1.0, 10.0]), np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]))
    assert mean == pytest.approx([4.0, 1.0])
    assert shape == pytest.approx([0.0, -0.5])


def test_a_weight_of_two_is_a_peak_seen_twice() -> None:
    once, twice = np.array([0.5, 1.0, 2.0, 5.0]), np.array([0.5, 1.0, 1.0, 2.0, 5.0])
    weighted = weighted_moments(once, np.array([[1.0, 2.0, 1.0, 1.0]]))
    repeated = weighted_moments(twice, np.ones((1, 5)))
    assert weighted[0] == pytest.approx(repeated[0])
    assert weighted[1] == pytest.approx(repeated[1], abs=1e-12)


def test_the_tail_of_normal_scores_is_the_normal_tail() -> None:
    scores = np.random.default_rng(0).normal(size=20_000)
    tail = fit(strangers_of_scores(scores), np.random.default_rng(1), shape_std=0.1)
    rates = tail.rates(3.5)
    true = 0.5 * math.erfc(3.5 / math.sqrt(2))
    assert len(rates) == 401
    lo, hi = np.quantile(rates[1:], [0.025, 0.975])
    assert lo < true < hi
    assert rates[0] == pytest.approx(true, rel=0.5)
    assert tail.rates(tail.floor)[0] == pytest.approx(0.05, rel=0.01)  # at the floor it is the count


def test_only_scores_far_beyond_a_smooth_tail_are_surprising() -> None:
    scores = np.random.default_rng(0).normal(size=5000) / 10
    limit = surprising(strangers_of_scores(scores))
    assert scores.max() < limit < 1.0
    odd = surprising(strangers_of_scores(np.append(scores, [0.99] * 5)))
    assert odd == pytest.approx(limit, abs=0.02)  # a few odd pairs do not move it
    assert surprising(strangers_of_scores(np.full(100, 0.5))) == math.inf
