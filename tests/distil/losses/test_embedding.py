"""Embeddings and class centres."""

import pytest
import torch

from facekd.distil.losses.embedding import class_centres, cosine_loss


def test_cosine_loss_has_the_value_computed_by_hand_and_ignores_length() -> None:
    student = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    teacher = torch.tensor([[5.0, 5.0], [0.0, 1.0]])
    # Angles of 45 and 0 degrees.
    assert cosine_loss(student, teacher).item() == pytest.approx((1 - 0.5**0.5) / 2)
    assert cosine_loss(student * 9, teacher / 9).item() == pytest.approx((1 - 0.5**0.5) / 2)


def test_cosine_loss_pulls_the_student_only_and_survives_a_zero_vector() -> None:
    student = torch.tensor([[1.0, 0.0], [0.0, 0.0]], requires_grad=True)
    teacher = torch.tensor([[1.0, 1.0], [1.0, 0.0]], requires_grad=True)
    cosine_loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert student.grad.isfinite().all()
    assert student.grad[0, 1] < 0


def test_a_centre_is_the_unit_mean_of_unit_embeddings() -> None:
    embeddings = torch.tensor([[10.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [7.0, 7.0]])
    labels = torch.tensor([0, 0, 0, 1, -1])
    centres = class_centres(embeddings, labels, 3)
    # Units (1,0), (0,1), (0,1): the mean points along (1, 2).
    assert centres[0].tolist() == pytest.approx([1 / 5**0.5, 2 / 5**0.5])
    assert centres[1:].eq(0).all()  # one image, no image: no centre
    assert class_centres(embeddings, labels, 3, minimum=1)[1].tolist() == [1, 0]
