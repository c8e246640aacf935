"""The first phase of MSKD-SSR: branches on the frozen teacher learn to answer after each of its stages.

The backbone stays as it is, batch statistics included, and gets no gradient, so that the teacher's own answer is the
same before and after. Source: kd-spec, section 2.2, after HSAKD's frozen-backbone branches.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from facekd.distil.losses.embedding import cosine_distance
from facekd.distil.losses.logit import kd_loss
from facekd.distil.methods.base import Batch, Epoch, Preparation
from facekd.distil.methods.branches import Branches
from facekd.distil.methods.heads import class_loss
from facekd.distil.networks.stages import StagedOutput, StageSpec
from facekd.distil.teachers import Teacher, TeacherFacts
from facekd.distil.teachers.frozen import FrozenTeacher
from facekd.distil.teachers.torch_network import weights_digest

WORSE = 0.01
"""A deeper branch may be worse than a shallower one by so much before that is worth a word."""


class TeacherBranches(Preparation):
    """Branches that learn the labels, or for faces without identities the teacher's own embedding.

    Args:
        teacher: live when trained; only its stages are needed to be built.
        positions: stages that get a branch, shallow to deep.
        outputs, face: as `Branch`.
        logits: from a branch's answer to class logits [B, K]; None when answers are compared as embeddings.
        scale: of such logits where they are cosines; a part of the phase's identity.
        head_weight: weight of the teacher's own logits beside the labels.
        share: of the student's epochs.
    """

    _teacher: Any  # TeacherFacts to be built, a Teacher to finish
    _logits: Callable[[Tensor], Tensor | None] | None

    def __init__(
        self,
        teacher: TeacherFacts,
        positions: Sequence[int],
        outputs: int,
        *,
        face: bool,
        logits: Callable[[Tensor], Tensor | None] | None,
        scale: float = 1.0,
        head_weight: float = 0.0,
        share: float = 0.3,
    ) -> None:
        super().__init__()
        self.branches = Branches(teacher.stage_specs, positions, outputs, face=face)
        self.head_weight, self.share, self.face = head_weight, share, face
        # Past nn.Module: neither the teacher nor the method's head is a part of this phase.
        self.__dict__.update(_teacher=teacher, _logits=logits)
        self._scale = scale

    @property
    @override
    def identity(self) -> tuple[object, ...]:
        by_logits = self._logits is not None
        return (
            type(self).__name__,
            self.branches.positions,
            self.face,
            by_logits,
            self._scale,
            self.head_weight,
        )

    @override
    def forward(self, batch: Batch, teacher_output: StagedOutput, epoch: Epoch) -> dict[str, Tensor]:
        losses = {}
        own = self._answer(teacher_output).detach()
        for number, response in enumerate(self._responses(teacher_output), start=1):
            if self._logits is None:
                loss = cosine_distance(response, own).mean()
            else:
                loss = class_loss(response, batch.labels)
                if self.head_weight:
                    loss = loss + self.head_weight * kd_loss(response, own, temperature=4.0)
            losses[f"branch{number}"] = loss
        return losses

    @override
    @torch.no_grad()
    def scores(self, batch: Batch, teacher_output: StagedOutput) -> tuple[Tensor, Tensor]:
        own = self._answer(teacher_output)
        answers = [*self._responses(teacher_output), own]
        if self._logits is None:
            sums = torch.stack([(1 - cosine_distance(answer, own)).sum() for answer in answers])
            return sums, torch.full_like(sums, len(batch.labels))
        right = [(answer.argmax(dim=1) == batch.labels).sum() for answer in answers]
        sums = torch.stack(right).float()
        return sums, torch.full_like(sums, float((batch.labels >= 0).sum()))

    @override
    def judge(self, scores: Sequence[float]) -> str | None:
        for shallow, (here, deeper) in enumerate(pairwise(scores), start=1):
            if deeper < here - WORSE:
                return (
                    f"the teacher's stage {shallow + 1} answers worse than stage {shallow} "
                    f"({deeper:.3f} against {here:.3f}): its branches need longer training or other stages"
                )
        return None

    @override
    def finish(self) -> Teacher:
        facts = f"{self._teacher.id} {weights_digest(self.branches.state_dict())}"
        network = BranchedNetwork(self._teacher, self.branches)
        return FrozenTeacher(network, id=hashlib.sha256(facts.encode()).hexdigest(), spec=None)

    def _responses(self, teacher_output: StagedOutput) -> list[Tensor]:
        return [self._said(a) for a in self.branches(teacher_output.stages)]

    def _answer(self, teacher_output: StagedOutput) -> Tensor:
        """The teacher's own: class logits, or the embedding."""
        final = teacher_output.embedding if self.face else teacher_output.logits
        if final is None:
            raise ValueError("expected a teacher that gives an embedding (faces) or logits, got neither")
        return self._said(final)

    def _said(self, answer: Tensor) -> Tensor:
        logits = None if self._logits is None else self._logits(answer)
        return answer if logits is None else logits


class BranchedNetwork(nn.Module):
    """A teacher together with its trained branches, as one network."""

    def __init__(self, teacher: Teacher, branches: Branches) -> None:
        super().__init__()
        self.teacher, self.branches = teacher, branches
        self.stage_specs: tuple[StageSpec, ...] = teacher.stage_specs
        self.embedding_dim, self.classes = teacher.embedding_dim, teacher.classes

    def forward(self, images: Tensor) -> StagedOutput:
        """The teacher's output with the branches' responses."""
        output: StagedOutput = self.teacher(images)
        return output._replace(responses=self.branches(output.stages))
