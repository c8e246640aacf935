"""Distillation of responses at every stage: from the teacher's stages, and from the student's own deeper ones.

Source: MSKD-SSR as reconstructed in kd-spec, section 2.2 (SRD and CRD); no teacher takes part in the review.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from facekd.distil.losses.embedding import cosine_distance
from facekd.distil.losses.logit import row_divergence

Pairs = Literal["all", "adjacent", "final"]
Direction = Literal["deep_to_shallow", "shallow_to_deep", "symmetric"]


def stage_response_loss(
    student_stage_logits: Sequence[Tensor],
    teacher_stage_logits: Sequence[Tensor],
    temperature: float,
    weights: Sequence[Tensor] | None = None,
) -> Tensor:
    """Mean over the stages of the distillation of each stage's logits (SRD).

    Args:
        student_stage_logits: L tensors [B, K], shallow to deep, the network's own last.
        teacher_stage_logits: as many; no gradient flows into them.
        temperature: > 0; the factor temperature**2 is always applied.
        weights: for each stage [B], to be summed with instead of averaging; divide them by the number of rows.

    Returns:
        Scalar.
    """
    rows = [
        row_divergence(ours, theirs, temperature)
        for ours, theirs in zip(student_stage_logits, teacher_stage_logits, strict=True)
    ]
    if weights is None:
        return torch.stack([row.mean() for row in rows]).mean()
    return torch.stack([(weight * row).sum() for weight, row in zip(weights, rows, strict=True)]).mean()


def review_loss(
    stage_logits: Sequence[Tensor],
    temperature: float,
    pairs: Pairs = "all",
    direction: Direction = "deep_to_shallow",
    stop_gradient: bool = True,
) -> Tensor:
    """The student's stages learn from each other (CRD): mean over the pairs of the divergence.

    Args:
        stage_logits: L tensors [B, K], shallow to deep.
        temperature: > 0; the factor temperature**2 is always applied.
        pairs, direction: see `review_pairs`.
        stop_gradient: the one that teaches does not learn.

    Returns:
        Scalar; 0 for a single stage.
    """
    rows = [
        row_divergence(
            stage_logits[learner], stage_logits[guide], temperature, stop_gradient=stop_gradient
        ).mean()
        for guide, learner in review_pairs(len(stage_logits), pairs, direction)
    ]
    return torch.stack(rows).mean() if rows else stage_logits[0].sum() * 0


def embedding_review_loss(
    stage_embeddings: Sequence[Tensor],
    pairs: Pairs = "all",
    direction: Direction = "deep_to_shallow",
    stop_gradient: bool = True,
) -> Tensor:
    """`review_loss` for embeddings [B, D]: one minus the cosine in place of the divergence."""
    terms = []
    for guide, learner in review_pairs(len(stage_embeddings), pairs, direction):
        target = stage_embeddings[guide].detach() if stop_gradient else stage_embeddings[guide]
        terms.append(cosine_distance(stage_embeddings[learner], target).mean())
    return torch.stack(terms).mean() if terms else stage_embeddings[0].sum() * 0


def review_pairs(stages: int, pairs: Pairs, direction: Direction) -> list[tuple[int, int]]:
    """(who teaches, who learns) by index of the stage.

    Args:
        stages: L.
        pairs: every two stages, neighbours only, or each with the last.
        direction: the deeper teaches, the shallower teaches, or each the other (twice as many pairs).
    """
    deeper = {
        "all": [(deep, shallow) for deep in range(1, stages) for shallow in range(deep)],
        "adjacent": [(deep, deep - 1) for deep in range(1, stages)],
        "final": [(stages - 1, shallow) for shallow in range(stages - 1)],
    }[pairs]
    if direction == "deep_to_shallow":
        return deeper
    shallower = [(shallow, deep) for deep, shallow in deeper]
    return shallower if direction == "shallow_to_deep" else deeper + shallower
