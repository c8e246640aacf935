"""Faces: the student's embedding points where the teacher's does. The plainest way, and it needs no label."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.embedding import cosine_loss
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.heads import projector
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class EmbeddingCosineConfig(MethodConfig):
    """The task's own loss is off: a margin head beside it is another method."""

    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 0.0
    embedding_weight: Annotated[float, Meta(ge=0, description="weight of one minus the cosine")] = 1.0


class EmbeddingCosine(Method):
    """One minus the cosine of both embeddings, through a projection where their lengths differ."""

    title = "Embedding cosine"
    Config = EmbeddingCosineConfig
    tasks = ("face",)
    config: EmbeddingCosineConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {"task": Term(c.task_weight, "labelled"), "embedding": Term(c.embedding_weight)}

    @override
    def build(self) -> None:
        self.projector = projector(self.student_dim, self.teacher_dim)

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if "task" in self.active:
            losses["task"] = c.task_weight * self.head.loss(student, batch.labels)
        if "embedding" in self.active:
            ours, theirs = self.embeddings(student, teacher)
            losses["embedding"] = c.embedding_weight * cosine_loss(self.projector(ours), theirs)
        return losses
