"""Heads: margin-free logits, labelled means, centres."""

import pytest
import torch

from facekd.distil.methods.heads import ClassHead, FaceHead, class_loss
from facekd.distil.networks.stages import StagedOutput


def test_probabilities_at_three_scales_are_those_computed_by_hand() -> None:
    """kd-spec 4.3: cos (0.8, 0.6, 0)."""
    centres = torch.eye(3, dtype=torch.float64)
    embedding = StagedOutput((), torch.tensor([[0.8, 0.6, 0.0]], dtype=torch.float64))
    expected = {64: (0.999997, 3e-6, 0), 20: (0.982014, 0.017986, 0), 8: (0.830870, 0.167750, 0.001381)}
    for scale, probabilities in expected.items():
        logits = FaceHead(3, 3, centres, scale=scale).teacher_logits(embedding)
        assert logits is not None
        assert logits.softmax(dim=1)[0].tolist() == pytest.approx(probabilities, abs=1e-6)


def test_only_labelled_rows_enter_the_loss() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]], requires_grad=True)
    loss = class_loss(logits, torch.tensor([0, -1, 1]))
    # log(1 + e^-2) and log 2
    assert loss.item() == pytest.approx((0.126928 + 0.693147) / 2, abs=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[1].tolist() == [0, 0]


@pytest.mark.parametrize("head", [FaceHead(4, 0, None), FaceHead(4, 3, torch.eye(3, 4), own=False)])
def test_a_head_without_own_centres_has_nothing_to_train(head: FaceHead) -> None:
    output = StagedOutput((), torch.ones(2, 4))
    assert head.loss(output, torch.tensor([-1, -1])).item() == 0
    assert head.logits(output) is None
    assert list(head.parameters()) == []


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="expected a student that gives logits"):
        ClassHead().loss(StagedOutput(()), torch.tensor([0]))
    with pytest.raises(ValueError, match="expected a network that gives an embedding"):
        FaceHead(4, 3, None).loss(StagedOutput(()), torch.tensor([0]))
    with pytest.raises(ValueError, match="one centre for each of 3 classes"):
        FaceHead(4, 3, torch.eye(4))
    assert FaceHead(4, 3, None).teacher_logits(StagedOutput((), torch.ones(1, 4))) is None
    assert not FaceHead(4, 3, None).judged(torch.tensor([0, 1])).any()


def test_centres_may_begin_where_the_teachers_are() -> None:
    centres = torch.eye(3, 4)
    centres[1] = 0  # an identity without one
    head = FaceHead(4, 3, centres, start_at_centres=True)
    assert head.weight is not None
    cosine = torch.nn.functional.cosine_similarity(head.weight, torch.eye(3, 4)).tolist()
    assert cosine[0] == pytest.approx(1)
    assert cosine[2] == pytest.approx(1)
    assert cosine[1] < 0.999
    assert head.weight.norm(dim=1)[0].item() == pytest.approx(0.02)
    # Of another length there is nothing to begin at.
    assert FaceHead(5, 3, centres, start_at_centres=True).weight is not None
