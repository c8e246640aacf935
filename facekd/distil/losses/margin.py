"""Margins of face recognition heads: the label's cosine is made harder before the cross-entropy.

Angles in radians. Sources: ArcFace, arXiv:1801.07698, section 2; CosFace, arXiv:1801.09414, section 3.
"""

import math

import torch
from torch import Tensor


def arcface_logits(cosine: Tensor, labels: Tensor, margin_rad: float, scale: float) -> Tensor:
    """scale * cos(angle + margin) for the label, scale * cosine for the rest.

    Where angle + margin would pass pi, cos would turn up again; there the straight line cosine - margin * sin(margin)
    goes on downwards instead (as InsightFace does), so that harder never becomes easier.

    Args:
        cosine: [B, K], -1..1. The gradient flows through the margin.
        labels: [B] int64; rows with -1 get no margin.
        margin_rad: 0..pi.
        scale: > 0.

    Returns:
        [B, K] logits.
    """
    target = _targets(cosine, labels)
    sine = (1 - target.square()).clamp(min=1e-12).sqrt()  # the slope at sine 0 would be infinite
    turned = target * math.cos(margin_rad) - sine * math.sin(margin_rad)
    beyond = target - margin_rad * math.sin(margin_rad)
    return scale * _replace(cosine, labels, torch.where(target > -math.cos(margin_rad), turned, beyond))


def cosface_logits(cosine: Tensor, labels: Tensor, margin: float, scale: float) -> Tensor:
    """scale * (cosine - margin) for the label, scale * cosine for the rest. Arguments as `arcface_logits`."""
    return scale * _replace(cosine, labels, _targets(cosine, labels) - margin)


def _targets(cosine: Tensor, labels: Tensor) -> Tensor:
    return cosine.gather(1, labels.clamp(min=0)[:, None])


def _replace(cosine: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    index = labels.clamp(min=0)[:, None]
    kept = torch.where((labels >= 0)[:, None], targets, cosine.gather(1, index))
    return cosine.scatter(1, index, kept)
