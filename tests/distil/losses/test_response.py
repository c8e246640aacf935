"""Responses at every stage. Hand-checked values are those of kd-spec, section 6.4."""

import pytest
import torch
from torch import Tensor

from facekd.distil.losses.response import (
    Direction,
    Pairs,
    embedding_review_loss,
    review_loss,
    review_pairs,
    stage_response_loss,
)


def stages(**options: bool) -> list[Tensor]:
    return [torch.tensor([[value, 0, 0]], dtype=torch.float64, **options) for value in (0.0, 1.0, 2.0)]


@pytest.mark.parametrize(
    ("pairs", "temperature", "single"),
    [
        ("adjacent", 1, [0.123284, 0.098886]),
        ("adjacent", 3, [0.118167, 0.124222]),
        ("final", 1, [0.433040, 0.098886]),
        ("final", 3, [0.489516, 0.124222]),
        ("all", 3, [0.118167, 0.489516, 0.124222]),
    ],
)
def test_review_has_the_values_computed_by_hand(
    pairs: Pairs, temperature: float, single: list[float]
) -> None:
    value = review_loss(stages(), temperature, pairs)
    assert value.item() == pytest.approx(sum(single) / len(single), abs=1e-6)


def test_the_default_review_of_three_stages_is_0_243968() -> None:
    assert review_loss(stages(), 3).item() == pytest.approx(0.243968, abs=1e-6)


def test_a_single_stage_and_equal_stages_have_nothing_to_review() -> None:
    one = torch.randn(4, 3, requires_grad=True)
    assert review_loss([one], 3).item() == 0
    assert embedding_review_loss([one]).item() == 0
    assert review_loss([one, one, one], 3).item() == pytest.approx(0, abs=1e-7)
    review_loss([one], 3).backward()
    assert one.grad is not None
    assert one.grad.eq(0).all()


@pytest.mark.parametrize("pairs", ["all", "adjacent", "final"])
def test_deep_stages_pull_shallow_ones_and_get_no_gradient(pairs: Pairs) -> None:
    logits = stages(requires_grad=True)
    review_loss(logits, 3, pairs).backward()
    assert logits[2].grad is None  # it only ever teaches
    for shallow in logits[:2]:
        assert shallow.grad is not None
        # Descending raises the class that the deeper stages prefer.
        assert shallow.grad[0, 0] < 0


def test_shallow_stages_teach_when_the_direction_is_turned() -> None:
    logits = stages(requires_grad=True)
    review_loss(logits, 3, "all", "shallow_to_deep").backward()
    assert logits[0].grad is None
    assert logits[2].grad is not None
    assert logits[2].grad[0, 0] > 0


def test_without_stop_gradient_both_sides_move() -> None:
    logits = stages(requires_grad=True)
    review_loss(logits, 3, stop_gradient=False).backward()
    assert all(stage.grad is not None and stage.grad.abs().sum() > 0 for stage in logits)


@pytest.mark.parametrize(
    ("pairs", "direction", "expected"),
    [
        ("all", "deep_to_shallow", [(1, 0), (2, 0), (2, 1)]),
        ("adjacent", "deep_to_shallow", [(1, 0), (2, 1)]),
        ("final", "deep_to_shallow", [(2, 0), (2, 1)]),
        ("adjacent", "shallow_to_deep", [(0, 1), (1, 2)]),
        ("final", "symmetric", [(2, 0), (2, 1), (0, 2), (1, 2)]),
    ],
)
def test_who_teaches_whom(pairs: Pairs, direction: Direction, expected: list[tuple[int, int]]) -> None:
    assert review_pairs(3, pairs, direction) == expected


def test_stage_responses_are_the_mean_over_the_stages() -> None:
    """Stage 0 pairs the rows of kd-spec 6.4 (0.253655 at T = 4), stage 1 agrees."""
    teacher = torch.tensor([[2, 1, 0], [0, 2, 1]], dtype=torch.float64)
    student = torch.tensor([[1, 0, 0], [1, 1, 0]], dtype=torch.float64)
    loss = stage_response_loss([student, teacher], [teacher, teacher], 4)
    assert loss.item() == pytest.approx(0.253655 / 2, abs=1e-6)
    half = torch.full((2,), 0.5, dtype=torch.float64)
    assert stage_response_loss(
        [student, teacher], [teacher, teacher], 4, [half, half]
    ).item() == pytest.approx(loss.item())


def test_a_stage_whose_weights_are_zero_gets_no_gradient() -> None:
    student = [torch.randn(2, 3, requires_grad=True) for _ in range(2)]
    teacher = [torch.randn(2, 3, requires_grad=True) for _ in range(2)]
    stage_response_loss(student, teacher, 4, [torch.zeros(2), torch.ones(2)]).backward()
    assert student[0].grad is not None
    assert student[0].grad.eq(0).all()
    assert student[1].grad is not None
    assert student[1].grad.abs().sum() > 0
    assert all(stage.grad is None for stage in teacher)


def test_embeddings_review_by_their_cosine() -> None:
    shallow, deep = (
        torch.tensor([[1.0, 0.0]], requires_grad=True),
        torch.tensor([[3.0, 3.0]], requires_grad=True),
    )
    loss = embedding_review_loss([shallow, deep])
    loss.backward()
    assert loss.item() == pytest.approx(1 - 0.5**0.5)
    assert deep.grad is None
    assert shallow.grad is not None
    assert shallow.grad[0, 1] < 0
