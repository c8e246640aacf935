"""The lines of a model's card: thresholds from pairs of strangers, and how alike one person's pictures are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.evaluation.lines import few_each, measure_lines


def crowd(people: int, each: int, noise: float, seed: int = 0) -> tuple[NDArray[np.float32], list[str]]:
    """Unit vectors around a random direction of each person."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(people, 1, 16))
    middles /= np.linalg.norm(middles, axis=2, keepdims=True)
    rows = (middles + noise * rng.normal(size=(people, each, 16))).reshape(-1, 16)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), [f"P{number}" for number in range(people) for _ in range(each)]


def test_a_threshold_is_passed_by_no_more_pairs_of_strangers_than_its_rate() -> None:
    vectors, people = crowd(120, 3, 0.1)
    names = np.array(people)
    scores = vectors @ vectors.T
    apart = np.triu(names[:, None] != names[None, :])
    found = measure_lines(vectors, people)
    assert (found.people, found.crops) == (120, 360)
    assert [row.far for row in found.thresholds] == [1e-2, 1e-3, 1e-4]  # 64,260 pairs carry no 1e-5
    for row in found.thresholds:
        assert row.n == apart.sum() == 64_260
        passed = (scores[apart] >= row.value - 1e-4).sum()
        assert row.far * row.n * 0.95 <= passed + 1
        assert (scores[apart] >= row.value + 1e-4).sum() <= row.far * row.n
        assert row.lo <= row.value <= row.hi


def test_pictures_of_one_person_count_by_person_and_not_by_pair() -> None:
    apart = np.eye(8, dtype=np.float32)
    twice = np.repeat(apart[:1], 4, axis=0)  # six pairs of cosine 1
    tilted = np.stack([apart[1], 0.6 * apart[1] + 0.8 * apart[2]])  # one pair of cosine 0.6
    found = measure_lines(np.concatenate([twice, tilted]), [0, 0, 0, 0, 1, 1])
    assert found.metrics["genuine_mean"].value == pytest.approx(0.8, abs=1e-4)
    assert found.metrics["genuine_std"].value == pytest.approx(0.2, abs=1e-4)
    assert found.metrics["genuine_mean"].n == 7
    assert found.thresholds == ()  # eight pairs of strangers carry nothing


def test_people_with_one_picture_say_nothing_of_same_people() -> None:
    assert measure_lines(np.eye(4, dtype=np.float32), ["a", "b", "c", "d"]).metrics == {}


def test_nobody_counts_for_more_than_a_few_pictures() -> None:
    rows = few_each(["a"] * 40 + ["b"] * 2)
    assert sorted(np.asarray(["a"] * 40 + ["b"] * 2)[rows].tolist()) == ["a"] * 5 + ["b"] * 2
    assert len(set(rows.tolist())) == 7
