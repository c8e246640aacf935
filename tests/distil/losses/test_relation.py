"""Relations between the images of a batch. Hand-checked values are those of kd-spec, section 6.4."""

import pytest
import torch
from torch import Tensor

from facekd.distil.losses.relation import rkd_angle_loss, rkd_distance_loss

TEACHER = torch.tensor([[0, 0], [3, 0], [0, 4]], dtype=torch.float64)
STUDENT = torch.tensor([[0, 0], [1, 0], [0, 1]], dtype=torch.float64)
LOSSES = (rkd_distance_loss, rkd_angle_loss)


def rows(count: int, length: int, seed: int) -> Tensor:
    return torch.randn(count, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_distance_and_angle_have_the_values_computed_by_hand() -> None:
    assert rkd_distance_loss(STUDENT, TEACHER).item() == pytest.approx(0.003481249, abs=1e-9)
    assert rkd_angle_loss(STUDENT, TEACHER).item() == pytest.approx(0.000744482, abs=1e-9)


def test_the_gram_form_gives_what_the_definition_gives() -> None:
    """Every difference, unit vector and dot product written out in a loop."""
    student, teacher = rows(6, 5, 0), rows(6, 4, 1)

    def cosines(x: Tensor) -> Tensor:
        out = torch.zeros(6, 6, 6, dtype=torch.float64)
        for i in range(6):
            for j in range(6):
                for k in range(6):
                    a, b = x[j] - x[i], x[k] - x[i]
                    if i not in (j, k):
                        out[i, j, k] = a @ b / (a.norm() * b.norm())
        return out

    def relative(x: Tensor) -> Tensor:
        distance = torch.stack([(x - row).norm(dim=1) for row in x])
        return distance / distance[distance > 0].mean()

    for loss, definition in ((rkd_angle_loss, cosines), (rkd_distance_loss, relative)):
        gap = (definition(student) - definition(teacher)).abs()
        smooth = torch.where(gap < 1, gap**2 / 2, gap - 0.5).mean()
        assert loss(student, teacher).item() == pytest.approx(smooth.item(), rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_moving_turning_scaling_and_reordering_channels_change_nothing(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher = rows(7, 5, 0), rows(7, 5, 1)
    plain = loss(student, teacher).item()
    turn = torch.linalg.qr(rows(5, 5, 2)).Q
    for changed in (student + 100, student * 7, student @ turn, student[:, [4, 2, 0, 1, 3]]):
        assert loss(changed, teacher).item() == pytest.approx(plain, rel=1e-8)
        assert loss(teacher, changed).item() == pytest.approx(plain, rel=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_equal_sides_and_degenerate_batches_give_zero_and_finite_gradients(loss) -> None:  # type: ignore[no-untyped-def]
    same = rows(5, 3, 0)
    for student, teacher in (
        (same, same),
        (same[:1], same[:1] * 2),
        (same[:1].repeat(4, 1), same[1:2].repeat(4, 1)),
    ):
        student = student.clone().requires_grad_()
        value = loss(student, teacher)
        value.backward()
        assert value.item() == pytest.approx(0, abs=1e-12)
        assert student.grad is not None
        assert student.grad.isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
def test_coinciding_rows_among_others_keep_the_gradient_finite(loss) -> None:  # type: ignore[no-untyped-def]
    student = rows(6, 4, 0).float() * 50 + 1000
    student[1] = student[0]
    student.requires_grad_()
    value = loss(student, rows(6, 4, 1).float())
    value.backward()
    assert value.isfinite()
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert student.grad.abs().max() < 10


@pytest.mark.parametrize("loss", LOSSES)
def test_order_lengths_and_half_precision_do_not_matter_and_the_teacher_gets_no_gradient(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher = rows(9, 4, 0), rows(9, 6, 1).requires_grad_()
    order = torch.randperm(9, generator=torch.Generator().manual_seed(3))
    plain = loss(student, teacher)
    assert plain.item() >= 0
    assert loss(student[order], teacher[order]).item() == pytest.approx(plain.item(), rel=1e-9)
    assert loss(student.half(), teacher.half()).item() == pytest.approx(plain.item(), rel=1e-2)
    student.requires_grad_()
    loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert student.grad.abs().sum() > 0
