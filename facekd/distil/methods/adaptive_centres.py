"""AdaDistill: a margin head whose centres follow the teacher, the more slowly the better the student knows it.

A weak student learns from what the teacher says about single images, a good one from what it says about people.
Source: Boutros et al., "AdaDistill", ECCV 2024, arXiv:2407.01332, as in kd-spec, section 4.2.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.heads import FaceHead, class_loss, cosines, projector
from facekd.distil.methods.processes import gathered
from facekd.distil.networks.stages import StagedOutput

LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class AdaptiveCentresConfig(MethodConfig):
    """The published recipe's margin."""

    margin_size: Annotated[
        float,
        Meta(ge=0, le=1.5, description="ArcFace: radians added to the angle; CosFace: taken from the cosine"),
    ] = 0.45
    centre_weight: Annotated[float, Meta(gt=0, description="weight of the margin loss")] = 1.0


class AdaptiveCentres(Method):
    """Margin loss against centres that are moving means of the teacher's embeddings. Any identity takes part."""

    title = "AdaDistill"
    Config = AdaptiveCentresConfig
    tasks = ("face",)
    config: AdaptiveCentresConfig
    head: FaceHead
    moving_centres: Tensor

    @override
    def declare(self) -> dict[str, Term]:
        return {"centres": Term(self.config.centre_weight, "labelled")}

    @override
    def build(self) -> None:
        self.projector = projector(self.student_dim, self.teacher_dim)
        # Zeros until the identity is seen: its first centre is then what the teacher says about its first images.
        self.register_buffer("moving_centres", torch.zeros(self.task.classes, self.teacher_dim))

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        ours, theirs = self.embeddings(student, teacher)
        ours = self.projector(ours)
        if self.training:
            self.moving_centres = moved_centres(
                self.moving_centres, gathered(ours.detach()), gathered(theirs), gathered(batch.labels)
            )
        logits = self.head.with_margin(cosines(ours, self.moving_centres), batch.labels)
        return {"centres": self.config.centre_weight * class_loss(logits, batch.labels)}


@torch.no_grad()
def moved_centres(centres: Tensor, student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
    """Each identity's centre after a batch: a w + (1 - a) t, with a = clip(cos(s, t) cos(w, t), 1e-6, 1).

    Several images of an identity are averaged, so that their order does not matter (in the published code the last one
    wins, and processes drift apart).

    Args:
        centres: [K, D], of unit length or zeros.
        student, teacher: [B, D] embeddings in the teacher's space, of all processes.
        labels: [B]; -1: unlabelled.

    Returns:
        [K, D].
    """
    known = labels >= 0
    if not known.any():
        return centres
    people, place = labels[known].unique(return_inverse=True)  # type: ignore[no-untyped-call]  # torch has no types here
    s, t = (F.normalize(x[known], eps=1e-12) for x in (student, teacher))
    w = centres[people][place]
    keep = ((s * t).sum(1) * (w * t).sum(1)).clamp(LEAST, 1)[:, None]
    sums = torch.zeros(len(people), centres.shape[1], device=centres.device)
    sums.index_add_(0, place, keep * w + (1 - keep) * t)
    return centres.index_copy(0, people, F.normalize(sums, eps=1e-12))
