"""The threshold promise: its figures by another route, its refusals, its coverage where the truth is known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.calibration import Basis, Promise, Refusal, calibrate, calibrate_scores, promise
from facekd.policy import Policy

DIM = 128
Vectors = NDArray[np.float32]


def crowd(people: int, photos: int = 1, spread: float = 0.0, seed: int = 0) -> tuple[Vectors, list[str]]:
    """People in random directions, each photograph off by `spread` in every one of the 128 dimensions."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(people, 1, DIM))
    centre /= np.linalg.norm(centre, axis=-1, keepdims=True)
    views = centre + spread * rng.normal(size=(people, photos, DIM))
    views /= np.linalg.norm(views, axis=-1, keepdims=True)
    names = [f"person {number}" for number in range(people) for _ in range(photos)]
    return views.reshape(-1, DIM).astype(np.float32), names


def chance_of(cosine: float) -> float:
    """P(cos >= t) of two random directions, by the density (1 - s^2)^((d - 3) / 2), integrated."""
    grid = np.linspace(-1, 1, 400_001)
    density = (1 - grid**2) ** ((DIM - 3) / 2)
    return float(density[grid >= cosine].sum() / density.sum())


def promised(answer: Promise | Refusal) -> Promise:
    assert isinstance(answer, Promise)
    return answer


def test_the_interval_holds_the_truth_where_the_truth_is_known() -> None:
    inside = above = tried = 0
    for seed in range(60):
        calibration = calibrate(*crowd(100, seed=seed))
        for strangers in (100, 500):
            answer = promised(calibration.promise(strangers))
            true = 1 - (1 - chance_of(answer.threshold)) ** 100
            tried += 1
            inside += answer.lo <= true <= answer.hi
            above += true > 1 / strangers
    assert inside >= 0.9 * tried
    assert above <= 0.05 * tried


def test_a_promise_is_kept_by_its_whole_interval_and_a_harder_one_asks_for_more() -> None:
    calibration = calibrate(*crowd(300, photos=2, spread=0.05))
    answers = [promised(calibration.promise(number)) for number in (30, 100, 300, 1000, 1500)]
    for answer in answers:
        assert 0 <= answer.lo <= answer.fpir <= answer.hi <= 1 / answer.strangers + 1e-12
        assert -1 <= answer.uncertain <= answer.threshold <= 1
        assert answer.people == 300
    thresholds = [answer.threshold for answer in answers]
    assert thresholds == sorted(set(thresholds))
    missed = [answer.fnir.value for answer in answers if answer.fnir]
    assert missed == sorted(missed)
    assert len(missed) == 5


def test_more_people_make_the_interval_narrower() -> None:
    widths = []
    for people in (50, 200, 800):
        answer = promised(promise(*crowd(people), strangers=250))
        widths.append(answer.hi / answer.lo)
    assert widths == sorted(widths, reverse=True)


def test_equal_data_and_seed_give_equal_promises_in_any_order_of_the_rows() -> None:
    vectors, people = crowd(60, photos=2, spread=0.05)
    order = np.random.default_rng(1).permutation(len(people))
    first = promised(promise(vectors, people, strangers=100, seed=3))
    assert promise(vectors, people, strangers=100, seed=3) == first
    mixed = promised(promise(vectors[order], [people[row] for row in order], strangers=100, seed=3))
    assert mixed.threshold == pytest.approx(first.threshold, abs=1e-4)


@pytest.mark.parametrize("people", [0, 1, 2, 29])
def test_fewer_than_thirty_people_promise_nothing(people: int) -> None:
    assert promise(*crowd(people), strangers=100) == Refusal(100, people, 30)
    assert promise(*crowd(people), strangers=1000) == Refusal(1000, people, 200)


def test_thirty_people_carry_five_times_as_many_strangers_and_no_more() -> None:
    calibration = calibrate(*crowd(30))
    assert isinstance(calibration.promise(150), Promise)
    assert calibration.promise(151) == Refusal(151, 30, 31)
    assert calibration.promise(100_000) == Refusal(100_000, 30, 20_000)


def test_many_photographs_of_few_people_are_still_few_people() -> None:
    vectors, people = crowd(20, photos=50, spread=0.05)
    assert promise(vectors, people, strangers=100) == Refusal(100, 20, 30)


def test_people_who_all_look_the_same_are_refused() -> None:
    vectors = np.zeros((40, DIM), np.float32)
    vectors[:, 0] = 1
    answer = promise(vectors, [str(number) for number in range(40)], strangers=100)
    assert isinstance(answer, Refusal)
    assert answer.people_needed > 40


def test_someone_on_file_twice_is_named_and_does_not_spoil_the_promise() -> None:
    vectors, people = crowd(100)
    alone = promised(promise(vectors, people, strangers=300))
    twice = np.concatenate([vectors, vectors[7:8]])
    calibration = calibrate(twice, [*people, "another name"])
    assert [pair[:2] for pair in calibration.alike] == [("another name", "person 7")]
    assert calibration.alike[0][2] == pytest.approx(1.0, abs=1e-5)
    assert promised(calibration.promise(300)).threshold == pytest.approx(alone.threshold, abs=0.02)
    assert calibrate(vectors, people).alike == ()


