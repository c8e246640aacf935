"""Relational distillation of the embedding: distances and angles between the images of a batch.

Source: Park et al., "Relational Knowledge Distillation", arXiv:1904.05068; weights 25 and 50 as in its recipe.
"""

from dataclasses import dataclass
from typing import Annotated

import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.relation import rkd_angle_loss, rkd_distance_loss
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, MethodError, Term
from facekd.distil.methods.processes import gathered
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class RelationalKDConfig(MethodConfig):
    """Distances of the metric learning recipe; they need no label."""

    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 1.0
    distance_weight: Annotated[float, Meta(ge=0, description="weight of the distances between images")] = 25.0
    angle_weight: Annotated[float, Meta(ge=0, description="weight of the angles between images")] = 50.0
    angle_rows: Annotated[int, Meta(ge=3, description="images of a batch between which angles are taken")] = (
        128
    )


class RelationalKD(Method):
    """Task loss plus the relations of the embeddings: as they are, for faces on the unit sphere."""

    title = "RKD"
    Config = RelationalKDConfig
    config: RelationalKDConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {
            "task": Term(c.task_weight, "labelled"),
            "distance": Term(c.distance_weight),
            "angle": Term(c.angle_weight),
        }

    @override
    def build(self) -> None:
        if self.active.keys() & {"distance", "angle"} and not self.teacher_dim:
            raise MethodError(
                f"{self.title}: expected a teacher that gives an embedding, got one that gives none; distil its "
                "stages (ccskd) or its logits (kd)"
            )

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if "task" in self.active:
            losses["task"] = c.task_weight * self.head.loss(student, batch.labels)
        ours, theirs = self.embeddings(student, teacher)
        if self.task.kind == "face":
            ours, theirs = F.normalize(ours, eps=1e-12), F.normalize(theirs, eps=1e-12)
        if c.gather:
            ours, theirs = gathered(ours), gathered(theirs)
        if "distance" in self.active:
            losses["distance"] = c.distance_weight * rkd_distance_loss(ours, theirs)
        if "angle" in self.active:
            losses["angle"] = c.angle_weight * rkd_angle_loss(ours[: c.angle_rows], theirs[: c.angle_rows])
        return losses
