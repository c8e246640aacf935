"""1:1 comparison: how well a score separates pairs of one person from pairs of two.

A pair is accepted when its score is at or above the threshold. Everywhere `scores` is float32 [n] (cosine, higher =
more alike) and `same` bool [n] (True = genuine, both pictures show one person).
Terms after ISO/IEC 19795-1: FMR, here FAR as the field's tables call it, is the share of impostor pairs accepted;
FNMR the share of genuine pairs rejected; TAR = 1 - FNMR.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.evaluation.intervals import errors_allowed, trials_needed, wilson_interval
from facekd.evaluation.pairs import Pairs
from facekd.types import Embeddings, Floats, Ids

Mask = NDArray[np.bool_]

FARS = ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6")
"""False accept rates of a report; each is given, or refused with the number of pairs it would need."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of right answers, fold by fold."""

    mean: float
    std: float  # population standard deviation over the folds (ddof 0)
    folds: tuple[float, ...]  # in the order of the fold numbers
    thresholds: tuple[float, ...]  # each chosen on the other folds


@dataclass(frozen=True, slots=True)
class TrueAccepts:
    """TAR at one FAR, with the 95 % Wilson interval of the n genuine pairs at this threshold."""

    tar: float
    lo: float
    hi: float
    threshold: float
    n: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A FAR that the impostor pairs cannot carry (rule of three)."""

    needed: int  # impostor pairs


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """All figures of one list of pairs."""

    n_genuine: int
    n_impostor: int
    accuracy: Accuracy
    eer: float
    auc: float
    tar_at_far: dict[str, TrueAccepts | Refused]


def verification_report(
    scores: Floats, same: Mask, folds: Ids, fars: Sequence[str] = FARS
) -> VerificationReport:
    """Every figure of `evaluate verification`.

    Raises:
        InputError: no genuine or no impostor pair, or only one fold.
        ValueError: arrays of different lengths, or a score that is not a finite number.
    """
    genuine, impostor = split(scores, same)
    return VerificationReport(
        n_genuine=len(genuine),
        n_impostor=len(impostor),
        accuracy=fold_accuracy(scores, same, folds),
        eer=equal_error_rate(genuine, impostor),
        auc=area_under_curve(genuine, impostor),
        tar_at_far={far: tar_at_far(genuine, impostor, float(far)) for far in fars},
    )


def pair_scores(pairs: Pairs, names: Sequence[str], embeddings: Embeddings, found: Mask) -> Floats:
    """Cosine [n] of each pair; -1, the lowest there is, where a picture shows no face.

    Args:
        pairs: n pairs.
        names: the m pictures that were embedded.
        embeddings: [m, d], in the order of `names`.
        found: [m], False where no face was found.
    """
    row = {name: number for number, name in enumerate(names)}
    a = np.array([row[name] for name in pairs.file_a], np.intp)
    b = np.array([row[name] for name in pairs.file_b], np.intp)
    cosine = np.einsum("nd,nd->n", embeddings.vectors[a], embeddings.vectors[b])
    return np.where(found[a] & found[b], cosine, np.float32(-1))


def split(scores: Floats, same: Mask) -> tuple[Floats, Floats]:
    """Genuine and impostor scores, each sorted ascending. Raises as `verification_report`."""
    if scores.ndim != 1 or scores.shape != same.shape:
        raise ValueError(f"expected scores [n] and same [n], got {list(scores.shape)} and {list(same.shape)}")
    if not np.isfinite(scores).all():
        raise ValueError(f"expected finite scores, got {int((~np.isfinite(scores)).sum())} that are not")
    genuine, impostor = np.sort(scores[same]), np.sort(scores[~same])
    if not len(genuine) or not len(impostor):
        raise InputError(
            f"expected pairs of one person and pairs of two, got {len(genuine):,} and {len(impostor):,}; "
            "a list of pairs needs both kinds"
        )
    return genuine, impostor


def best_threshold(scores: Floats, same: Mask) -> float:
    """The threshold with the most right answers.

    The search is exact. Candidates are the mid-points between neighbouring distinct scores, the lowest score itself
    (accepts everything) and the float32 just above the highest (accepts nothing), so that every possible division of
    the pairs is tried. Of several equally good candidates the middle one is taken, of two in the middle the lower.
    """
    order = np.argsort(scores)
    ascending, genuine = scores[order].astype(np.float64), same[order]
    # cut k rejects the k lowest scores: right are the genuine from k on and the impostors before k
    genuine_below = np.concatenate([[0], np.cumsum(genuine)])
    cuts = np.arange(len(scores) + 1)
    right = (genuine_below[-1] - genuine_below) + (cuts - genuine_below)
    possible = np.concatenate([[True], ascending[1:] > ascending[:-1], [True]])  # equal scores stay together
    highest = np.nextafter(np.float32(ascending[-1]), np.float32(np.inf))
    thresholds = np.concatenate([ascending[:1], (ascending[1:] + ascending[:-1]) / 2, [highest]])[possible]
    best = np.flatnonzero(right[possible] == right[possible].max())
    return float(thresholds[best[(len(best) - 1) // 2]])


def fold_accuracy(scores: Floats, same: Mask, folds: Ids) -> Accuracy:
    """Accuracy of each fold at the threshold that is best on all other folds together.

    Source: LFW's protocol for view 2 (Huang et al., TR 07-49). Raises InputError when there is only one fold.
    """
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise InputError(
            "expected pairs in two folds or more, got one; the threshold of a fold is chosen on the others"
        )
    thresholds = [best_threshold(scores[folds != number], same[folds != number]) for number in numbers]
    shares = [
        float(np.mean(accepted(scores[folds == number], threshold) == same[folds == number]))
        for number, threshold in zip(numbers, thresholds, strict=True)
    ]
    return Accuracy(float(np.mean(shares)), float(np.std(shares)), tuple(shares), tuple(thresholds))


def accepted(scores: Floats, threshold: float) -> Mask:
    """[n] True where a score is at or above the threshold, compared in double precision.

    NumPy would round a Python float to the scores' float32 first and so let a score just below pass.
    """
    return np.asarray(scores.astype(np.float64) >= threshold)


def equal_error_rate(genuine: Floats, impostor: Floats) -> float:
    """The rate at which FAR and FNMR are equal, on the line through the measured operating points.

    Operating points are taken at every distinct score; between the last with FAR > FNMR and the first with
    FAR <= FNMR the crossing is found on the straight line. Arrays sorted ascending, as `split` gives them.
    """
    thresholds = np.unique(np.concatenate([genuine, impostor]))
    # one more point above all scores, where nothing is accepted: there FAR = 0 and FNMR = 1
    far = np.append(1 - np.searchsorted(impostor, thresholds) / len(impostor), 0.0)
    fnmr = np.append(np.searchsorted(genuine, thresholds) / len(genuine), 1.0)
    after = int(np.argmax(far <= fnmr))  # exists: the last point; not 0: there FAR = 1 and FNMR = 0
    before = after - 1
    gap_before, gap_after = far[before] - fnmr[before], far[after] - fnmr[after]
    part = gap_before / (gap_before - gap_after)
    return float(far[before] + part * (far[after] - far[before]))


def area_under_curve(genuine: Floats, impostor: Floats) -> float:
    """The chance that a genuine pair scores above an impostor pair, equal scores counting half.

    This is the area under the ROC curve (Mann and Whitney's U over the number of combinations). Arrays sorted
    ascending, as `split` gives them.
    """
    below = np.searchsorted(impostor, genuine, side="left")
    not_above = np.searchsorted(impostor, genuine, side="right")
    return float(np.mean((below + not_above) / 2) / len(impostor))


def threshold_at(impostor: Floats, rate: float) -> float:
    """The smallest float32 threshold that accepts at most `rate` of the impostor scores.

    With n scores, k = floor(rate * n) may be accepted; the threshold is the float32 just above the (k + 1)-th highest
    score. Scores equal to that one are rejected together with it, so ties can only make the rate smaller. When all
    may be accepted it is -1, the lowest cosine.

    Args:
        impostor: sorted ascending; -inf stands for a comparison that gave no score and is never accepted.
        rate: 0 to 1.
    """
    return threshold_accepting(impostor, errors_allowed(rate, len(impostor)))


def threshold_accepting(impostor: Floats, k: int) -> float:
    """The smallest float32 threshold that accepts at most k of the scores, which are sorted ascending."""
    if k >= len(impostor) or impostor[-1 - k] < -1:
        return -1.0
    return float(np.nextafter(np.float32(impostor[-1 - k]), np.float32(np.inf)))


def tar_at_far(genuine: Floats, impostor: Floats, far: float) -> TrueAccepts | Refused:
    """TAR at the threshold of `threshold_at`, or a refusal when there are fewer than 3 / FAR impostor pairs."""
    needed = trials_needed(far)
    if len(impostor) < needed:
        return Refused(needed)
    threshold = threshold_at(impostor, far)
    n, hits = len(genuine), int(accepted(genuine, threshold).sum())
    lo, hi = wilson_interval(hits, n)
    return TrueAccepts(hits / n, lo, hi, threshold, n)
