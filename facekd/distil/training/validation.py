"""How good the student is on images that it does not learn from: top-1 and top-5, or pairs of faces."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from facekd.distil.data.imageset import ImageSet
from facekd.distil.methods.base import Method
from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.training.group import Group
from facekd.evaluation.pairs import read_pairs, rows_of
from facekd.evaluation.verification import TrueAccepts, fold_accuracy, split, tar_at_far
from facekd.evaluation.verification import equal_error_rate as eer_of
from facekd.types import Ids

BATCH = 128
MOST_PAIRS = 3000  # of each kind
FOLDS = 10

Figures = dict[str, float]
BEST_BY = {"classification": "top1", "face": "accuracy"}


def outputs(
    student: nn.Module,
    preprocess: Preprocess,
    images: Tensor,
    rows: NDArray[np.int64],
    group: Group,
    name: str,
) -> Tensor:
    """[len(rows), d] of the student's `embedding` or `logits`, in evaluation mode, without gradients."""
    was_training = student.training
    student.eval()
    mine = rows[group.rank :: group.world]
    parts = []
    with torch.inference_mode():
        for first in range(0, len(mine), BATCH):
            part = torch.from_numpy(mine[first : first + BATCH]).to(images.device)
            batch = images[part].permute(0, 3, 1, 2).float()
            parts.append(getattr(student(preprocess(batch)), name).float().cpu())
    student.train(was_training)
    if not parts:  # fewer rows than processes
        parts = [torch.zeros(0, 1)]
    return group.gather_rows(torch.cat(parts), len(rows))


def classification_figures(logits: Tensor, labels: Tensor) -> Figures:
    """`top1` and `top5` (share of the labelled rows), and `n`."""
    known = labels >= 0
    logits, labels = logits[known], labels[known]
    if not len(labels):
        return {"top1": 0.0, "top5": 0.0, "n": 0}
    best = logits.topk(min(5, logits.shape[1]), dim=1).indices == labels[:, None]
    n = len(labels)
    return {"top1": int(best[:, 0].sum()) / n, "top5": int(best.any(1).sum()) / n, "n": n}


class PairList:
    """Pairs of validation images: a list from a file, or made from the identities with a seed."""

    def __init__(self, a: Ids, b: Ids, same: NDArray[np.bool_], folds: Ids) -> None:
        self.a, self.b, self.same, self.folds = a, b, same, folds
        self.rows = np.unique(np.concatenate([a, b]))

    @classmethod
    def read(cls, path: Path, images: ImageSet) -> "PairList":
        """The pairs of a file, by the images' names. Raises InputError as `read_pairs` and `rows_of`."""
        pairs = read_pairs(path)
        row = dict(
            zip(pairs.files(), rows_of(pairs.files(), images.names, where=str(path)).tolist(), strict=True)
        )
        a, b = ([row[name] for name in names] for names in (pairs.file_a, pairs.file_b))
        return cls(np.array(a, np.int64), np.array(b, np.int64), pairs.same, pairs.fold)

    @classmethod
    def made(cls, images: ImageSet, seed: int = 0) -> "PairList | None":
        """Up to `MOST_PAIRS` pairs of one person and as many of two; None when people are too few.

        Folds share no person: each person belongs to one fold, and both of a pair do.
        """
        of_person: dict[int, list[int]] = defaultdict(list)
        for row, label in enumerate(images.labels.tolist()):
            if label >= 0:
                of_person[label].append(row)
        generator = np.random.default_rng([seed, 4])
        people = generator.permutation(sorted(of_person))
        folds = min(FOLDS, len(people) // 2)
        if folds < 2:
            return None
        each = MOST_PAIRS // folds
        found: list[tuple[int, int, bool, int]] = []
        for fold in range(folds):
            members = [of_person[int(person)] for person in people[fold::folds]]
            genuine = [(x, y) for rows in members for k, x in enumerate(rows) for y in rows[k + 1 :]]
            chosen = [genuine[k] for k in generator.permutation(len(genuine))[:each].tolist()]
            others: set[tuple[int, int]] = set()
            for _ in range(20 * len(chosen)):
                if len(others) == len(chosen):
                    break
                one, two = generator.choice(len(members), 2, replace=False).tolist()
                others.add((int(generator.choice(members[one])), int(generator.choice(members[two]))))
            found += [(x, y, True, fold) for x, y in chosen]
            found += [(x, y, False, fold) for x, y in sorted(others)]
        if len({fold for *_, same, fold in found if same}) < 2:
            return None
        a, b, same, numbers = map(np.array, zip(*found, strict=True))
        return cls(a.astype(np.int64), b.astype(np.int64), same.astype(np.bool_), numbers.astype(np.int64))

    def figures(self, embeddings: Tensor, rows: NDArray[np.int64]) -> Figures:
        """Accuracy (threshold of a fold from the others), EER, TAR at FAR 1e-2 where pairs suffice, and `n`."""
        unit = F.normalize(embeddings.float(), dim=1).numpy()
        place = np.searchsorted(rows, np.stack([self.a, self.b]))
        scores = np.einsum("nd,nd->n", unit[place[0]], unit[place[1]])
        genuine, impostor = split(scores, self.same)
        accuracy = fold_accuracy(scores, self.same, self.folds)
        figures: Figures = {
            "accuracy": accuracy.mean,
            "accuracy_std": accuracy.std,
            "eer": eer_of(genuine, impostor),
        }
        if isinstance(tar := tar_at_far(genuine, impostor, 1e-2), TrueAccepts):
            figures["tar_at_1e-2"] = tar.tar
        return figures | {"n": len(scores)}


class Validation:
    """Measures a student on the validation images.

    Args:
        images: not trained on.
        task: `face` or `classification`.
        pairs: for faces; None: made from the identities.
        device: where the student is.
    """

    def __init__(self, images: ImageSet, task: str, pairs: Path | None, device: torch.device) -> None:
        self.task = task
        self._images = torch.from_numpy(images.images).to(device)
        self._labels = torch.from_numpy(images.labels)
        self._pairs: PairList | None = None
        if task == "face":
            self._pairs = PairList.read(pairs, images) if pairs else PairList.made(images)

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to measure."""
        return self._pairs is not None if self.task == "face" else bool((self._labels >= 0).any())

    def __call__(self, student: nn.Module, preprocess: Preprocess, group: Group) -> Figures:
        """The figures; every process must call this, and gets the same."""
        if self._pairs is not None:
            rows = self._pairs.rows
            return self._pairs.figures(
                outputs(student, preprocess, self._images, rows, group, "embedding"), rows
            )
        rows = np.arange(len(self._labels))
        return classification_figures(
            outputs(student, preprocess, self._images, rows, group, "logits"), self._labels
        )

    def stages(self, method: Method) -> list[float]:
        """Accuracy of what the student says after each stage, shallow to deep; empty where nothing is said there."""
        if self.task != "classification":
            return []
        known = np.flatnonzero(self._labels.numpy() >= 0)
        hits: list[Tensor] = []
        was_training = method.training
        method.eval()
        with torch.inference_mode():
            for first in range(0, len(known), BATCH):
                rows = torch.from_numpy(known[first : first + BATCH])
                batch = self._images[rows.to(self._images.device)].permute(0, 3, 1, 2).float()
                answers = method.answers(method.student(method.preprocess(batch)))
                labels = self._labels[rows].to(batch.device)
                hits.append(torch.tensor([int((answer.argmax(dim=1) == labels).sum()) for answer in answers]))
        method.train(was_training)
        return (torch.stack(hits).sum(dim=0) / len(known)).tolist() if hits else []
