"""MSKD-SSR: channels and responses at every stage of the teacher, and a student that reviews itself.

Two phases: branches on the frozen teacher learn to answer at every stage (`TeacherBranches`), then the student, with
branches of its own, learns channels (SCD) and responses (SRD) stage by stage, while its shallow stages learn from its
deep ones (CRD). Branches and connectors stay behind with the method.

Source: Gou, Xiong, Yu, Du, Zhan, Tao, "Multi-target Knowledge Distillation via Student Self-reflection", IJCV 2023,
doi 10.1007/s11263-023-01792-z, as reconstructed in kd-spec, sections 2.2, 4.3 and 6.2. See docs/methods.md.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from msgspec import Meta
from torch import Tensor
from typing_extensions import override

from facekd.distil.losses.channel import channel_loss
from facekd.distil.losses.embedding import cosine_distance
from facekd.distil.losses.logit import (
    corrected_logits,
    selective_weight,
    top_classes,
)
from facekd.distil.losses.response import (
    Direction,
    Pairs,
    embedding_review_loss,
    review_loss,
    stage_response_loss,
)
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, MethodError, Preparation, Term
from facekd.distil.methods.branches import Branches
from facekd.distil.methods.connectors import Activation, Connectors
from facekd.distil.methods.heads import class_loss, projector
from facekd.distil.methods.processes import divisor
from facekd.distil.methods.schedule import early_decay, ramp
from facekd.distil.methods.teacher_branches import TeacherBranches
from facekd.distil.networks.stages import StagedOutput, pair_stages

MOST_CLASSES = 20_000
"""Faces with more identities answer by embeddings: stages times classes would not fit a batch's memory."""


@dataclass(frozen=True, slots=True)
class MSKDSSRConfig(MethodConfig):
    """Defaults of kd-spec 6.2."""

    task_weight: Annotated[float, Meta(ge=0, description="weight of the task's own loss")] = 1.0
    branch_weight: Annotated[
        float, Meta(ge=0, description="weight of the labels in the student's branches")
    ] = 1.0
    channel_weight: Annotated[
        float, Meta(ge=0, description="SCD: weight of the channel means, summed over stages")
    ] = 6.0
    channel_decay: Annotated[
        float, Meta(gt=0, le=1, description="its factor at 0.30 and 0.80 of the epochs")
    ] = 0.9
    response_weight: Annotated[
        float, Meta(ge=0, description="SRD: weight of the teacher's answers, mean of stages")
    ] = 1.0
    response_temperature: Annotated[float, Meta(gt=0, description="SRD: softens both distributions")] = 4.0
    review_weight: Annotated[
        float, Meta(ge=0, description="CRD: weight of the student's self-reflection")
    ] = 1.0
    review_temperature: Annotated[float, Meta(gt=0, description="CRD: softens both distributions")] = 3.0
    review_ramp: Annotated[
        float, Meta(ge=0, le=1, description="CRD: share of the epochs over which it grows")
    ] = 0.1
    review_pairs: Annotated[
        Pairs, Meta(description="CRD: which stages meet: all, neighbours, or each with the last")
    ] = "all"
    review_direction: Annotated[Direction, Meta(description="CRD: who learns from whom")] = "deep_to_shallow"
    review_stop_gradient: Annotated[bool, Meta(description="CRD: the stage that teaches does not learn")] = (
        True
    )
    responses: Annotated[
        Literal["auto", "logits", "embedding"],
        Meta(description="faces: what branches answer; auto: logits up to 20,000 identities with centres"),
    ] = "auto"
    top_classes: Annotated[int, Meta(ge=2, description="SRD: the teacher's likeliest classes at the end")] = (
        1000
    )
    selective_mode: Annotated[
        Literal["none", "released", "progressive", "hard", "tcp", "swap"],
        Meta(description="SRD: trust the teacher selectively, as CCSKD does"),
    ] = "none"
    selective_by: Annotated[
        Literal["head", "stage"], Meta(description="whose answer tells whether the teacher is right")
    ] = "head"
    branch_share: Annotated[
        float, Meta(gt=0, le=2, description="epochs of the first phase, in shares of E")
    ] = 0.3
    branch_head_weight: Annotated[
        float, Meta(ge=0, description="first phase: weight of the teacher's own logits beside the labels")
    ] = 0.0
    connector: Activation = "auto"


