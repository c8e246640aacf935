"""CCSKD: channels, relations between images, and logits of a teacher that is trusted selectively.

Source: Gou, Xiong, Yu, Zhan, Yi, "Channel-Correlation-Based Selective Knowledge Distillation", IEEE TCDS 2022,
doi 10.1109/tcds.2022.3232569, as written down in kd-spec, sections 1.3, 4.3 and 6.1. The published code never takes
a wrong teacher out (mode `released`); the paper's words do (mode `progressive`, the default). See docs/methods.md.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.channel import channel_correlation_loss, channel_loss
from facekd.distil.losses.embedding import cosine_loss
from facekd.distil.losses.logit import (
    Decay,
    Normaliser,
    SelectiveMode,
    corrected_logits,
    kd_loss,
    selective_kd_loss,
    selective_weight,
    top_classes,
)
from facekd.distil.losses.relation import rkd_angle_loss, rkd_distance_loss
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Term
from facekd.distil.methods.connectors import Activation, Connectors
from facekd.distil.methods.heads import cosines, projector
from facekd.distil.methods.processes import divisor, gathered, shared_mean
from facekd.distil.methods.schedule import begun, early_decay
from facekd.distil.networks.stages import StagedOutput


@dataclass(frozen=True, slots=True)
class CCSKDConfig(MethodConfig):
    """The fields' own defaults are the preset `default-image`."""

    temperature: Annotated[
        float,
        Meta(
            gt=0,
            description="softens both distributions; for faces scale / temperature is the effective scale",
        ),
    ] = 4.0
    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 1.0
    task_warm_up: Annotated[
        float, Meta(ge=0, lt=1, description="share of the epochs before the task's loss")
    ] = 0.0
    task_warm_up_epochs: Annotated[
        int, Meta(ge=0, description="at least so many epochs before the task's loss")
    ] = 0
    kd_weight: Annotated[float, Meta(ge=0, description="weight of the logits of all rows")] = 0.0
    selective_weight: Annotated[float, Meta(ge=0, description="weight of the selective logits")] = 0.9
    selective_warm_up: Annotated[float, Meta(ge=0, lt=1, description="share of the epochs before them")] = 0.0
    selective_mode: Annotated[
        SelectiveMode, Meta(description="how wrong teachers count: see docs/methods.md")
    ] = "progressive"
    selective_decay: Annotated[
        Decay, Meta(description="progressive: how the trust in wrong teachers falls")
    ] = "linear"
    selective_start: Annotated[
        float, Meta(ge=0, le=1, description="progressive: share of epochs of full trust")
    ] = 0.30
    selective_end: Annotated[
        float, Meta(ge=0, le=1, description="progressive: share at which none is left")
    ] = 0.80
    normaliser: Annotated[
        Normaliser,
        Meta(description="batch: dropped rows lessen the pull; sum_w: they do not. hard always uses sum_w"),
    ] = "batch"
    top_classes: Annotated[
        int, Meta(ge=2, description="the teacher's likeliest classes, the label among them")
    ] = 1000
    channel_weight: Annotated[
        float, Meta(ge=0, description="weight of the channel means, summed over stages")
    ] = 6.0
    channel_decay: Annotated[
        float, Meta(gt=0, le=1, description="their factor at 0.30 and 0.80 of the epochs")
    ] = 0.9
    channel_scaling: Annotated[
        Literal["none", "teacher_power"], Meta(description="divide each stage by the teacher's mean square")
    ] = "none"
    distance_weight: Annotated[
        float, Meta(ge=0, description="weight of distances between images, each stage")
    ] = 6.0
    angle_weight: Annotated[float, Meta(ge=0, description="weight of angles between images, each stage")] = (
        12.0
    )
    angle_rows: Annotated[int, Meta(ge=3, description="images of a batch between which angles are taken")] = (
        128
    )
    correlation_weight: Annotated[
        float, Meta(ge=0, description="weight of channel-by-channel correlations")
    ] = 0.0
    embedding_weight: Annotated[
        float, Meta(ge=0, description="weight of one minus the embeddings' cosine")
    ] = 0.0
    embedding_distance_weight: Annotated[
        float, Meta(ge=0, description="weight of distances of unit embeddings")
    ] = 0.0
    embedding_angle_weight: Annotated[
        float, Meta(ge=0, description="weight of angles of unit embeddings")
    ] = 0.0
    suspect_below: Annotated[
        float,
        Meta(
            ge=-1,
            le=1,
            description="faces: no task loss where the teacher is wrong and its cosine with the label less",
        ),
    ] = -1.0
    connector: Activation = "auto"


RELEASED = CCSKDConfig(
    temperature=1.0,
    task_warm_up=0.30,
    kd_weight=0.1,
    selective_weight=0.1,
    selective_warm_up=0.30,
    selective_mode="released",
)
FACE = CCSKDConfig(
    start_at_centres=True,
    task_warm_up_epochs=1,
    selective_weight=0.5,
    channel_weight=1.0,
    channel_scaling="teacher_power",
    distance_weight=1.0,
    angle_weight=2.0,
    embedding_weight=1.0,
    embedding_distance_weight=25.0,
    embedding_angle_weight=50.0,
)


