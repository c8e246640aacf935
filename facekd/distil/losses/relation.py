"""Relational distillation: how far the images of a batch lie from each other, and under which angles.

Distances and angles come from one Gram matrix, so that memory is B^2 (distance) and B^3 (angle) numbers and never
B^2 C. Rows are centred first: neither relation changes, and nearly equal large numbers are not subtracted.
Rows that coincide have distance 0, no direction, and take part with zeros.

Source: Park et al., "Relational Knowledge Distillation", arXiv:1904.05068, section 3.2; kd-spec, section 1.3.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from facekd.distil.losses.logit import widened


def rkd_distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Smooth L1 between the pairwise distances of both sides, each divided by its own mean.

    Args:
        student: [B, C].
        teacher: [B, D]; D may differ from C. No gradient flows into it.

    Returns:
        Scalar, mean over all B^2 pairs; 0 for one row.
    """
    return F.smooth_l1_loss(_relative_distances(student), _relative_distances(teacher.detach()))


def rkd_angle_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Smooth L1 between the cosines of all angles j-i-k of both sides.

    Args:
        student, teacher: as `rkd_distance_loss`. B^3 numbers are held: pass 128 rows at most.

    Returns:
        Scalar, mean over all B^3 triples, the degenerate ones (cosine 0 on both sides) included; 0 for one row.
    """
    return F.smooth_l1_loss(_angle_cosines(student), _angle_cosines(teacher.detach()))


def _gram(x: Tensor) -> Tensor:
    x = widened(x)
    x = x - x.mean(dim=0)
    return x @ x.T


def _distances(gram: Tensor) -> tuple[Tensor, Tensor]:
    """Distances [B, B], 0 where rows coincide to within rounding, and where they do not [B, B] bool."""
    squares = gram.diagonal()
    sums = squares[:, None] + squares
    distance2 = sums - 2 * gram
    # Rounding leaves equal rows a few units in the last place apart; a square root would make that a distance.
    apart = distance2 > (16 * torch.finfo(gram.dtype).eps * sums).clamp(min=1e-12)
    apart = apart & ~torch.eye(len(gram), dtype=torch.bool, device=gram.device)
    # The inner `where` keeps the square root's infinite slope at 0 out of the gradient.
    return torch.where(apart, torch.where(apart, distance2, 1).sqrt(), 0), apart


def _relative_distances(x: Tensor) -> Tensor:
    distance, apart = _distances(_gram(x))
    mean = distance.sum() / apart.sum().clamp(min=1)
    return distance / torch.where(mean > 0, mean, 1)


def _angle_cosines(x: Tensor) -> Tensor:
    """[B, B, B]: cosine at vertex i between the directions to j and to k: (G_jk - G_ij - G_ik + G_ii) / (D_ij D_ik)."""
    gram = _gram(x)
    distance, apart = _distances(gram)
    inverse = torch.where(apart, 1 / torch.where(apart, distance, 1), 0)
    dots = gram[None] - gram[:, :, None] - gram[:, None, :] + gram.diagonal()[:, None, None]
    return dots * inverse[:, :, None] * inverse[:, None, :]