def test_a_large_gallery_is_judged_by_some_of_its_people_against_all() -> None:
    vectors, people = crowd(400)
    whole = promised(calibrate(vectors, people).promise(300))
    part = promised(calibrate(vectors, people, most=100).promise(300))
    assert part.people == 400
    true = 1 - (1 - chance_of(part.threshold)) ** 400
    assert part.lo <= true <= part.hi
    assert part.threshold == pytest.approx(whole.threshold, abs=0.05)
    assert calibrate(vectors, people, most=100).promise(501) == Refusal(501, 400, 401)


def test_a_promise_is_counted_as_far_as_the_rule_of_three_carries_it() -> None:
    # 1,500 people see each pair from both sides: 750 trials, a third of which is 250
    calibration = calibrate(*crowd(1500, seed=2))
    for strangers, basis in ((1, Basis.COUNTED), (250, Basis.COUNTED), (251, Basis.ESTIMATED)):
        answer = promised(calibration.promise(strangers))
        assert answer.basis is basis
    found = calibration.strangers
    assert found is not None
    counted = promised(calibration.promise(30))
    assert counted.lo <= found.count(counted.threshold) / 1500 <= counted.hi  # what was counted agrees


def test_the_price_is_the_share_of_photographs_unlike_the_others_of_the_same_person() -> None:
    vectors, people = crowd(40, photos=2)  # both photographs the same
    off = np.array(vectors)
    off[1] = -off[0]  # the two of the first person are opposites, both are missed
    calibration = calibrate(off, people)
    price = calibration.missed(0.5)
    assert price is not None
    assert (price.value, price.n) == (pytest.approx(1 / 40), 40)
    # Wilson's interval of 1 in 40 by the formula, z = 1.959964
    z, p, n = 1.959964, 1 / 40, 40
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert price.lo == pytest.approx((middle - half) / (1 + z * z / n), rel=1e-5)
    assert price.hi == pytest.approx((middle + half) / (1 + z * z / n), rel=1e-5)
    assert calibrate(*crowd(40)).missed(0.5) is None  # nobody has two photographs


def test_vectors_that_are_no_embeddings_are_refused_with_what_came() -> None:
    vectors, people = crowd(30)
    broken = np.array(vectors)
    broken[3, 4] = np.nan
    with pytest.raises(ValueError, match="finite vectors of length 1"):
        calibrate(broken, people)
    with pytest.raises(ValueError, match=r"off by 1"):
        calibrate(2 * vectors, people)
    with pytest.raises(ValueError, match=r"\[30, 128\] and 29"):
        calibrate(vectors, people[:-1])
    with pytest.raises(ValueError, match="at least 1 stranger"):
        calibrate(vectors, people).promise(0)


def normal_above(threshold: float) -> float:
    return 0.5 * math.erfc(threshold / math.sqrt(2))


def test_scores_of_a_file_give_the_quantile_that_they_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(40):
        scores = 0.1 * rng.normal(size=2000)
        answer = promised(calibrate_scores(0.6 + 0.1 * rng.normal(size=500), scores).promise(1000))
        true = normal_above(answer.threshold / 0.1)
        inside += answer.lo <= true <= answer.hi
        assert answer.fnir is not None
        assert answer.fnir.value == pytest.approx(normal_above((0.6 - answer.threshold) / 0.1), abs=0.05)
        assert answer.people == 2000
    assert inside >= 36


def test_scores_carry_five_times_their_number_and_say_what_more_would_take() -> None:
    scores = np.random.default_rng(0).normal(size=3000) / 10
    calibration = calibrate_scores([], scores)
    assert promised(calibration.promise(15_000)).fnir is None
    assert calibration.promise(100_000) == Refusal(100_000, 3000, 20_000)
    assert calibrate_scores([0.5], scores[:29]).promise(100) == Refusal(100, 29, 30)
    assert calibrate_scores([], []).promise(100) == Refusal(100, 0, 30)
    with pytest.raises(ValueError, match="finite impostor"):
        calibrate_scores([], [0.1, np.inf])


def test_equal_scores_stand_or_fall_together() -> None:
    rounded = np.round(np.random.default_rng(0).normal(size=5000) / 10, 2)
    answer = promised(calibrate_scores([], rounded).promise(100))
    assert np.mean(rounded >= answer.threshold) <= 1 / 100


def test_scores_that_are_all_the_same_are_refused() -> None:
    answer = calibrate_scores([], np.full(500, 0.25)).promise(100)
    assert isinstance(answer, Refusal)
    assert answer.people_needed > 500


def test_a_policy_takes_its_thresholds_from_a_promise() -> None:
    answer = promised(promise(*crowd(100), strangers=100))
    policy = Policy.from_promise(answer)
    assert (policy.known, policy.uncertain) == (answer.threshold, answer.uncertain)
    assert policy.margin == Policy(known=1, uncertain=1).margin
