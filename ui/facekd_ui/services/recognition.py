"""Live recognition over the people on file: a recogniser that is replaced when the people or the day change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facekd.calibration import Promise
from facekd.embed import Embedder
from facekd.modelcard import ModelCard
from facekd.policy import Policy
from facekd.recognise import Pipeline, Recogniser
from facekd.types import Image
from facekd_db.errors import NotFound
from facekd_db.store import Tables
from facekd_ui.i18n.text import T
from facekd_ui.services import faces
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Examiner, Shot
from facekd_ui.services.networks import Networks
from facekd_ui.services.stored_gallery import (
    GalleryCache,
    StoredGallery,
    policy_for,
    promise_of,
)


class LiveRecognition:
    """The networks of one live source over the newest people on file.

    The pipeline belongs to the inference thread; `refresh` is called by the one that stores, every second or so, and
    what it returns goes into `Pipeline.replace` with `policy`.
    """

    def __init__(self, gallery: GalleryCache, networks: Networks, long_side: int) -> None:
        self._cache = gallery
        first = gallery.current()
        self.embedder: Embedder = networks.embedder(first.model_id)
        self.recogniser = Recogniser(networks.new_detector(long_side), self.embedder, first)
        self._networks = networks
        self._shown = first

    @property
    def gallery(self) -> StoredGallery:
        """The snapshot of the newest recogniser; `naming` and `names` are for what is shown."""
        return self._shown

    @property
    def policy(self) -> Policy:
        """When a name is said."""
        return policy_for(self.embedder, self._shown)

    @property
    def card(self) -> ModelCard:
        """Of the embedder."""
        return self.embedder.card

    @property
    def people(self) -> int:
        """How many can be recognised."""
        return self._shown.head_count

    @property
    def promise(self) -> Promise | None:
        """What the people on file carry; None: the model card's table serves."""
        return promise_of(self._shown)

    @property
    def provider(self) -> str:
        """Where the networks really run."""
        return str(self.embedder.provider)

    def pipeline(self, *, still: bool = False) -> Pipeline:
        """A pipeline for one source."""
        return Pipeline(self.recogniser, self.policy, still=still)

    def refresh(self) -> Recogniser | None:
        """A new recogniser when enrolling, deleting, rejecting, another model or a new day made one necessary.

        Raises:
            StoreUnavailable: the one in use stays good.
        """
        newest = self._cache.current()
        if newest is self._shown:
            return None
        if newest.model_id != self._shown.model_id:
            self.embedder = self._networks.embedder(newest.model_id)
            self.recogniser = Recogniser(self.recogniser.detector, self.embedder, newest)
        else:
            self.recogniser = self.recogniser.with_gallery(newest)
        self._shown = newest
        return self.recogniser


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody on file, beside the live picture."""

    person_id: int
    name: str
    photo: bytes | None  # PNG of the first photograph


class Recognition(Service):
    """What the live page asks for."""

    name = "recognition"

    def live(self, long_side: int = 640) -> LiveRecognition:
        """Networks of their own for one source.

        Raises:
            ModelFileError: naming the missing file and where it goes.
        """
        return LiveRecognition(self._desk.gallery, self._desk.networks, long_side)

    def faces(self, person_ids: Sequence[int]) -> dict[int, Face]:
        """Names and first photographs of people who are in the picture; people who are gone are left out."""
        with self._store.reading() as t:
            found = t.people.many(person_ids)
            photos = {key: t.crops.of(key).rows for key in found}
            return {
                key: Face(key, person.name, photos[key][0].image if photos[key] else None)
                for key, person in found.items()
            }

    def not_this_person(self, person_id: int, image: Image, face: tuple[float, float, float, float]) -> None:
        """This face is not that person: remembered for ever, and honoured from the next refresh on.

        Args:
            image: the frame, BGR.
            face: the box of the face in it.

        Raises:
            Invalid: the face is not found in the picture again.
        """
        gallery = self._desk.gallery.current()
        examiner = Examiner(self._desk.networks, self._desk.networks.embedder(gallery.model_id))
        shot = examiner.image(image, "", face)
        self._write(rejection(self._desk, self._reject, person_id, shot))

    def _reject(self, t: Tables, person_id: int) -> None:
        self._audit(t, "person.not_this", f"person:{person_id}")


def rejection(
    desk: Desk, record: Callable[[Tables, int], None] | None, person_id: int, shot: Shot
) -> Callable[[Tables], None]:
    """The work that stores a face which speaks against a person. A poor view is good enough for that.

    `record` writes the audit row, unless the caller does.

    Raises Invalid when the photograph holds no face.
    """
    if shot.vector is None:
        raise Invalid(T("Expected a face in this picture, found none; use another one."))
    new = faces.prepared(desk.store, desk.networks, [shot])

    def reject(t: Tables) -> None:
        if t.people.get(person_id).deleted_at is not None:
            raise NotFound(f"person {person_id} was deleted meanwhile; there is nothing left to correct")
        faces.add(t, desk.networks, person_id, new, source="rejection", rejects=True)
        t.gallery.bump()
        if record is not None:
            record(t, person_id)

    return reject