class CCSKD(Method):
    """See the module's text; the terms are those of kd-spec 6.1 and 4.3, each of them off at weight 0."""

    title = "CCSKD"
    Config = CCSKDConfig
    presets = {"released": RELEASED, "default-image": CCSKDConfig(), "default-face": FACE}  # noqa: RUF012
    config: CCSKDConfig

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        return {
            "task": Term(c.task_weight, "labelled"),
            "kd": Term(c.kd_weight, logits=True),
            "selective": Term(c.selective_weight, "labelled", logits=True),
            "channel": Term(c.channel_weight),
            "distance": Term(c.distance_weight),
            "angle": Term(c.angle_weight),
            "correlation": Term(c.correlation_weight),
            "embedding": Term(c.embedding_weight),
            "embedding_distance": Term(c.embedding_distance_weight),
            "embedding_angle": Term(c.embedding_angle_weight),
        }

    @override
    def build(self) -> None:
        if self.active.keys() & {"channel", "distance", "angle", "correlation"}:
            self.connectors = Connectors(self.student_stages, self.teacher_stages, self.config.connector)
        if "embedding" in self.active:
            self.projector = projector(self.student_dim, self.teacher_dim)

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        return {
            **self._task(batch, student, teacher, epoch),
            **self._responses(batch, student, teacher, epoch),
            **self._stages(student, teacher, epoch),
            **self._embeddings(student, teacher),
        }

    def _task(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        if "task" not in self.active:
            return {}
        c = self.config
        loss = self.head.loss(student, self._trusted_labels(batch.labels, teacher))
        return {"task": c.task_weight * begun(epoch, c.task_warm_up, c.task_warm_up_epochs) * loss}

    def _responses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if not self.active.keys() & {"kd", "selective"}:
            return {}
        ours, theirs = self.logits(student, teacher)
        # Right or wrong is judged over all classes; only then is the long tail cut off.
        weight = selective_weight(
            c.selective_mode,
            theirs,
            batch.labels,
            *epoch,
            decay=c.selective_decay,
            start=c.selective_start,
            end=c.selective_end,
            temperature=c.temperature,
        )
        judged = self.head.judged(batch.labels)
        ours, theirs, labels = top_classes(ours, theirs, batch.labels, c.top_classes)
        if "kd" in self.active:
            losses["kd"] = c.kd_weight * kd_loss(ours, theirs, c.temperature)
        if "selective" in self.active:
            weight = weight * judged
            if c.selective_mode == "swap":
                theirs = corrected_logits(theirs, labels)
            by_weight = c.selective_mode == "hard" or c.normaliser == "sum_w"
            counted = (weight if by_weight else judged.to(weight.dtype)).sum()
            loss = selective_kd_loss(ours, theirs, weight, c.temperature, divisor(counted, 1))
            losses["selective"] = c.selective_weight * begun(epoch, c.selective_warm_up) * loss
        return losses

    def _stages(self, student: StagedOutput, teacher: StagedOutput, epoch: Epoch) -> dict[str, Tensor]:
        c = self.config
        terms: dict[str, list[Tensor]] = {}
        if not hasattr(self, "connectors"):
            return {}
        for ours, theirs in self.connectors(student, teacher):
            if "channel" in self.active:
                loss = channel_loss(ours, theirs)
                if c.channel_scaling == "teacher_power":
                    loss = loss / shared_mean(theirs.square().mean()).clamp(min=1e-12)
                terms.setdefault("channel", []).append(loss)
            together, those = (gathered(ours), gathered(theirs)) if c.gather else (ours, theirs)
            if "distance" in self.active:
                terms.setdefault("distance", []).append(rkd_distance_loss(together, those))
            if "angle" in self.active:
                angle = rkd_angle_loss(together[: c.angle_rows], those[: c.angle_rows])
                terms.setdefault("angle", []).append(angle)
            if "correlation" in self.active:
                terms.setdefault("correlation", []).append(channel_correlation_loss(together, those))
        decay = {"channel": early_decay(epoch, c.channel_decay)}
        return {
            name: self.active[name].weight * decay.get(name, 1.0) * sum(each, start=each[0] * 0)
            for name, each in terms.items()
        }

    def _embeddings(self, student: StagedOutput, teacher: StagedOutput) -> dict[str, Tensor]:
        c, losses = self.config, {}
        if not self.active.keys() & {"embedding", "embedding_distance", "embedding_angle"}:
            return {}
        ours, theirs = self.embeddings(student, teacher)
        if "embedding" in self.active:
            losses["embedding"] = c.embedding_weight * cosine_loss(self.projector(ours), theirs)
        ours, theirs = F.normalize(ours, eps=1e-12), F.normalize(theirs, eps=1e-12)
        if c.gather:
            ours, theirs = gathered(ours), gathered(theirs)
        if "embedding_distance" in self.active:
            losses["embedding_distance"] = c.embedding_distance_weight * rkd_distance_loss(ours, theirs)
        if "embedding_angle" in self.active:
            angle = rkd_angle_loss(ours[: c.angle_rows], theirs[: c.angle_rows])
            losses["embedding_angle"] = c.embedding_angle_weight * angle
        return losses

    def _trusted_labels(self, labels: Tensor, teacher: StagedOutput) -> Tensor:
        """Labels without those that the teacher contradicts so clearly that the label may be the wrong one."""
        if self.task.kind != "face" or self.config.suspect_below <= -1 or not self.has_teacher_logits:
            return labels
        centres, embedding = self.task.centres, teacher.embedding
        if centres is None or embedding is None:
            return labels
        correct, judged = self.teacher_correct(teacher, labels)
        cosine = cosines(embedding, centres).gather(1, labels.clamp(min=0)[:, None]).squeeze(1)
        return labels.where(~(judged & ~correct & (cosine < self.config.suspect_below)), -1)