class MSKDSSR(Method):
    """See the module's text."""

    title = "MSKD-SSR"
    Config = MSKDSSRConfig
    config: MSKDSSRConfig

    @property
    def by_logits(self) -> bool:
        """Whether stages answer by class logits; otherwise by embeddings in the teacher's space."""
        c = self.config
        if self.task.kind == "classification":
            return True
        if c.responses == "auto":
            return self.has_teacher_logits and self.task.classes <= MOST_CLASSES
        return c.responses == "logits"

    @override
    def declare(self) -> dict[str, Term]:
        c = self.config
        if not self.has_teacher_logits and (c.responses == "logits" or c.selective_mode != "none"):
            raise MethodError(
                f"responses {c.responses!r} with selective_mode {c.selective_mode!r} need a teacher that knows the "
                "classes; this one gives no logits and no identity has a centre. Use 'embedding' and 'none'"
            )
        several = len(self.pairs) > 1
        return {
            "task": Term(c.task_weight, "labelled"),
            "branch": Term(c.branch_weight * several * self.by_logits, "labelled"),
            "channel": Term(c.channel_weight),
            "response": Term(
                c.response_weight, "all" if c.selective_mode == "none" else "labelled", logits=self.by_logits
            ),
            "review": Term(c.review_weight * several),
        }

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Stages of student and teacher that belong together. The deepest pair answers by the networks' own heads."""
        return pair_stages(self.student_stages, self.teacher_stages)

    @override
    def build(self) -> None:
        face = self.task.kind == "face"
        if "channel" in self.active:
            self.connectors = Connectors(self.student_stages, self.teacher_stages, self.config.connector)
        if self.active.keys() & {"branch", "response", "review"}:
            ours = [ours for ours, _ in self.pairs[:-1]]
            self.branches = Branches(self.student_stages, ours, self._outputs, face=face)
        if face and not self.by_logits:
            self.projector = projector(self.student_dim, self.teacher_dim)

    @override
    def preparation(self) -> Preparation | None:
        if "response" not in self.active or len(self.pairs) < 2 or self.teacher is None:
            return None
        return TeacherBranches(
            self.teacher,
            [theirs for _, theirs in self.pairs[:-1]],
            self._outputs,
            face=self.task.kind == "face",
            logits=self.head.response_logits if self.by_logits else None,
            scale=self.config.scale if self.task.kind == "face" else 1.0,
            head_weight=self.config.branch_head_weight,
            share=self.config.branch_share,
        )

    @override
    def answers(self, student: StagedOutput) -> list[Tensor]:
        return self._student_answers(student) if hasattr(self, "branches") and self.by_logits else []

    @override
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        c, losses = self.config, {}
        answers = self._student_answers(student) if hasattr(self, "branches") else []
        if "task" in self.active:
            losses["task"] = c.task_weight * self.head.loss(student, batch.labels)
        if "branch" in self.active:
            labels = batch.labels.where(self.head.judged(batch.labels), -1)
            each = torch.stack([class_loss(answer, labels) for answer in answers[:-1]])
            losses["branch"] = c.branch_weight * each.mean()
        if "channel" in self.active:
            means = [channel_loss(s, t) for s, t in self.connectors(student, teacher)]
            decay = early_decay(epoch, c.channel_decay)
            losses["channel"] = c.channel_weight * decay * sum(means, start=means[0] * 0)
        if "response" in self.active:
            losses["response"] = c.response_weight * self._response(batch, answers, teacher, epoch)
        if "review" in self.active:
            losses["review"] = c.review_weight * ramp(epoch, c.review_ramp) * self._review(answers)
        return losses

    @property
    def _outputs(self) -> int:
        return self.task.classes if self.task.kind == "classification" else self.teacher_dim

    def _student_answers(self, student: StagedOutput) -> list[Tensor]:
        """What the student says after each stage, shallow to deep: logits [B, K] or embeddings [B, D_teacher]."""
        branches = self.branches(student.stages)
        if not self.by_logits:
            if student.embedding is None:
                raise ValueError("expected a student that gives an embedding, got none")
            return [*branches, self.projector(student.embedding)]
        final = self.head.logits(student)
        answers = [self.head.response_logits(branch) for branch in branches]
        return [answer for answer in (*answers, final) if answer is not None]

    def _teacher_answers(self, teacher: StagedOutput) -> list[Tensor]:
        """The same of the teacher."""
        if len(teacher.responses) != len(self.pairs) - 1:
            raise ValueError(
                f"expected a teacher with {len(self.pairs) - 1} responses, got {len(teacher.responses)}: "
                "train method.preparation() first and hold what it finishes"
            )
        if not self.by_logits:
            if teacher.embedding is None:
                raise ValueError("expected a teacher that gives an embedding, got none")
            return [*teacher.responses, teacher.embedding]
        answers = [self.head.response_logits(response) for response in teacher.responses]
        return [answer for answer in (*answers, self.head.teacher_logits(teacher)) if answer is not None]

    def _response(self, batch: Batch, answers: list[Tensor], teacher: StagedOutput, epoch: Epoch) -> Tensor:
        ours, theirs = answers, self._teacher_answers(teacher)
        weights = self._trust(batch.labels, teacher, epoch)
        if not self.by_logits:
            rows = [cosine_distance(s, t.detach()) for s, t in zip(ours, theirs, strict=True)]
            if weights is None:
                return torch.stack(rows).mean()
            return torch.stack([(w * row).sum() for w, row in zip(weights, rows, strict=True)]).mean()
        few = [
            top_classes(s, t, batch.labels, self.config.top_classes)
            for s, t in zip(ours, theirs, strict=True)
        ]
        swap = self.config.selective_mode == "swap"
        return stage_response_loss(
            [s for s, _, _ in few],
            [corrected_logits(t, labels) if swap else t for _, t, labels in few],
            self.config.response_temperature,
            weights,
        )

    def _trust(self, labels: Tensor, teacher: StagedOutput, epoch: Epoch) -> list[Tensor] | None:
        """For each stage the weights [B] of its rows, divided by their number; None for a plain mean."""
        mode = self.config.selective_mode
        if mode == "none":
            return None
        final = self.head.teacher_logits(teacher)
        judges = [final] * len(self.pairs)
        if self.config.selective_by == "stage":
            judges = [*(self.head.response_logits(response) for response in teacher.responses), final]
        judged = self.head.judged(labels)
        weights = []
        for logits in judges:
            if logits is None:
                raise ValueError("expected a teacher that gives logits, got none")
            weight = judged * selective_weight(
                mode, logits, labels, *epoch, temperature=self.config.response_temperature
            )
            counted = weight if mode == "hard" else judged.to(weight.dtype)
            weights.append(weight / divisor(counted.sum(), 1))
        return weights

    def _review(self, answers: list[Tensor]) -> Tensor:
        c = self.config
        how = (c.review_pairs, c.review_direction, c.review_stop_gradient)
        if self.by_logits:
            return review_loss(answers, c.review_temperature, *how)
        return embedding_review_loss(answers, *how)
