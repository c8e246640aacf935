"""No teacher: what the student reaches by itself, without which no gain by a teacher means anything."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class PlainConfig(MethodConfig):
    """Nothing but the head's own fields and the weight."""

    task_weight: Annotated[float, Meta(gt=0, description="weight of the task's own loss")] = 1.0


class Plain(Method):
    """The task's own loss."""

    title = "No teacher"
    Config = PlainConfig
    needs_teacher = False
    config: PlainConfig

    @override
    def declare(self) -> dict[str, Term]:
        return {"task": Term(self.config.task_weight, "labelled")}

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        return {"task": self.config.task_weight * self.head.loss(student, batch.labels)}
