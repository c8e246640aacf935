"""Open-set 1:N search: is an enrolled person named rightly, and is a stranger left unnamed?

Definitions after NIST's Face Recognition Technology Evaluation, part 2 (identification), at rank 1:
FNIR(T) is the share of probes whose person is enrolled but does not come first, or comes first below T.
FPIR(T) is the share of strangers (not enrolled) for whom anybody scores at or above T.
`rank1` is the share of probes whose person comes first at any score. The score of a person is the best of that
person's templates. A picture in which no face is found has no score: a probe like that is a miss at every threshold,
a stranger like that is named at none, and a template like that is not enrolled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facekd.errors import InputError, ModelMismatch
from facekd.evaluation.intervals import errors_allowed
from facekd.evaluation.verification import accepted, threshold_accepting, threshold_at
from facekd.types import Embeddings, Floats

CURVE_STEPS = 200
NAMED_FPIRS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
"""Rates at which the curve always has a point, when the number of strangers reaches them; NIST's headline is 3e-3."""


@dataclass(frozen=True, slots=True, eq=False)
class Portraits:
    """Pictures of one role (gallery, probes or strangers) after embedding."""

    files: tuple[str, ...]
    people: tuple[str, ...]  # whom each picture shows
    embeddings: Embeddings  # [n, d]; rows without a face are zero
    found: NDArray[np.bool_]  # [n], False where no face was found

    def __len__(self) -> int:
        return len(self.files)

    def take(self, rows: NDArray[np.intp]) -> "Portraits":
        """The pictures that an index array names."""
        return Portraits(
            tuple(self.files[row] for row in rows),
            tuple(self.people[row] for row in rows),
            self.embeddings.take(rows),
            self.found[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Whom each picture resembles most."""

    person: tuple[str, ...]
    score: Floats  # [n]; -inf where no face was found


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One operating point."""

    threshold: float
    fpir: float
    fnir: float


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationReport:
    """All figures of one open-set experiment."""

    rank1: float
    curve: tuple[CurvePoint, ...]  # FPIR falling, threshold rising
    n_enrolled: int  # people
    n_probes: int
    n_strangers: int
    not_detected: tuple[str, ...]  # files in which no face was found
    right: NDArray[np.bool_]  # [n_probes], the right person came first
    probe_scores: Floats  # [n_probes], of whoever came first
    stranger_scores: Floats  # [n_strangers]

    def fnir_at(self, fpir: float) -> CurvePoint:
        """The operating point with the lowest threshold whose FPIR does not exceed `fpir`."""
        return operating_point(
            self.probe_scores,
            self.right,
            self.stranger_scores,
            threshold_at(np.sort(self.stranger_scores), fpir),
        )


def split_by_count(files: Sequence[str], identity: Sequence[str]) -> tuple[NDArray[np.intp], ...]:
    """Rows of gallery, probes and strangers of a set of single pictures.

    Sorted by file name, the first picture of everyone with two or more is the gallery, their others are probes, and
    people with one picture are strangers.
    """
    rows_of: dict[str, list[int]] = {}
    for row in sorted(range(len(files)), key=lambda row: files[row]):
        rows_of.setdefault(identity[row], []).append(row)
    gallery = [rows[0] for rows in rows_of.values() if len(rows) > 1]
    probes = [row for rows in rows_of.values() for row in rows[1:]]
    strangers = [rows[0] for rows in rows_of.values() if len(rows) == 1]
    return tuple(np.array(rows, np.intp) for rows in (gallery, probes, strangers))


def require_enrolled(gallery: Sequence[str], probes: Sequence[str]) -> None:
    """Raise InputError when a probe shows somebody who has no picture in the gallery."""
    unknown = sorted(set(probes) - set(gallery))
    if unknown:
        raise InputError(
            f"expected every probe's person in the gallery, {len(unknown):,} are not (first: {unknown[0]!r}); "
            "people who are not enrolled belong to the strangers"
        )


def search(gallery: Portraits, pictures: Portraits) -> Candidates:
    """The best person of the gallery for each picture; of equal scores the person enrolled first.

    Raises:
        InputError: no face was found in any picture of the gallery.
        ModelMismatch: the two sides were embedded by different models.
    """
    if gallery.embeddings.model_id != pictures.embeddings.model_id:
        raise ModelMismatch(
            f"expected embeddings of one model, got {gallery.embeddings.model_id[:12]} in the gallery and "
            f"{pictures.embeddings.model_id[:12]}; embed both with the same model"
        )
    enrolled = np.flatnonzero(gallery.found)
    if not len(enrolled):
        raise InputError("expected a face in at least one picture of the gallery, found none")
    names = list(dict.fromkeys(gallery.people[row] for row in enrolled))
    column = {name: number for number, name in enumerate(names)}
    templates = sorted(enrolled, key=lambda row: column[gallery.people[row]])
    starts = np.unique([column[gallery.people[row]] for row in templates], return_index=True)[1]
    vectors = gallery.embeddings.vectors[templates]
    best, score = [], []
    for begin in range(0, len(pictures), 1024):  # bounds the memory of the score matrix
        part = slice(begin, begin + 1024)
        people = np.maximum.reduceat(
            pictures.embeddings.vectors[part] @ vectors.T, starts, axis=1
        )  # [m, people]
        best.append(people.argmax(axis=1))
        score.append(people.max(axis=1))
    scores = np.concatenate(score) if score else np.zeros(0, np.float32)
    return Candidates(
        tuple(names[number] for numbers in best for number in numbers),
        np.where(pictures.found, scores, np.float32(-np.inf)),
    )


def operating_point(
    probe_scores: Floats, right: NDArray[np.bool_], stranger_scores: Floats, t: float
) -> CurvePoint:
    """FPIR and FNIR at threshold `t`."""
    fpir = float(np.mean(accepted(stranger_scores, t)))
    fnir = 1 - float(np.mean(right & accepted(probe_scores, t)))
    return CurvePoint(t, fpir, fnir)


def curve(probe_scores: Floats, right: NDArray[np.bool_], stranger_scores: Floats) -> tuple[CurvePoint, ...]:
    """FNIR against FPIR, each point at the lowest threshold for its FPIR, so that no better point is left out.

    The threshold allowing k strangers is exact as in `verification.threshold_at`. k runs over 0 to CURVE_STEPS / 2,
    then in equal ratios up to all strangers (CURVE_STEPS / 2 more), and over the rates of NAMED_FPIRS.
    """
    n = len(stranger_scores)
    ascending = np.sort(stranger_scores)
    few = CURVE_STEPS // 2
    spread = np.geomspace(few, max(few, n), few).round().astype(int).clip(max=n)
    named = [errors_allowed(rate, n) for rate in NAMED_FPIRS]
    counts = sorted({*range(min(few, n) + 1), *spread.tolist(), *named}, reverse=True)
    thresholds = sorted({threshold_accepting(ascending, k) for k in counts})
    return tuple(operating_point(probe_scores, right, stranger_scores, t) for t in thresholds)


def identification_report(
    gallery: Portraits, probes: Portraits, strangers: Portraits
) -> IdentificationReport:
    """Every figure of `evaluate identification`.

    Raises:
        InputError: one of the three sets is empty, or a probe shows somebody who has no picture in the gallery.
        ModelMismatch: the sets were embedded by different models.
    """
    for role, pictures in (("gallery", gallery), ("probes", probes), ("strangers", strangers)):
        if not len(pictures):
            raise InputError(f"expected at least one picture among the {role}, got none")
    require_enrolled(gallery.people, probes.people)
    named, others = search(gallery, probes), search(gallery, strangers)
    right = (
        np.array([a == b for a, b in zip(named.person, probes.people, strict=True)], np.bool_) & probes.found
    )
    missing = tuple(
        file
        for pictures in (gallery, probes, strangers)
        for file, found in zip(pictures.files, pictures.found, strict=True)
        if not found
    )
    return IdentificationReport(
        rank1=float(np.mean(right)),
        curve=curve(named.score, right, others.score),
        n_enrolled=len(set(gallery.people)),
        n_probes=len(probes),
        n_strangers=len(strangers),
        not_detected=missing,
        right=right,
        probe_scores=named.score,
        stranger_scores=others.score,
    )
