"""Faces: a margin head whose centres are the teacher's and do not move.

The student is asked to gather every identity where the teacher gathers it.
Source: the idea of "ProxylessKD", arXiv:2011.00265, and of MarginDistillation's fixed centres; kd-spec, section 4.2.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.heads import FaceHead, class_loss, projector
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class FixedCentresConfig(MethodConfig):
    """The head's own fields (margin, scale) matter most."""

    centre_weight: Annotated[float, Meta(gt=0, description="weight of the margin loss")] = 1.0


class FixedCentres(Method):
    """Margin loss against the teacher's class centres. Identities without a centre take no part."""

    title = "Fixed class centres"
    Config = FixedCentresConfig
    tasks = ("face",)
    config: FixedCentresConfig
    head: FaceHead

    @override
    def declare(self) -> dict[str, Term]:
        return {"centres": Term(self.config.centre_weight, "labelled", logits=True)}

    @override
    def build(self) -> None:
        self.head.weight = None  # centres of its own would stand untrained beside the teacher's
        self.projector = projector(self.student_dim, self.teacher_dim)

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        ours, _ = self.embeddings(student, teacher)
        labels = batch.labels.where(self.head.judged(batch.labels), -1)
        cosine = self.head.centre_cosines(self.projector(ours))
        return {
            "centres": self.config.centre_weight * class_loss(self.head.with_margin(cosine, labels), labels)
        }
