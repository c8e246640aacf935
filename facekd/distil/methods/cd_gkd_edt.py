"""Channel distillation with guided logits and an early decaying teacher: what CCSKD grew from.

Source: Zhou et al., "Channel Distillation: Channel-Wise Attention for Knowledge Distillation", arXiv:2006.01683;
defaults are those of its CIFAR-100 recipe (task and logits begin at 0.30 of the epochs).
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.channel import channel_loss
from facekd.distil.losses.logit import selective_kd_loss, selective_weight
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.connectors import Activation, Connectors
from facekd.distil.methods.processes import divisor
from facekd.distil.methods.schedule import begun, early_decay
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class ChannelDistillationConfig(MethodConfig):
    """The published CIFAR-100 recipe."""

    temperature: Annotated[float, Meta(gt=0, description="softens both distributions")] = 1.0
    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 1.0
    guided_weight: Annotated[float, Meta(ge=0, description="weight of the logits of right teachers")] = 0.1
    channel_weight: Annotated[
        float, Meta(ge=0, description="weight of the channel means, summed over stages")
    ] = 6.0
    channel_decay: Annotated[
        float, Meta(gt=0, le=1, description="their factor at 0.30 and 0.80 of the epochs")
    ] = 0.9
    warm_up: Annotated[float, Meta(ge=0, lt=1, description="share of the epochs with channels only")] = 0.30
    connector: Activation = "auto"


class ChannelDistillation(Method):
    """Task loss, channel means of every stage, and the logits of those rows in which the teacher is right."""

    title = "CD+GKD+EDT"
    Config = ChannelDistillationConfig
    config: ChannelDistillationConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {
            "task": Term(c.task_weight, "labelled"),
            "guided": Term(c.guided_weight, "labelled", logits=True),
            "channel": Term(c.channel_weight),
        }

    @override
    def build(self) -> None:
        if "channel" in self.active:
            self.connectors = Connectors(self.student_stages, self.teacher_stages, self.config.connector)

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        late = begun(epoch, c.warm_up)
        if "task" in self.active:
            losses["task"] = late * c.task_weight * self.head.loss(student, batch.labels)
        if "guided" in self.active:
            ours, theirs = self.logits(student, teacher)
            right = selective_weight("hard", theirs, batch.labels, *epoch) * self.head.judged(batch.labels)
            loss = selective_kd_loss(ours, theirs, right, c.temperature, divisor(right.sum(), 1))
            losses["guided"] = late * c.guided_weight * loss
        if "channel" in self.active:
            means = [channel_loss(s, t) for s, t in self.connectors(student, teacher)]
            losses["channel"] = (
                c.channel_weight * early_decay(epoch, c.channel_decay) * sum(means, start=means[0] * 0)
            )
        return losses
