"""From photographs to templates: what is taken, what is refused, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import InputError
from facekd.gallery import Gallery
from facekd.images import has_picture_suffix, read_image
from facekd.quality import ENROLMENT, QualityGate, Reason
from facekd.types import Embeddings, Faces, Floats, Image

BYSTANDER = 0.25
"""Faces smaller than this share of the largest one's area are people in the background."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A photograph that became no template. `detail` names the other person or the reading error."""

    file: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """One person's templates and what was refused."""

    person: str
    templates: Embeddings
    refused: tuple[Refusal, ...]


class Enroller:
    """Turns photographs of one person after the other into templates.

    Args:
        detector, embedder: the networks; the templates belong to the embedder's model.
        known: cosine from which a template of one person looks like another person already enrolled.
        gate: limits of quality.
    """

    def __init__(
        self, detector: Detector, embedder: Embedder, known: float, gate: QualityGate = ENROLMENT
    ) -> None:
        self._detector = detector
        self._embedder = embedder
        self._known = known
        self._gate = gate
        self._done: list[Enrolled] = []

    def enrol(self, person: str, files: Sequence[Path]) -> Enrolled:
        """Templates from photographs with one face each; a poor photograph is refused with its reason."""
        vectors: list[Floats] = []
        refused: list[Refusal] = []
        for file in files:
            try:
                image = read_image(file)
            except InputError as error:
                refused.append(Refusal(file.name, Reason.UNREADABLE, str(error)))
                continue
            reason, vector = self._examine(image)
            if vector is None:
                refused.append(Refusal(file.name, reason or Reason.NO_FACE))
            elif other := self._other_person(person, vector, vectors):
                refused.append(Refusal(file.name, Reason.OTHER_PERSON, other))
            else:
                vectors.append(vector)
        stacked = np.stack(vectors) if vectors else np.zeros((0, self._embedder.card.dim or 0), np.float32)
        enrolled = Enrolled(person, Embeddings(stacked, self._embedder.model_id), tuple(refused))
        self._done.append(enrolled)
        return enrolled

    def gallery(self) -> Gallery:
        """Everyone enrolled so far."""
        templates = [(enrolled.person, enrolled.templates) for enrolled in self._done]
        return Gallery.build(self._embedder.model_id, self._embedder.card.dim or 0, templates)

    def _examine(self, image: Image) -> tuple[Reason | None, Floats | None]:
        faces = the_subject(self._detector.detect(image))
        if len(faces) != 1:
            return (Reason.SEVERAL_FACES if len(faces) else Reason.NO_FACE), None
        statistics = np.zeros((1, 3), np.float32)
        batch = self._embedder.prepare(image, faces.landmarks, statistics)
        (quality,) = self._gate.judge(faces, statistics)
        if quality.reasons:
            return Reason(quality.reasons[0]), None
        return None, self._embedder.embed_batch(batch).vectors[0]

    def _other_person(self, person: str, vector: Floats, own: list[Floats]) -> str:
        """The person whom the face resembles at least as much as its own; empty when there is none."""
        best_own = max((float(vector @ mine) for mine in own), default=-1.0)
        others = (
            (float((enrolled.templates.vectors @ vector).max()), enrolled.person)
            for enrolled in self._done
            if enrolled.person != person and len(enrolled.templates)
        )
        score, name = max(others, default=(-1.0, ""))
        return f"{name}, {score:.2f}" if score >= self._known and score > best_own else ""


def the_subject(faces: Faces) -> Faces:
    """The faces of a photograph without the much smaller ones in its background."""
    if not len(faces):
        return faces
    areas = faces.areas
    return faces.take(areas >= BYSTANDER * areas.max())


def people_in(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Each person's name and photographs (perhaps none), from a folder that holds a folder a person.

    Raises InputError when `folder` is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with one folder of photographs per person, found none")
    people = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    for person in people:
        yield person.name, sorted(file for file in person.iterdir() if has_picture_suffix(file.name))
    if not people:
        raise InputError(
            f"{folder}: expected a folder with one folder of photographs per person, got no such folder; "
            f"put the photographs into {folder}/NAME/"
        )
