"""Channel means."""

import pytest
import torch

from facekd.distil.losses.channel import channel_correlation_loss, channel_loss
from facekd.distil.networks.stages import pool

STUDENT = torch.arange(16, dtype=torch.float64).reshape(2, 2, 2, 2)
TEACHER = torch.ones(2, 2, 4, 4, dtype=torch.float64)


def test_channel_loss_has_the_value_computed_by_hand_for_maps_of_different_size() -> None:
    assert pool(STUDENT).tolist() == [[1.5, 5.5], [9.5, 13.5]]
    assert channel_loss(pool(STUDENT), pool(TEACHER)).item() == 62.25


def test_only_spatial_means_matter() -> None:
    shuffled = STUDENT.flatten(2)[:, :, [3, 0, 2, 1]].reshape(STUDENT.shape)
    assert channel_loss(pool(shuffled), pool(TEACHER)).item() == 62.25


def test_order_and_doubling_of_the_batch_do_not_matter_but_the_order_of_channels_does() -> None:
    student = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    teacher = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    plain = channel_loss(student, teacher).item()
    assert channel_loss(student.flip(0), teacher.flip(0)).item() == pytest.approx(plain)
    assert channel_loss(student.repeat(2, 1), teacher.repeat(2, 1)).item() == pytest.approx(plain)
    assert channel_loss(student.flip(1), teacher).item() != pytest.approx(plain)
    assert channel_loss(teacher, teacher).item() == 0


def test_correlation_of_channels_has_the_value_computed_by_hand() -> None:
    # Columns (1, 0) and (0, 1) are uncorrelated; (1, 1) and (1, 1) fully: two of four entries differ by 1.
    apart, together = torch.eye(2), torch.ones(2, 2)
    assert channel_correlation_loss(apart, together).item() == pytest.approx(0.5)
    assert channel_correlation_loss(together * 7, together).item() == pytest.approx(0, abs=1e-12)


def test_no_gradient_reaches_the_teacher_and_half_precision_is_widened() -> None:
    student = torch.randn(4, 3).requires_grad_()
    teacher = torch.randn(4, 3).requires_grad_()
    (channel_loss(student, teacher) + channel_correlation_loss(student, teacher)).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert channel_loss(student.half(), teacher.half()).dtype == torch.float32
    assert pool(torch.full((1, 1, 256, 256), 2.0, dtype=torch.float16)).item() == 2
