"""Margins, in radians. cos (0.8, 0.6, 0) with label 0 is the example of kd-spec, section 4.3."""

import math

import pytest
import torch

from facekd.distil.losses.margin import arcface_logits, cosface_logits

COSINE = torch.tensor([[0.8, 0.6, 0.0]], dtype=torch.float64)
LABEL = torch.tensor([0])


def test_arcface_turns_the_target_as_computed_by_hand() -> None:
    logits = arcface_logits(COSINE, LABEL, 0.5, 1.0)
    assert logits[0].tolist() == pytest.approx([0.414411, 0.6, 0.0], abs=1e-6)
    assert logits[0, 0].item() == pytest.approx(math.cos(math.acos(0.8) + 0.5))


def test_cosface_lowers_the_target_and_scale_multiplies_everything() -> None:
    assert cosface_logits(COSINE, LABEL, 0.35, 64)[0].tolist() == pytest.approx([64 * 0.45, 64 * 0.6, 0])


def test_beyond_pi_harder_stays_harder() -> None:
    cosine = torch.linspace(-1, 1, 401, dtype=torch.float64)[:, None].repeat(1, 2)
    targets = arcface_logits(cosine, torch.zeros(401, dtype=torch.int64), 0.5, 1.0)[:, 0]
    assert targets.diff().gt(0).all()
    assert targets.lt(cosine[:, 0]).all()


def test_the_gradient_flows_through_the_margin_and_stays_finite_at_the_ends() -> None:
    cosine = torch.tensor([[0.8, 0.6], [1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    arcface_logits(cosine, torch.zeros(3, dtype=torch.int64), 0.5, 1.0)[:, 0].sum().backward()
    assert cosine.grad is not None
    assert cosine.grad.isfinite().all()
    # d cos(acos(c) + m) / dc = sin(acos(c) + m) / sin(acos(c))
    angle = math.acos(0.8)
    assert cosine.grad[0, 0].item() == pytest.approx(math.sin(angle + 0.5) / math.sin(angle))


def test_a_row_without_label_gets_no_margin() -> None:
    for logits in (
        arcface_logits(COSINE, torch.tensor([-1]), 0.5, 2),
        cosface_logits(COSINE, torch.tensor([-1]), 0.5, 2),
    ):
        assert logits.equal(2 * COSINE)
