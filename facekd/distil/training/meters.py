"""What an epoch was like: the size of every loss term, its share of the gradient, how often the teacher was wrong."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from facekd.distil.training.group import Group


class EpochMeter:
    """Sums over the steps of one epoch; survives a checkpoint as JSON, bit for bit."""

    def __init__(self, facts: Mapping[str, Any] | None = None) -> None:
        facts = facts or {}
        self.steps = int(facts.get("steps", 0))
        self.sums: dict[str, float] = dict(facts.get("sums", {}))
        self.shares: dict[str, float] = dict(facts.get("shares", {}))
        self.judged = int(facts.get("judged", 0))
        self.wrong = int(facts.get("wrong", 0))
        self.images = int(facts.get("images", 0))
        self.seconds = float(facts.get("seconds", 0.0))

    def facts(self) -> dict[str, Any]:
        """As JSON values."""
        return dict(vars(self))

    def add(self, losses: Mapping[str, float], images: int, seconds: float) -> None:
        """Count one step."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.steps += 1
        self.images += images
        self.seconds += seconds

    def add_verdicts(self, right: Tensor, judged: Tensor) -> None:
        """Count how often the teacher named the label, of the rows where that can be judged; bool [B] each."""
        self.judged += int(judged.sum())
        self.wrong += int((judged & ~right).sum())

    def summary(self, group: Group, images_a_step: int) -> dict[str, Any]:
        """The epoch's figures over all processes: mean terms, shares, wrong-teacher rate, images a second."""
        names = list(self.sums)
        means = group.mean([self.sums[name] / max(self.steps, 1) for name in names])
        judged, wrong, seconds = group.mean([self.judged, self.wrong, self.seconds])
        return {
            "losses": dict(zip(names, means, strict=True)),
            "gradient_share": self.shares,
            "wrong_teacher_rate": wrong / judged if judged else None,
            "images_per_s": self.steps * images_a_step / seconds if seconds else 0.0,
        }


def gradient_shares(terms: Mapping[str, Tensor], student: nn.Module, group: Group) -> dict[str, float]:
    """Each term's share of the gradient on the student: its norm over the sum of all terms' norms.

    Measured on one batch, with the graph kept for the step's own backward pass.
    """
    parameters = [p for p in student.parameters() if p.requires_grad]
    norms = []
    for term in terms.values():
        squares = 0.0
        if term.requires_grad:
            gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
            squares = sum(float(g.detach().float().square().sum()) for g in gradients if g is not None)
        norms.append(squares**0.5)
    total = sum(norms)
    shares = [norm / total if total else 0.0 for norm in norms]
    return dict(zip(terms, group.mean(shares), strict=True))


def culprits(terms: Mapping[str, Tensor], module: nn.Module) -> list[str]:
    """The terms whose value or gradient is not finite."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    found = []
    for name, term in terms.items():
        broken = not bool(torch.isfinite(term))
        if (
            term.requires_grad
        ):  # even when the value is broken already: other processes wait in its backward pass
            gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
            broken |= any(not bool(torch.isfinite(g).all()) for g in gradients if g is not None)
        if broken:
            found.append(name)
    return found
