"""Naming everyone in a photograph, comparing two, and how sure in words."""

import math
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

import facekd
from facekd.modelcard import InputSpec, Metric, ModelCard, Threshold, read_card
from facekd.policy import threshold_at
from facekd.types import State
from facekd_db.records import PersonFields
from facekd_ui.services.closeness import (
    Closeness,
    Kind,
    closeness,
    far_at,
    percent,
    same_people,
    strangers,
    strangers_for_a_wrong_name,
)
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services

Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB, EVE = 1, 6, 4


def card(*rows: tuple[float, float], n: int = 1_000_000, **metrics: Metric) -> ModelCard:
    table = tuple(Threshold(far, value, value, value, n) for far, value in rows)
    spec = InputSpec((112, 112), "rgb")
    return ModelCard("0" * 64, "embedder", spec, "", "", dim=128, threshold=table, metrics=metrics)


CARDS = Path(facekd.__file__).parent / "cards"
EMBEDDERS = [path.name for path in sorted(CARDS.glob("*.toml")) if read_card(path).kind == "embedder"]
MEASURED = card((1e-2, 0.25), (1e-3, 0.34), (1e-4, 0.41))


def test_everyone_in_a_photograph_is_named_and_strangers_are_not(
    operator: Services, admin: Services, portrait: Portrait, paint: Paint
) -> None:
    ada = operator.enrolment.enrol(
        PersonFields("Ada"), operator.enrolment.examine_files([portrait(ADA)])
    ).person
    faces = operator.photo.name_everyone(paint({ADA: (64, 64), EVE: (240, 160)}))
    by_state = {face.state: face for face in faces}
    known, unknown = by_state[State.KNOWN], by_state[State.UNKNOWN]
    assert (known.person, known.person_id) == ("Ada", ada.id)
    assert known.closeness.kind in (Kind.CLOSER, Kind.EVERY)
    assert (unknown.person, unknown.person_id, unknown.closeness.kind) == (None, None, Kind.NONE)
    assert operator.photo.name_everyone(paint({})) == ()
    row = admin.audit.page(act="photo.name")[-1]
    assert row.detail == {"faces": 2, "people": str(ada.id)}  # ids, no names


def test_two_photographs_are_compared_with_the_answer_on_the_curves(operator: Services, paint: Paint) -> None:
    a, b, other = paint({ADA: (80, 80)}), paint({ADA: (200, 120)}), paint({BOB: (160, 120)})
    same = operator.photo.compare(a, b)
    assert (same.state, same.line) == (State.KNOWN, pytest.approx(0.7))
    assert same.score > 0.99
    assert same.words() == "The same person."
    different = operator.photo.compare(a, other)
    assert (different.state, different.closeness.kind) == (State.UNKNOWN, Kind.NONE)
    assert different.same_people is None  # nobody measured it, so it is not drawn
    assert different.strangers.height(0.0) > different.strangers.height(0.7)
    with pytest.raises(Invalid, match="photograph 2"):
        operator.photo.compare(a, paint({}))


def test_the_rate_at_a_score_is_the_inverse_of_the_threshold_at_a_rate() -> None:
    for far in (1e-2, 3e-3, 1e-3, 2e-4, 1e-4):
        assert far_at(MEASURED, threshold_at(MEASURED, far)) == pytest.approx(far, rel=1e-6)
    assert far_at(MEASURED, 0.1) == 1e-2
    assert far_at(MEASURED, 0.9) == 1e-4


def test_a_share_of_strangers_is_counted_for_everyone_on_file() -> None:
    one = closeness(MEASURED, 0.34, 1, named=True)
    assert (one.kind, one.share) == (Kind.CLOSER, pytest.approx(0.999))
    hundred = closeness(MEASURED, 0.34, 100, named=False)
    assert (hundred.kind, hundred.share) == (Kind.WEAK, pytest.approx(0.999**100))
    assert closeness(MEASURED, 0.34, 10_000, named=False).kind is Kind.NONE  # most strangers come as close
    assert closeness(MEASURED, 0.2, 1, named=False).kind is Kind.NONE


def test_certainty_never_goes_beyond_what_was_tried() -> None:
    few = card((1e-2, 0.25), (1e-3, 0.34), n=500)
    assert closeness(few, 0.6, 1, named=True) == Closeness(Kind.EVERY, 1 - 1 / 500, 500)
    assert str(closeness(few, 0.6, 1, named=True).words()) == "Closer than every stranger tried (500)"
    many = closeness(MEASURED, 0.6, 10, named=True)
    assert (many.kind, many.share) == (Kind.CLOSER, pytest.approx((1 - 1e-4) ** 10))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50 %"),
        (0.999, "99.9 %"),
        (0.99989, "99.98 %"),
        (0.9999, "99.99 %"),
        (0.97, "97 %"),
        (0.999999, "99.9999 %"),
    ],
)
def test_a_percentage_is_cut_off_never_rounded_up(share: float, text: str) -> None:
    assert percent(share) == text


def test_the_strangers_curve_has_the_tables_tail() -> None:
    bell = strangers(
        card(*((far, 0.02 + 0.11 * NormalDist().inv_cdf(1 - far)) for far in (1e-2, 1e-3, 1e-4)))
    )
    assert (bell.mean, bell.std) == (pytest.approx(0.02), pytest.approx(0.11))
    assert strangers(card((1e-3, 0.3))).std == pytest.approx(1 / math.sqrt(128))


def test_the_curve_of_same_people_comes_from_the_card_or_from_enough_pairs_on_file() -> None:
    described = card(
        (1e-2, 0.2), genuine_mean=Metric(0.7, 900, 0.69, 0.71), genuine_std=Metric(0.1, 900, 0.09, 0.11)
    )
    bell = same_people(described, ())
    assert bell is not None
    assert (bell.mean, bell.std, bell.n) == (0.7, 0.1, 900)
    assert same_people(MEASURED, [0.6] * 29) is None
    own = same_people(MEASURED, [0.5, 0.7] * 20)
    assert own is not None
    assert (own.mean, own.n) == (pytest.approx(0.6), 40)
    assert own.std == pytest.approx(0.1 * math.sqrt(40 / 39))


def test_the_promise_of_the_table_is_counted_for_everyone_on_file_and_never_beyond_the_table() -> None:
    table = card((1e-2, 0.2), (1e-4, 0.4), (1e-6, 0.6))
    # The rate of one comparison is 1e-4 at most: one person 1 in 10,000, three people 1 in 3,333, cut to two digits.
    assert strangers_for_a_wrong_name(table, 1) == 10_000
    assert strangers_for_a_wrong_name(table, 3) == 3_300
    # 1 in 1,000 views for as many people as the table carries; twice as many people, half the promise.
    assert strangers_for_a_wrong_name(table, 100) == 1_000
    assert strangers_for_a_wrong_name(table, 2_000) == 500
    assert strangers_for_a_wrong_name(table, 0) is None
    assert strangers_for_a_wrong_name(card(), 5) is None


@pytest.mark.parametrize("model", EMBEDDERS)
def test_the_cards_of_known_recognisers_carry_the_curve_of_same_people(model: str) -> None:
    known = read_card(CARDS / model)
    bell = same_people(known, ())
    assert bell is not None
    assert bell.n == known.metrics["genuine_std"].n > 5_000
    assert known.metrics["genuine_mean"].lo < bell.mean < known.metrics["genuine_mean"].hi
    # People are alike: the middle of the curve lies above what one in ten thousand pairs of strangers reaches.
    assert bell.mean > threshold_at(known, 1e-4)
