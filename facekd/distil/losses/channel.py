"""Distillation of channels: what a stage's channels say on average, image by image.

Source: Zhou et al., "Channel Distillation", arXiv:2006.01683; kd-spec, section 1.3.
"""

import torch.nn.functional as F
from torch import Tensor

from facekd.distil.losses.logit import widened


def channel_loss(student_pooled: Tensor, teacher_pooled: Tensor) -> Tensor:
    """Mean squared difference of channel means.

    Args:
        student_pooled: [B, C], stage maps behind their connector, averaged over H and W; not normalised.
        teacher_pooled: [B, C]; no gradient flows into it.

    Returns:
        Scalar, mean over batch and channels.
    """
    return F.mse_loss(widened(student_pooled), widened(teacher_pooled).detach())


def channel_correlation_loss(student_pooled: Tensor, teacher_pooled: Tensor) -> Tensor:
    """Mean squared difference of how channels go together over the batch: cosines of the columns, C x C.

    The other reading of "channel correlation" (kd-spec, section 6.3), after "Exploring Inter-Channel Correlation for
    Diversity-preserved Knowledge Distillation", which correlates over places instead of over images.

    Args:
        student_pooled, teacher_pooled: as `channel_loss`.

    Returns:
        Scalar, mean over the C x C entries.
    """
    ours = F.normalize(widened(student_pooled), dim=0, eps=1e-12)
    theirs = F.normalize(widened(teacher_pooled).detach(), dim=0, eps=1e-12)
    return F.mse_loss(ours.T @ ours, theirs.T @ theirs)
