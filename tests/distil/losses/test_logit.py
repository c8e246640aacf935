"""Distillation of logits. Hand-checked values are those of kd-spec, section 6.4."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from facekd.distil.losses.logit import (
    SelectiveMode,
    corrected_logits,
    decoupled_divergence,
    kd_loss,
    selective_kd_loss,
    selective_weight,
    top_classes,
)

# The teacher is right about the first row and wrong about the second.
TEACHER = torch.tensor([[2, 1, 0], [0, 2, 1]], dtype=torch.float64)
STUDENT = torch.tensor([[1, 0, 0], [1, 1, 0]], dtype=torch.float64)
LABELS = torch.tensor([0, 2])
MODES: tuple[SelectiveMode, ...] = ("released", "progressive", "hard", "tcp", "swap")


def random_logits(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def selective(mode: SelectiveMode, epoch: int, student: Tensor = STUDENT, temperature: float = 1.0) -> Tensor:
    weight = selective_weight(mode, TEACHER, LABELS, epoch, 200)
    normaliser = "sum_w" if mode == "hard" else "batch"
    return selective_kd_loss(student, TEACHER, weight, temperature, normaliser)


@pytest.mark.parametrize(("temperature", "expected"), [(1, 0.164068), (4, 0.253655)])
def test_kd_has_the_value_computed_by_hand(temperature: float, expected: float) -> None:
    assert kd_loss(STUDENT, TEACHER, temperature).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("temperature", "expected"), [(1, [0.053808, 0.274328]), (4, [0.098609, 0.408700])])
def test_kd_of_single_rows_has_the_values_computed_by_hand(temperature: float, expected: list[float]) -> None:
    single = [kd_loss(STUDENT[i : i + 1], TEACHER[i : i + 1], temperature).item() for i in (0, 1)]
    assert single == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_the_gradient_of_kd_is_t_times_the_difference_of_probabilities(temperature: float) -> None:
    student = STUDENT.clone().requires_grad_()
    kd_loss(student, TEACHER, temperature).backward()
    p, q = (F.softmax(z / temperature, dim=1) for z in (STUDENT, TEACHER))
    torch.testing.assert_close(student.grad, temperature * (p - q) / 2)


def test_at_great_temperature_the_gradient_is_that_of_centred_logits() -> None:
    student = STUDENT.clone().requires_grad_()
    kd_loss(student, TEACHER, 1e5).backward()
    difference = STUDENT - TEACHER
    centred = difference - difference.mean(dim=1, keepdim=True)
    torch.testing.assert_close(student.grad, centred / 3 / 2, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("mode", "epoch", "expected"),
    [
        ("progressive", 60, 0.164068),
        ("progressive", 110, 0.095486),
        ("progressive", 160, 0.026904),
        ("progressive", 200, 0.026904),
        ("hard", 1, 0.053808),
        ("released", 1, 0.244780),
        ("released", 61, 0.160600),
        ("released", 100, 0.130086),
        ("released", 200, 0.069133),
    ],
)
def test_selective_kd_has_the_value_computed_by_hand(
    mode: SelectiveMode, epoch: int, expected: float
) -> None:
    assert selective(mode, epoch).item() == pytest.approx(expected, abs=1e-6)


def test_selective_kd_by_the_probability_of_the_label_has_the_value_computed_by_hand() -> None:
    # p(label) = 0.665241 and 0.244728 (softmax of the teacher's rows); KL = 0.053808 and 0.274328.
    expected = (0.665241 * 0.053808 + 0.244728 * 0.274328) / 2
    assert selective("tcp", 1).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_a_student_equal_to_its_teacher_has_nothing_to_learn(mode: SelectiveMode) -> None:
    assert kd_loss(TEACHER, TEACHER, 4).item() == pytest.approx(0, abs=1e-12)
    # The published code's own formula gives 1.5255 here at epoch 1.
    assert selective(mode, 1, TEACHER).item() == pytest.approx(0, abs=1e-12)


def test_swap_is_not_zero_where_the_teacher_was_wrong() -> None:
    corrected = corrected_logits(TEACHER, LABELS)
    assert corrected.tolist() == [[2, 1, 0], [0, 1, 2]]
    assert kd_loss(TEACHER, corrected, 1).item() > 0.1


def test_swap_leaves_unlabelled_rows_alone() -> None:
    assert corrected_logits(TEACHER, torch.tensor([-1, -1])).equal(TEACHER)


def test_the_released_form_has_the_gradient_of_the_published_formula() -> None:
    """sum m t log(m t) - m t m log s with T = 1, divided by N; differentiated by hand: m^2 (softmax(s) - t) / N."""
    student = STUDENT.clone().requires_grad_()
    weight = selective_weight("released", TEACHER, LABELS, 61, 200)
    selective_kd_loss(student, TEACHER, weight, 1).backward()
    m = torch.tensor([[2 * 0.81], [0.81]], dtype=torch.float64)
    expected = m**2 * (F.softmax(STUDENT, dim=1) - F.softmax(TEACHER, dim=1)) / 2
    torch.testing.assert_close(student.grad, expected)


def test_progressive_trust_is_full_at_first_and_only_in_right_teachers_at_the_end() -> None:
    history = torch.stack([selective_weight("progressive", TEACHER, LABELS, e, 200) for e in range(1, 201)])
    assert history[:60].eq(1).all()
    assert history[:, 0].eq(1).all()
    assert history[-1].tolist() == [1, 0]
    assert history[:, 1].diff().le(0).all()


@pytest.mark.parametrize(("decay", "middle"), [("linear", 0.5), ("cosine", 0.5), ("step", 0.0)])
@pytest.mark.parametrize("epochs", [10, 200])
def test_progressive_trust_falls_between_its_marks_at_any_length(
    decay: str, middle: float, epochs: int
) -> None:
    def wrong(epoch: int) -> float:
        weight = selective_weight("progressive", TEACHER, LABELS, epoch, epochs, decay=decay)  # type: ignore[arg-type]
        return weight[1].item()

    assert wrong(round(0.3 * epochs)) == 1
    assert wrong(round(0.8 * epochs)) == 0
    # 0.55 E is the middle; 5.5 epochs of ten do not exist.
    quarter = {"linear": 0.5, "cosine": (math.cos(0.5 * math.pi) + 1) / 2, "step": 0.0}[decay]
    if epochs == 200:
        assert wrong(110) == pytest.approx(quarter) == middle


def test_when_all_teachers_are_wrong_at_the_end_nothing_is_learnt_and_nothing_breaks() -> None:
    labels = torch.tensor([1, 2])
    for mode, normaliser in (("progressive", "batch"), ("progressive", "sum_w"), ("hard", "sum_w")):
        student = STUDENT.clone().requires_grad_()
        weight = selective_weight(mode, TEACHER, labels, 200, 200)  # type: ignore[arg-type]
        loss = selective_kd_loss(student, TEACHER, weight, 4, normaliser)  # type: ignore[arg-type]
        loss.backward()
        assert loss.item() == 0
        assert student.grad is not None
        assert student.grad.eq(0).all()


@pytest.mark.parametrize("mode", MODES)
def test_rows_without_a_label_are_not_selected(mode: SelectiveMode) -> None:
    assert selective_weight(mode, TEACHER, torch.tensor([-1, -1]), 1, 200).tolist() == [0, 0]


@pytest.mark.parametrize("mode", MODES)
def test_every_term_is_finite_not_negative_and_blind_to_order(mode: SelectiveMode) -> None:
    student, teacher = random_logits(16, 7), random_logits(16, 7, seed=1) * 3
    labels, order = torch.arange(16) % 7, torch.randperm(16, generator=torch.Generator().manual_seed(2))

    def value(rows: Tensor) -> float:
        weight = selective_weight(mode, teacher[rows], labels[rows], 100, 200)
        return selective_kd_loss(student[rows], teacher[rows], weight, 4).item()

    assert 0 <= value(torch.arange(16)) < 100
    assert value(order) == pytest.approx(value(torch.arange(16)), rel=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_a_constant_added_to_a_row_changes_nothing(mode: SelectiveMode) -> None:
    shift = torch.tensor([[5.0], [-3.0]], dtype=torch.float64)
    weight = selective_weight(mode, TEACHER + shift, LABELS, 100, 200)
    shifted = selective_kd_loss(STUDENT - shift, TEACHER + shift, weight, 4)
    plain = selective_kd_loss(STUDENT, TEACHER, selective_weight(mode, TEACHER, LABELS, 100, 200), 4)
    assert shifted.item() == pytest.approx(plain.item(), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_extreme_logits_and_half_precision_stay_finite(dtype: torch.dtype) -> None:
    student = torch.tensor([[1e4, -1e4, 0], [-1e4, 1e4, 0]], dtype=dtype, requires_grad=True)
    teacher = torch.tensor([[-1e4, 1e4, 0], [-1e4, 1e4, 0]], dtype=dtype)
    weight = selective_weight("progressive", teacher, LABELS, 1, 200)
    loss = selective_kd_loss(student, teacher, weight, 1) + kd_loss(student, teacher, 1)
    loss = loss + decoupled_divergence(student, teacher, LABELS, 1, 8, 4).mean()
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()


def test_a_batch_twice_over_changes_nothing() -> None:
    student, teacher, labels = STUDENT.repeat(2, 1), TEACHER.repeat(2, 1), LABELS.repeat(2)
    assert kd_loss(student, teacher, 4).item() == pytest.approx(kd_loss(STUDENT, TEACHER, 4).item())
    weight = selective_weight("progressive", teacher, labels, 110, 200)
    assert selective_kd_loss(student, teacher, weight, 1).item() == pytest.approx(0.095486, abs=1e-6)


def test_no_gradient_reaches_the_teacher() -> None:
    student, teacher = STUDENT.clone().requires_grad_(), TEACHER.clone().requires_grad_()
    weight = selective_weight("tcp", teacher, LABELS, 1, 200)
    loss = kd_loss(student, teacher, 4) + selective_kd_loss(student, teacher, weight, 4)
    (loss + decoupled_divergence(student, teacher, LABELS, 1, 8, 4).sum()).backward()
    assert teacher.grad is None
    assert student.grad is not None


def test_as_many_top_classes_as_there_are_give_the_full_divergence() -> None:
    student, teacher, labels = random_logits(8, 12), random_logits(8, 12, seed=1), torch.arange(8)
    full = kd_loss(student, teacher, 4).item()
    for count in (12, 1000):
        few = top_classes(student, teacher, labels, count)
        assert kd_loss(few[0], few[1], 4).item() == pytest.approx(full, rel=1e-12)


def test_the_label_is_always_among_the_top_classes() -> None:
    teacher = torch.tensor([[5.0, 4, 3, 2, 1], [5, 4, 3, 2, 1], [5, 4, 3, 2, 1]])
    student = torch.arange(15.0).reshape(3, 5)
    ours, theirs, labels = top_classes(student, teacher, torch.tensor([4, 1, -1]), 2)
    assert theirs.tolist() == [[5, 1], [5, 4], [5, 4]]
    assert ours.tolist() == [[0, 4], [5, 6], [10, 11]]
    assert labels.tolist() == [1, 1, -1]


def test_decoupled_divergence_has_the_value_computed_by_hand() -> None:
    """Row 0, T = 1: label against rest, and within the rest, from the definition."""
    q = [math.exp(z) / sum(math.exp(x) for x in (2, 1, 0)) for z in (2, 1, 0)]
    p = [math.exp(z) / sum(math.exp(x) for x in (1, 0, 0)) for z in (1, 0, 0)]
    target = q[0] * math.log(q[0] / p[0]) + (1 - q[0]) * math.log((1 - q[0]) / (1 - p[0]))
    others = sum(q[i] / (1 - q[0]) * math.log((q[i] / (1 - q[0])) / (p[i] / (1 - p[0]))) for i in (1, 2))
    rows = decoupled_divergence(STUDENT, TEACHER, LABELS, 1.0, 8.0, 1.0)
    assert rows[0].item() == pytest.approx(target + 8 * others)


def test_decoupled_parts_add_up_to_kd_when_coupled_by_the_teachers_doubt() -> None:
    """Equation 5 of the paper: KD = TCKD + (1 - p_label) NCKD."""
    doubt = 1 - F.softmax(TEACHER, dim=1).gather(1, LABELS[:, None]).squeeze(1)
    target = decoupled_divergence(STUDENT, TEACHER, LABELS, 1, 0, 1)
    others = decoupled_divergence(STUDENT, TEACHER, LABELS, 0, 1, 1)
    assert (target + doubt * others).mean().item() == pytest.approx(0.164068, abs=1e-6)


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(ValueError, match="got 'soft'"):
        selective_weight("soft", TEACHER, LABELS, 1, 200)  # type: ignore[arg-type]
