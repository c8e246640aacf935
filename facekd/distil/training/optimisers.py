"""How weights move: SGD, AdamW, Muon for convolution matrices, and the learning rate as a function of the step."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from facekd.config import OptimiserConfig

# Newton-Schulz iteration of fifth order whose coefficients favour speed over exactness.
# Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_STEPS = 5


class Muon(torch.optim.Optimizer):
    """Muon for groups with `matrix=True`, AdamW for the others, in one state that can be saved.

    A convolution [out, in, h, w] counts as a matrix [out, in*h*w]. Its momentum is made orthogonal, so that every
    direction moves alike, and scaled by sqrt(max(1, out / rest)).

    Args:
        groups: parameter groups with `matrix`, `lr` and `weight_decay` each.
        momentum: of the matrices; Nesterov's form.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], momentum: float = 0.95) -> None:
        super().__init__(list(groups), {"momentum": momentum, "betas": (0.9, 0.99), "eps": 1e-8})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move all parameters that have a gradient; `closure` is not used."""
        del closure
        for group in self.param_groups:
            move = self._move_matrix if group["matrix"] else self._move_other
            for parameter in group["params"]:
                if parameter.grad is not None:
                    move(parameter, parameter.grad, self.state[parameter], group)

    def _move_matrix(self, p: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(p)
        state["momentum"].lerp_(gradient, 1 - momentum)
        ahead = gradient.lerp(state["momentum"], momentum)
        matrix = ahead.reshape(len(p), -1)
        update = orthogonal(matrix).reshape(ahead.shape)
        scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.add_(update, alpha=-group["lr"] * scale)

    def _move_other(self, p: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        first_beta, second_beta = group["betas"]
        if "step" not in state:
            state["step"] = torch.zeros((), dtype=torch.float64)
            state["first"], state["second"] = torch.zeros_like(p), torch.zeros_like(p)
        state["step"] += 1
        n = float(state["step"])
        state["first"].lerp_(gradient, 1 - first_beta)
        state["second"].mul_(second_beta).addcmul_(gradient, gradient, value=1 - second_beta)
        size = (state["second"] / (1 - second_beta**n)).sqrt_().add_(group["eps"])
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.addcdiv_(state["first"], size, value=-group["lr"] / (1 - first_beta**n))


def orthogonal(matrix: Tensor) -> Tensor:
    """[m, n] with all singular values near 1 (0.7 to 1.2) and the directions kept.

    Source: as above; the iteration runs on the smaller side.
    """
    x: Tensor = matrix.float()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.T
        x = _A * x + (_B * square + _C * square @ square) @ x
    result: Tensor = x.T if tall else x
    return result.to(matrix.dtype)


def build_optimiser(module: nn.Module, config: OptimiserConfig, rate: float) -> torch.optim.Optimizer:
    """The optimiser of everything trainable in `module`: student, head, connectors, branches.

    Weight decay spares what has one dimension (norms, biases), as is usual; `weight_decay` must be resolved.
    """
    decay = config.weight_decay or 0.0
    first = _first_convolution(module)
    matrices, decayed, plain = [], [], []
    for parameter in module.parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim < 2:
            plain.append(parameter)
        elif parameter.ndim == 4 and parameter is not first and min(parameter.shape[:2]) > 1:
            matrices.append(parameter)
        else:
            decayed.append(parameter)
    if config.name == "muon":
        rest = config.rest_learning_rate
        groups = [
            {"params": matrices, "matrix": True, "lr": rate, "weight_decay": decay},
            {"params": decayed, "matrix": False, "lr": rest, "weight_decay": decay},
            {"params": plain, "matrix": False, "lr": rest, "weight_decay": 0.0},
        ]
        return Muon([group for group in groups if group["params"]], config.momentum)
    groups = [{"params": matrices + decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if config.name == "adamw":
        return torch.optim.AdamW(groups, lr=rate)
    nesterov = config.nesterov and config.momentum > 0
    return torch.optim.SGD(groups, lr=rate, momentum=config.momentum, nesterov=nesterov)


def _first_convolution(module: nn.Module) -> Tensor | None:
    student = getattr(module, "student", module)
    assert isinstance(student, nn.Module)
    return next((m.weight for m in student.modules() if isinstance(m, nn.Conv2d)), None)


class Schedule:
    """The learning rate of each step: a factor on every group's own rate.

    Args:
        optimiser: its groups' rates are taken as the highest ones.
        config: form of the curve.
        steps: of the whole run.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, config: OptimiserConfig, steps: int) -> None:
        self._optimiser = optimiser
        self._config = config
        self._steps = steps
        self._highest = [float(group["lr"]) for group in optimiser.param_groups]

    def set(self, step: int) -> float:
        """Put the rate of `step` (from 0) into the optimiser and return that of its first group."""
        factor = self.factor(step)
        for group, highest in zip(self._optimiser.param_groups, self._highest, strict=True):
            group["lr"] = highest * factor
        return self._highest[0] * factor

    def factor(self, step: int) -> float:
        """0..1 at `step`: a line up while warming up, then the chosen form over the rest."""
        c = self._config
        warm = round(c.warmup * self._steps)
        if step < warm:
            return (step + 1) / warm
        if c.schedule == "constant":
            return 1.0
        if c.schedule == "steps":
            return c.decay ** sum(step >= round(share * self._steps) for share in c.milestones)
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(self._steps - warm, 1)))


def clip_gradients(module: nn.Module, largest: float) -> float:
    """Scale all gradients of the module down to a norm of at most `largest` (0: leave them); returns the norm.

    All means all: connectors and branches too, for clipping the student alone shrinks what the connectors must learn
    (arXiv:2605.31191, after kd-spec 6.0).
    """
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    if largest:
        torch.nn.utils.clip_grads_with_norm_(list(module.parameters()), largest, norm)
    return float(norm)
