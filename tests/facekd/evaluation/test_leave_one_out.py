"""Each photograph against all others: computed in one go, and here one by one."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.evaluation import leave_one_out
from facekd.evaluation.leave_one_out import (
    all_pairs,
    finds_question,
    left_out,
    same_question,
    strangers_question,
    true_accepts,
)
from facekd.evaluation.verification import Refused, TrueAccepts

Vectors = NDArray[np.float32]


def crowd(
    people: int, photos: int, noise: float, seed: int = 0, dim: int = 16
) -> tuple[Vectors, NDArray[np.int64]]:
    """Unit vectors around a direction of their own for each person."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.standard_normal((people, dim)), photos, axis=0)
    rows = centres + noise * rng.standard_normal(centres.shape)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), np.repeat(np.arange(people), photos)


def test_the_most_alike_others_are_those_that_a_loop_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leave_one_out, "BLOCK", 4)  # several blocks
    vectors, people = crowd(5, 3, 0.8)
    vectors, people = vectors[:-2], people[:-2]  # the last person has one photograph
    found = left_out(vectors, people)
    for row in range(len(people)):
        scores = {other: float(vectors[row] @ vectors[other]) for other in range(len(people)) if other != row}
        own = {k: v for k, v in scores.items() if people[k] == people[row]}
        others = {k: v for k, v in scores.items() if people[k] != people[row]}
        assert found.other_row[row] == max(others, key=lambda k: others[k])
        assert found.other[row] == pytest.approx(max(others.values()), abs=1e-6)
        if own:
            assert found.own_row[row] == max(own, key=lambda k: own[k])
        else:
            assert found.own[row] == -np.inf


def test_the_right_person_must_come_first_and_reach_the_line() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8]], np.float32)  # cosines 0.8, 0.6 and 0.96
    found = left_out(vectors, np.array([0, 0, 1]))
    assert found.finds(0.7).tolist() == [True, False, False]  # the second is more like the other person
    assert found.finds(0.81).tolist() == [False, False, False]
    assert found.named(0.7).tolist() == [False, True, True]
    assert found.named(0.97).tolist() == [False, False, False]


def test_questions_count_people_not_photographs() -> None:
    people = np.array([0, 0, 0, 0, 1, 1, 2])
    active = np.array([True] * 7)
    candidate = np.array([True, True, True, False, False, False, True])
    found = finds_question(active, candidate, people)
    assert (found.people, found.trials) == (2, 6)  # one photograph cannot be found by another
    assert found.candidate.value == pytest.approx((0.75 + 0.0) / 2)
    strangers = strangers_question(~active, ~candidate, people)  # the candidate names some of them
    assert strangers.people == 3
    assert strangers.candidate.value == pytest.approx((0.75 + 0.0 + 1.0) / 3)
    assert strangers.active.value == 1.0


def test_a_gallery_that_cannot_answer_is_not_asked() -> None:
    alone = np.array([0, 1, 2])
    yes = np.array([True] * 3)
    assert finds_question(yes, yes, alone).people == 0
    assert strangers_question(yes[:2], yes[:2], np.array([0, 0])).people == 0
    vectors, people = crowd(10, 2, 0.3)
    pairs = all_pairs(vectors, people)  # 180 pairs of strangers carry no rate
    assert same_question(pairs, pairs, people).people == 0


def test_all_pairs_are_all_pairs() -> None:
    vectors, people = crowd(6, 3, 0.5)
    pairs = all_pairs(vectors, people)
    expected: dict[bool, list[float]] = {True: [], False: []}
    for a, b in itertools.combinations(range(len(people)), 2):
        expected[bool(people[a] == people[b])].append(float(vectors[a] @ vectors[b]))
    assert np.sort(pairs.genuine) == pytest.approx(np.sort(expected[True]), abs=1e-6)
    assert pairs.impostor == pytest.approx(np.sort(expected[False])[::-1], abs=1e-6)
    assert (pairs.first != pairs.second).all()


def test_two_pictures_of_one_person_are_judged_at_the_rate_that_strangers_carry() -> None:
    vectors, people = crowd(60, 4, 0.5)
    pairs = all_pairs(vectors, people)
    assert len(pairs.impostor) == 60 * 59 // 2 * 16  # 28,320: thirty of them are a bit more than 1e-3
    found = same_question(pairs, pairs, people)
    assert (found.detail, found.people, found.trials, found.difference) == ("1e-2", 60, 360, 0.0)
    threshold = np.sort(pairs.impostor)[-284]  # 283 of 28,320 lie above it
    shares = [np.mean(pairs.genuine[pairs.whose == person] > threshold) for person in range(60)]
    assert found.active.value == pytest.approx(np.mean(shares))
    rates = true_accepts(pairs)
    assert isinstance(rates["1e-3"], TrueAccepts)
    assert rates["1e-5"] == Refused(300_000)


def test_a_damaged_model_is_worse_at_everything() -> None:
    vectors, people = crowd(80, 4, 0.4)
    damaged = vectors + 0.4 * np.random.default_rng(9).standard_normal(vectors.shape).astype(np.float32)
    damaged /= np.linalg.norm(damaged, axis=1, keepdims=True)
    good, bad = left_out(vectors, people), left_out(damaged, people)
    line = 0.7
    finds = finds_question(good.finds(line), bad.finds(line), people)
    same = same_question(all_pairs(vectors, people), all_pairs(damaged, people), people)
    for each in (finds, same):
        assert each.interval()[1] < 0, each.question


def test_draws_move_the_line_with_the_people_drawn() -> None:
    # The strangers who are most alike are the people 0 and 1: where neither is drawn, the line lies lower.
    vectors, people = crowd(40, 3, 0.3)
    twins = np.flatnonzero(people == 1)
    vectors[twins] = vectors[np.flatnonzero(people == 0)]
    pairs = all_pairs(vectors, people)
    weights = np.ones((2, 40))
    weights[1, :2] = 0
    counts = np.bincount(people)
    both, neither = leave_one_out._lines(pairs, counts, 1e-2, weights)
    assert both > neither
    rest = np.sort(pairs.impostor[(pairs.first > 1) & (pairs.second > 1)])[::-1]
    assert neither == rest[int(1e-2 * len(rest))]  # so many lie above it
