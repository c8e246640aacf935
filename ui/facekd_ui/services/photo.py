"""One photograph: who is in it? Two photographs: is it the same person?"""

from dataclasses import dataclass

import numpy as np

from facekd.policy import threshold_at
from facekd.quality import VOTING
from facekd.recognise import Pipeline, Recogniser
from facekd.types import Frame, Image, State
from facekd_ui.i18n.text import T
from facekd_ui.services.base import Service
from facekd_ui.services.closeness import Bell, Closeness, closeness, same_people, strangers
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Examiner, Shot
from facekd_ui.services.stored_gallery import policy_for

FMR = 1e-4
"""False match rate whose threshold decides between two photographs, as `facekd-cli verify` has it."""
UNSURE_FMR = 1e-2


@dataclass(frozen=True, slots=True)
class NamedFace:
    """A face of a photograph and who it is."""

    box: tuple[float, float, float, float]
    state: State
    person_id: int | None  # when uncertain: perhaps
    person: str | None
    score: float
    closeness: Closeness
    reasons: tuple[str, ...]  # why the view is too poor to say anything


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two photographs compared."""

    state: State  # known: the same; uncertain: perhaps; unknown: not shown to be the same
    score: float
    line: float  # cosine from which it is the same person
    unsure_line: float
    closeness: Closeness
    strangers: Bell
    same_people: Bell | None  # None: nobody measured it
    faces: tuple[Shot, Shot]

    def words(self) -> str:
        """The answer as one sentence."""
        said = {
            State.KNOWN: T("The same person."),
            State.UNCERTAIN: T("Perhaps the same person: look again, or take a better photograph."),
            State.UNKNOWN: T("Not shown to be the same person."),
        }
        return str(said[self.state])


class Photo(Service):
    """Recognition without a camera. Nothing of the photographs is kept; that somebody looked is recorded."""

    name = "photo"

    def name_everyone(self, image: Image) -> tuple[NamedFace, ...]:
        """Everyone in a picture [H, W, 3] BGR, best detection first."""
        gallery = self._desk.gallery.current()
        networks = self._desk.networks
        embedder = networks.embedder(gallery.model_id)
        policy = policy_for(embedder, gallery)
        with networks.busy:
            recogniser = Recogniser(networks.photo_detector(), embedder, gallery)
            found = Pipeline(recogniser, policy, still=True)(Frame(image, 0, 0.0))
        people = gallery.head_count
        faces = tuple(
            NamedFace(
                face.box,
                face.state,
                int(face.person) if face.person else None,
                gallery.names.get(face.person or ""),
                face.score,
                closeness(embedder.card, face.score, people, named=face.state is State.KNOWN),
                face.reasons,
            )
            for face in found.faces
        )
        named = ", ".join(str(face.person_id) for face in faces if face.state is State.KNOWN)
        self._write(lambda t: self._audit(t, "photo.name", detail={"faces": len(faces), "people": named}))
        return faces

    def compare(self, a: Image, b: Image) -> Comparison:
        """Whether the largest faces of two pictures are one person's.

        Raises:
            Invalid: one of them shows no face.
        """
        gallery = self._desk.gallery.current()
        networks = self._desk.networks
        embedder = networks.embedder(gallery.model_id)
        examiner = Examiner(networks, embedder, VOTING)
        sides = []
        for number, image in enumerate((a, b), 1):
            with networks.busy:
                shots = examiner.everyone(image, networks.photo_detector())
            if not shots:
                raise Invalid(
                    T("Expected a face in photograph {n}, found none; choose another one.", n=number)
                )
            sides.append(max(shots, key=_area))
        first, second = sides
        assert first.vector is not None  # both were found and embedded
        assert second.vector is not None
        score = float(np.dot(first.vector, second.vector))
        card = embedder.card
        policy_for(embedder, gallery)  # refuses a card without a table, in words
        line, unsure = threshold_at(card, FMR), threshold_at(card, UNSURE_FMR)
        state = State.KNOWN if score >= line else State.UNCERTAIN if score >= unsure else State.UNKNOWN
        self._write(lambda t: self._audit(t, "photo.compare", detail={"state": state}))
        return Comparison(
            state,
            score,
            line,
            unsure,
            closeness(card, score, 1, named=state is State.KNOWN),
            strangers(card),
            same_people(card, gallery.same_scores),
            (first, second),
        )


def _area(shot: Shot) -> float:
    x1, y1, x2, y2 = shot.box or (0.0, 0.0, 0.0, 0.0)
    return (x2 - x1) * (y2 - y1)
