"""What stands behind the student while it trains: class logits of its own, or a margin head over identities.

Both answer the same questions, so that no method asks which task it serves. Margins exist only inside `loss`: logits
that are distilled and the judgement whether the teacher is right never see one (kd-spec, section 4.3).
"""

from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facekd.distil.losses.margin import arcface_logits, cosface_logits
from facekd.distil.methods.processes import divisor
from facekd.distil.networks.stages import StagedOutput

INITIAL_STD = 0.01

Margin = Literal["arcface", "cosface", "none"]


class Head(Protocol):
    """What a method asks of a head."""

    def loss(self, output: StagedOutput, labels: Tensor) -> Tensor:
        """The task's own loss over the labelled rows: scalar."""

    def logits(self, output: StagedOutput) -> Tensor | None:
        """[B, K] of the student, margin-free; None without classes."""

    def teacher_logits(self, teacher: StagedOutput) -> Tensor | None:
        """[B, K] of the teacher, margin-free; None without classes."""

    def response_logits(self, response: Tensor) -> Tensor | None:
        """[B, K] of an auxiliary branch; None without classes."""

    def judged(self, labels: Tensor) -> Tensor:
        """[B] bool: rows for which a teacher's answer can be called right or wrong."""


def labelled_mean(losses: Tensor, counted: Tensor) -> Tensor:
    """Mean of the losses [B] over the rows where `counted` [B]; 0 with zero gradients when there are none.

    Over the rows of all processes, so that uneven shares of labelled rows change nothing.
    """
    return torch.where(counted, losses, 0).sum() / divisor(counted.sum().to(losses.dtype), 1)


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy over the labelled rows: scalar."""
    return labelled_mean(F.cross_entropy(logits, labels, ignore_index=-1, reduction="none"), labels >= 0)


class ClassHead(nn.Module):
    """Classification: the logits are the networks' own."""

    def loss(self, output: StagedOutput, labels: Tensor) -> Tensor:
        """Cross-entropy over the labelled rows."""
        if output.logits is None:
            raise ValueError("expected a student that gives logits, got none")
        return class_loss(output.logits, labels)

    def logits(self, output: StagedOutput) -> Tensor | None:
        """The student's own."""
        return output.logits

    def teacher_logits(self, teacher: StagedOutput) -> Tensor | None:
        """The teacher's own."""
        return teacher.logits

    def response_logits(self, response: Tensor) -> Tensor | None:
        """A branch of a classifier gives logits."""
        return response

    def judged(self, labels: Tensor) -> Tensor:
        """Labelled rows."""
        return labels >= 0


class FaceHead(nn.Module):
    """Faces: one centre per identity on the unit sphere, cosines times `scale` as logits.

    Args:
        embedding_dim: of the student.
        classes: identities; 0 when nothing is labelled, then there are no logits and the loss is 0.
        centres: the teacher's unit class centres [classes, D_teacher], zeros where an identity has none.
        margin, margin_size: ArcFace in radians, CosFace in cosine; only in `loss`.
        scale: factor of the cosines.
        own: whether the student gets centres of its own; without, its loss is 0 and its logits need `shared`.
        start_at_centres: the student's centres begin where the teacher's are, where there are some of its length; at
            random, the margin loss and a loss on embeddings would pull the student to different places.
        shared: the student's distilled logits are its cosines with the teacher's centres, through a projection where
            lengths differ, instead of with its own.
    """

    centres: Tensor | None

    def __init__(
        self,
        embedding_dim: int,
        classes: int,
        centres: Tensor | None,
        *,
        margin: Margin = "arcface",
        margin_size: float = 0.5,
        scale: float = 64.0,
        own: bool = True,
        start_at_centres: bool = False,
        shared: bool = False,
    ) -> None:
        super().__init__()
        if centres is not None and len(centres) != classes:
            raise ValueError(f"expected one centre for each of {classes} classes, got {tuple(centres.shape)}")
        self.margin, self.margin_size, self.scale = margin, margin_size, scale
        self.weight = nn.Parameter(torch.empty(classes, embedding_dim)) if classes and own else None
        if self.weight is not None:
            nn.init.normal_(self.weight, std=INITIAL_STD)
            if start_at_centres and centres is not None and centres.shape == self.weight.shape:
                given = INITIAL_STD * embedding_dim**0.5 * centres  # as long as a random one
                self.weight.data = torch.where(centres.any(dim=1, keepdim=True), given, self.weight.data)
        # The trainer computes them from the teacher; they are data, not weights.
        self.register_buffer("centres", centres, persistent=False)
        self.projector = (
            projector(embedding_dim, centres.shape[1]) if shared and centres is not None else None
        )

    def loss(self, output: StagedOutput, labels: Tensor) -> Tensor:
        """Cross-entropy behind the margin, over the labelled rows."""
        embedding = _embedding(output)
        if self.weight is None:
            return embedding.sum() * 0
        return class_loss(self.with_margin(cosines(embedding, self.weight), labels), labels)

    def with_margin(self, cosine: Tensor, labels: Tensor) -> Tensor:
        """Logits [B, K] from cosines [B, K], the label's one made harder."""
        if self.margin == "arcface":
            return arcface_logits(cosine, labels, self.margin_size, self.scale)
        if self.margin == "cosface":
            return cosface_logits(cosine, labels, self.margin_size, self.scale)
        return self.scale * cosine

    def logits(self, output: StagedOutput) -> Tensor | None:
        """scale * cos(student's embedding, student's centres), or the teacher's when they are shared."""
        if self.projector is not None:
            return self.response_logits(self.projector(_embedding(output)))
        return None if self.weight is None else self.scale * cosines(_embedding(output), self.weight)

    def teacher_logits(self, teacher: StagedOutput) -> Tensor | None:
        """scale * cos(teacher's embedding, teacher's centres)."""
        return None if teacher.embedding is None else self.response_logits(teacher.embedding)

    def response_logits(self, response: Tensor) -> Tensor | None:
        """scale * cos(an embedding in the teacher's space [B, D_teacher], teacher's centres)."""
        return None if self.centres is None else self.scale * self.centre_cosines(response)

    def centre_cosines(self, embedding: Tensor) -> Tensor:
        """[B, K] cosines of an embedding in the teacher's space with the teacher's centres."""
        if self.centres is None:
            raise ValueError("expected the teacher's class centres, got none")
        return cosines(embedding, self.centres)

    def judged(self, labels: Tensor) -> Tensor:
        """Labelled rows whose identity has a teacher's centre."""
        if self.centres is None:
            return torch.zeros_like(labels, dtype=torch.bool)
        has_centre = self.centres.abs().amax(dim=1) > 0
        return (labels >= 0) & has_centre[labels.clamp(min=0)]


def cosines(embeddings: Tensor, centres: Tensor) -> Tensor:
    """[B, K] cosines of embeddings [B, D] and centres [K, D], either of any length; 0 for a vector of zeros."""
    return F.normalize(embeddings, eps=1e-12) @ F.normalize(centres, eps=1e-12).T


def projector(inputs: int, outputs: int) -> nn.Module:
    """From the student's embedding into the teacher's space: a linear map where lengths differ, else nothing."""
    return nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs, bias=False)


def _embedding(output: StagedOutput) -> Tensor:
    if output.embedding is None:
        raise ValueError("expected a network that gives an embedding, got none")
    return output.embedding
