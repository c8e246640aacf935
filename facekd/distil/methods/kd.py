"""Hinton's distillation.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.logit import kd_loss
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class LogitKDConfig(MethodConfig):
    """Defaults: the image recipe of the distillation literature (kd-spec, section 3.1)."""

    temperature: Annotated[float, Meta(gt=0, description="softens both distributions")] = 4.0
    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 0.1
    kd_weight: Annotated[float, Meta(ge=0, description="weight of the teacher's logits")] = 0.9


class LogitKD(Method):
    """Task loss plus softened logits."""

    title = "KD (Hinton)"
    Config = LogitKDConfig
    config: LogitKDConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {"task": Term(c.task_weight, "labelled"), "kd": Term(c.kd_weight, logits=True)}

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if "task" in self.active:
            losses["task"] = c.task_weight * self.head.loss(student, batch.labels)
        if "kd" in self.active:
            losses["kd"] = c.kd_weight * kd_loss(*self.logits(student, teacher), c.temperature)
        return losses
