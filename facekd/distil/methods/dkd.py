"""Decoupled distillation: the teacher's sureness about the label and its view of all the other classes, apart.

Source: Zhao et al., "Decoupled Knowledge Distillation", arXiv:2203.08679; weights and warm-up of its CIFAR recipe.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.logit import decoupled_divergence
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.heads import labelled_mean
from facekd.distil.methods.schedule import ramp
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class DecoupledKDConfig(MethodConfig):
    """The paper searches beta among 1, 2, 4, 6, 8, 10 for each pair of networks."""

    temperature: Annotated[float, Meta(gt=0, description="softens both distributions")] = 4.0
    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 1.0
    dkd_weight: Annotated[float, Meta(ge=0, description="weight of both decoupled parts together")] = 1.0
    alpha: Annotated[float, Meta(ge=0, description="weight of the label against the rest")] = 1.0
    beta: Annotated[float, Meta(ge=0, description="weight of the other classes among themselves")] = 8.0
    warm_up: Annotated[float, Meta(ge=0, le=1, description="share of the epochs over which it grows")] = (
        20 / 240
    )


class DecoupledKD(Method):
    """Task loss plus decoupled logits. Rows without a label have no target class and take no part."""

    title = "DKD"
    Config = DecoupledKDConfig
    config: DecoupledKDConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {"task": Term(c.task_weight, "labelled"), "dkd": Term(c.dkd_weight, "labelled", logits=True)}

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if "task" in self.active:
            losses["task"] = c.task_weight * self.head.loss(student, batch.labels)
        if "dkd" in self.active:
            ours, theirs = self.logits(student, teacher)
            rows = decoupled_divergence(ours, theirs, batch.labels, c.alpha, c.beta, c.temperature)
            losses["dkd"] = c.dkd_weight * ramp(epoch, c.warm_up) * labelled_mean(rows, batch.labels >= 0)
        return losses
