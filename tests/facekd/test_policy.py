import itertools

import msgspec
import pytest

from facekd.errors import ModelFileError
from facekd.modelcard import ModelCard, Threshold, read_card
from facekd.models import CARDS, ModelFile
from facekd.policy import Policy, threshold_at


def card(rows: dict[float, float]) -> ModelCard:
    base = read_card(CARDS / "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.toml")
    table = tuple(Threshold(far, value, value, value, 1000) for far, value in rows.items())
    return msgspec.structs.replace(base, threshold=table)


TABLE = card({1e-2: 0.2, 1e-4: 0.4, 1e-6: 0.6})


def test_the_threshold_runs_straight_over_the_logarithm_of_the_rate() -> None:
    assert threshold_at(TABLE, 1e-4) == pytest.approx(0.4)
    assert threshold_at(TABLE, 1e-3) == pytest.approx(0.3)
    assert threshold_at(TABLE, 1e-5) == pytest.approx(0.5)


def test_beyond_what_was_measured_the_threshold_stays_at_the_end() -> None:
    assert threshold_at(TABLE, 1e-9) == pytest.approx(0.6)
    assert threshold_at(TABLE, 0.5) == pytest.approx(0.2)


def test_the_more_people_are_enrolled_the_stricter_is_a_name() -> None:
    small, middle, large = (Policy.from_card(TABLE, people) for people in (1, 100, 1000))
    assert small.known == pytest.approx(0.4)  # at most 1e-4, however few
    assert middle.known == pytest.approx(0.5)  # one in 1,000 strangers x 100 people = 1e-5
    assert large.known == pytest.approx(0.6)
    assert small.uncertain < middle.uncertain < large.uncertain < large.known


def test_a_harder_promise_asks_the_table_for_a_rarer_rate() -> None:
    assert Policy.from_card(TABLE, 100, strangers=10_000).known == pytest.approx(0.6)  # 1e-6
    assert Policy.from_card(TABLE, 100, strangers=100).known == pytest.approx(0.4)  # 1e-4


def test_a_card_without_thresholds_is_refused_with_the_way_out() -> None:
    with pytest.raises(ModelFileError, match="--known"):
        Policy.from_card(card({}), 10)


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"uncertain 0\.6 and known 0\.5"):
        Policy(known=0.5, uncertain=0.6)


def test_the_table_of_every_known_embedder_rises_with_strictness() -> None:
    for path in CARDS.glob("teacher_*.toml"):
        rows = sorted(read_card(path).threshold, key=lambda row: row.far)
        assert len(rows) == 5
        assert all(a.value > b.value and a.lo <= a.value <= a.hi for a, b in itertools.pairwise(rows))


def test_a_tiny_model_takes_its_policy_from_its_own_card(tiny_embedder: ModelFile) -> None:
    assert Policy.from_card(tiny_embedder.card, 2).known == pytest.approx(0.7)
