"""Distillation of logits: Hinton's, the selective forms of CCSKD, and the decoupled form.

Every divergence is KL(teacher || student) in nats of distributions softened by a temperature T, computed from two
log-softmaxes (so that no probability of zero is ever divided by or logged), times T squared, which keeps gradients
comparable when T changes. No gradient flows into the teacher.
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

SelectiveMode = Literal["released", "progressive", "hard", "tcp", "swap"]
Decay = Literal["linear", "cosine", "step"]
Normaliser = Literal["batch", "sum_w"]


def kd_loss(student_logits: Tensor, teacher_logits: Tensor, temperature: float) -> Tensor:
    """KL(teacher || student) of the softened class distributions, times temperature squared.

    Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, section 2.

    Args:
        student_logits: [B, K], before softmax.
        teacher_logits: [B, K].
        temperature: > 0.

    Returns:
        Scalar, mean over the batch.
    """
    return row_divergence(student_logits, teacher_logits, temperature).mean()


def row_divergence(
    student_logits: Tensor, teacher_logits: Tensor, temperature: float, *, stop_gradient: bool = True
) -> Tensor:
    """T^2 KL(teacher || student) of each row: [B]. Arguments as `kd_loss`; without stop_gradient both sides move."""
    teacher_logits = teacher_logits.detach() if stop_gradient else teacher_logits
    log_p = F.log_softmax(widened(student_logits) / temperature, dim=1)
    log_q = F.log_softmax(widened(teacher_logits) / temperature, dim=1)
    return (log_q.exp() * (log_q - log_p)).sum(dim=1) * temperature**2


def selective_weight(
    mode: SelectiveMode,
    teacher_logits: Tensor,
    labels: Tensor,
    epoch: int,
    epochs: int,
    *,
    decay: Decay = "linear",
    start: float = 0.30,
    end: float = 0.80,
    gamma: float = 0.9,
    period: float = 0.15,
    temperature: float = 1.0,
) -> Tensor:
    """How much each row's teacher is trusted: the heart of selective distillation.

    With c = 1 where the teacher's largest logit is the label's, else 0:

    - released: [(1 + c) gamma^floor(e / (period E))]^2, the gradient of CCSKD's published code, which doubles the
      right rows and lets both decay;
    - progressive: c + (1 - c) rho(e), rho falling from 1 at `start` E to 0 at `end` E: wrong rows are taken out step
      by step;
    - hard: c; to be normalised by "sum_w";
    - tcp: the teacher's probability of the label;
    - swap: 1 (use `corrected_logits` as the teacher's).

    Source: kd-spec, section 6.1.

    Args:
        mode: see above.
        teacher_logits: [B, K], margin-free, over all classes.
        labels: [B] int64; the weight of a row with -1 is 0, because nobody can say whether its teacher is right.
        epoch: counted from 1.
        epochs: E.
        decay: shape of rho between its ends; a step is halfway.
        start, end: of rho, shares of E.
        gamma, period: of `released`; period is a share of E (0.15 of 200 are the published 30 epochs).
        temperature: of the probability in `tcp`.

    Returns:
        [B], no gradient.
    """
    teacher_logits = widened(teacher_logits).detach()
    known = (labels >= 0).to(teacher_logits.dtype)
    correct = (teacher_logits.argmax(dim=1) == labels).to(teacher_logits.dtype)
    if mode == "released":
        return known * ((1 + correct) * gamma ** whole(epoch, period * epochs)) ** 2
    if mode == "progressive":
        return known * (correct + (1 - correct) * fading(epoch, start * epochs, end * epochs, decay))
    if mode == "hard":
        return correct
    if mode == "tcp":
        likely = F.softmax(teacher_logits / temperature, dim=1).gather(1, labels.clamp(min=0)[:, None])
        return known * likely.squeeze(1)
    if mode == "swap":
        return known
    raise ValueError(f"expected a selective mode released, progressive, hard, tcp or swap, got {mode!r}")


def whole(epoch: int, period: float) -> int:
    """floor(epoch / period), safe against 0.3 * 10 being 3 and a bit."""
    return int(epoch / period + 1e-9)


def fading(epoch: int, start: float, end: float, decay: Decay) -> float:
    """1 up to epoch `start`, 0 from epoch `end` on, and a line, half a cosine or a step between."""
    passed = min(1.0, max(0.0, (epoch - start) / max(end - start, 1e-9)))
    if decay == "cosine":
        return (math.cos(passed * math.pi) + 1) / 2
    if decay == "step":
        return float(passed < 0.5)
    return 1 - passed


def selective_kd_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    weight: Tensor,
    temperature: float,
    normaliser: Normaliser | Tensor = "batch",
) -> Tensor:
    """Distillation with a weight for each row.

    Args:
        student_logits, teacher_logits, temperature: as `kd_loss`.
        weight: [B], >= 0, of `selective_weight`.
        normaliser: what the weighted sum is divided by: the number of rows (dropping rows lessens the teacher's
            pull), max(1, sum of the weights) (it does not), or a number given.

    Returns:
        Scalar.
    """
    if isinstance(normaliser, Tensor):
        divisor = normaliser
    elif normaliser == "sum_w":
        divisor = weight.sum().clamp(min=1)
    else:
        divisor = weight.new_tensor(len(weight))
    return (weight * row_divergence(student_logits, teacher_logits, temperature)).sum() / divisor


def corrected_logits(teacher_logits: Tensor, labels: Tensor) -> Tensor:
    """The teacher's logits [B, K] with the label's and the largest one exchanged, so that no row is wrong.

    Exchanging logits exchanges probabilities at every temperature. Rows with label -1 stay.
    Source: "Preparing Lessons: Improve Knowledge Distillation with Better Supervision", arXiv:1911.07471, section 3.
    """
    top, largest = teacher_logits.max(dim=1, keepdim=True)
    label = torch.where(labels[:, None] >= 0, labels[:, None], largest)
    fixed = teacher_logits.scatter(1, largest, teacher_logits.gather(1, label))
    return fixed.scatter(1, label, top)


def top_classes(
    student_logits: Tensor, teacher_logits: Tensor, labels: Tensor, count: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The same rows over the teacher's `count` likeliest classes only, the label always among them.

    With tens of thousands of identities the rest is a long tail of nothing that costs memory. The softmax of what is
    left renormalises by itself.

    Returns:
        Student logits [B, count], teacher logits [B, count], labels [B] as positions within them (-1 stays).
        Unchanged when there are no more classes than that.
    """
    if teacher_logits.shape[1] <= count:
        return student_logits, teacher_logits, labels
    index = teacher_logits.detach().topk(count, dim=1).indices
    found = index == labels[:, None]
    absent = (labels >= 0) & ~found.any(dim=1)
    last = torch.where(absent, labels, index[:, -1])
    index = torch.cat([index[:, :-1], last[:, None]], dim=1)
    place = (index == labels[:, None]).to(torch.int64).argmax(dim=1)
    return (
        student_logits.gather(1, index),
        teacher_logits.gather(1, index),
        torch.where(labels >= 0, place, labels),
    )


def decoupled_divergence(
    student_logits: Tensor,
    teacher_logits: Tensor,
    labels: Tensor,
    alpha: float,
    beta: float,
    temperature: float,
) -> Tensor:
    """alpha * target-class KD + beta * non-target-class KD of each row: [B].

    The first is the divergence of (p of the label, the rest), the second that of the distributions over all classes
    but the label; Hinton's loss couples the second to the teacher's doubt, this one does not.
    Source: Zhao et al., "Decoupled Knowledge Distillation", arXiv:2203.08679, equation 7.

    Args:
        student_logits, teacher_logits, temperature: as `kd_loss`; K >= 2.
        labels: [B] int64; what comes out for rows with -1 has no meaning.
        alpha, beta: weights.
    """
    label = labels.clamp(min=0)[:, None]

    def split(logits: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of (label, rest) [B, 2], and within the rest [B, K - 1]."""
        columns = torch.arange(logits.shape[1] - 1, device=logits.device).expand(len(logits), -1)
        rest = logits.gather(1, columns + (columns >= label))
        pair = torch.cat([logits.gather(1, label), rest.logsumexp(dim=1, keepdim=True)], dim=1)
        return F.log_softmax(pair, dim=1), F.log_softmax(rest, dim=1)

    ours = split(widened(student_logits) / temperature)
    theirs = split(widened(teacher_logits).detach() / temperature)
    target, others = ((q.exp() * (q - p)).sum(dim=1) for p, q in zip(ours, theirs, strict=True))
    return (alpha * target + beta * others) * temperature**2


def widened(x: Tensor) -> Tensor:
    """Half precision as float32; everything else as it is."""
    return x.float() if x.itemsize < 4 else x
