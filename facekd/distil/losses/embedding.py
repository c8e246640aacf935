"""Distillation of embeddings: the student's points where the teacher's are, or where the teacher's classes are."""

import torch
import torch.nn.functional as F
from torch import Tensor

from facekd.distil.losses.logit import widened


def cosine_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """One minus the cosine of both embeddings: half the squared distance of the unit vectors.

    Args:
        student: [B, D], any length.
        teacher: [B, D]; no gradient flows into it.

    Returns:
        Scalar, 0..2, mean over the batch.
    """
    return cosine_distance(student, teacher.detach()).mean()


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """One minus the cosine of each row: [B], with gradient into both."""
    return 1 - (F.normalize(widened(a), eps=1e-12) * F.normalize(widened(b), eps=1e-12)).sum(dim=1)


def class_centres(embeddings: Tensor, labels: Tensor, classes: int, minimum: int = 3) -> Tensor:
    """The unit mean of every class's unit embeddings: what a teacher without a head thinks of each identity.

    Source: kd-spec, section 4.3.

    Args:
        embeddings: [N, D], any length.
        labels: [N] int64, -1 = unlabelled (left out).
        classes: K.
        minimum: a class with fewer images gets no centre.

    Returns:
        [K, D]; a row of zeros for a class without centre.
    """
    known = labels >= 0
    units = F.normalize(widened(embeddings[known]), eps=1e-12)
    sums = units.new_zeros(classes, units.shape[1]).index_add_(0, labels[known], units)
    counts = torch.bincount(labels[known], minlength=classes)
    return torch.where((counts >= minimum)[:, None], F.normalize(sums, eps=1e-12), 0)
