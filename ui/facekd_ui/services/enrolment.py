"""Putting people on file, from photographs and from the camera: only good views, only once, with consent."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facekd.embed import Embedder
from facekd.policy import threshold_at
from facekd.quality import Reason
from facekd.types import Embeddings, Floats, Image
from facekd_db.errors import StoreBusy
from facekd_db.records import Json, Person, PersonFields
from facekd_db.store import Tables
from facekd_ui.i18n.text import T
from facekd_ui.services import faces
from facekd_ui.services.base import Service
from facekd_ui.services.errors import ConsentNeeded, LooksAlike, NothingUsable
from facekd_ui.services.examination import Alike, Examiner, Shot
from facekd_ui.services.people import GivenConsent, record_consent
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.shared import value_of
from facekd_ui.services.stored_gallery import StoredGallery, policy_for, vectors

SAME_PICTURE = 0.9995
"""Cosine from which two photographs count as the same one; a second copy would add nothing."""
UNLIKE_FAR = 1e-2
"""Photographs of one person are at least as alike as the most alike hundredth of strangers; others were mixed up."""
TRIES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Somebody with what became of the photographs."""

    person: Person
    templates: int  # that were added now
    repeated: int  # photographs that were on file already
    refused: tuple[Shot, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sifted:
    """Photographs of one person after they were compared with each other and with everyone on file."""

    good: tuple[Shot, ...]
    repeated: int
    refused: tuple[Shot, ...]
    alike: tuple[Alike, ...]  # others on file whom the good ones resemble, most alike first


class Enrolment(Service):
    """Photographs are examined first, which writes nothing, and then enrolled in one transaction."""

    name = "enrolment"

    def examine_files(self, files: Sequence[Path], watch: Watch = UNWATCHED) -> tuple[Shot, ...]:
        """What each photograph is good for, with the reason where it is not. Fewer when it was cancelled."""
        examiner = self._examiner()
        shots: list[Shot] = []
        for file in files:
            if watch.cancelled():
                break
            shots.append(examiner.file(file))
            watch.progress(len(shots), len(files), sum(not shot.usable for shot in shots))
        return tuple(shots)

    def examine(
        self, image: Image, name: str = "", face: tuple[float, float, float, float] | None = None
    ) -> Shot:
        """The same for a picture in memory [H, W, 3] BGR, such as a frame of the camera; see `Examiner.image`."""
        return self._examiner().image(image, name, face)

    def alike(self, shots: Sequence[Shot], person_id: int | None = None) -> tuple[Alike, ...]:
        """Others on file whom usable photographs resemble, most alike first: "looks like X already"."""
        gallery = self._desk.gallery.current()
        embedder = self._desk.networks.embedder(gallery.model_id)
        return resembling(gallery, embedder, faces.renewed(shots, embedder), person_id)

    def enrol(
        self,
        fields: PersonFields,
        shots: Sequence[Shot],
        consent: GivenConsent | None = None,
        *,
        somebody_else: bool = False,
        source: str = "file",
    ) -> Enrolled:
        """A new person with photographs and templates, all or nothing.

        Args:
            shots: examined photographs; those that are not usable are returned as refused.
            consent: who agreed to which text.
            somebody_else: the operator looked at who the face resembles and says that it is another person.
            source: "file" or "camera".

        Raises:
            LooksAlike: the face looks like somebody on file.
            NothingUsable: no photograph is good enough.
            ConsentNeeded: this organisation requires a consent.
            Conflict: the code is taken.
            Invalid: a name that cannot be.
        """
        return self._settled(None, fields, shots, consent, somebody_else, source)

    def add_photos(
        self,
        person_id: int,
        shots: Sequence[Shot],
        *,
        somebody_else: bool = False,
        source: str = "file",
    ) -> Enrolled:
        """More photographs of somebody on file. One that does not resemble the others is refused. Raises as `enrol`."""
        return self._settled(person_id, None, shots, None, somebody_else, source)

    def _settled(
        self,
        person_id: int | None,
        fields: PersonFields | None,
        shots: Sequence[Shot],
        consent: GivenConsent | None,
        somebody_else: bool,
        source: str,
    ) -> Enrolled:
        for _ in range(TRIES):
            gallery = self._desk.gallery.current()
            sifted = self._sifted(gallery, shots, person_id, somebody_else)
            store_person = functools.partial(
                self._store_person,
                gallery=gallery,
                sifted=sifted,
                new=faces.prepared(self._store, self._desk.networks, sifted.good),
                person_id=person_id,
                fields=fields,
                consent=consent,
                unlike=sifted.alike if somebody_else else (),
                source=source,
            )
            done = self._write(store_person)
            if done is not None:
                person, revision = done
                self._desk.gallery.extend(
                    person, [shot.vector for shot in sifted.good if shot.vector is not None], revision
                )
                return Enrolled(person, len(sifted.good), sifted.repeated, sifted.refused)
        raise StoreBusy(
            "others enrol people at the same time, and each must be compared with them; try again"
        )

    def _sifted(
        self, gallery: StoredGallery, shots: Sequence[Shot], person_id: int | None, somebody_else: bool
    ) -> Sifted:
        embedder = self._desk.networks.embedder(gallery.model_id)
        own = self._own(person_id, gallery.model_id)
        seen = faces.renewed(shots, embedder)
        sifted = sift(gallery, embedder, seen, person_id, own, somebody_else=somebody_else)
        if not sifted.good and not (person_id is not None and sifted.repeated):
            raise NothingUsable(sifted.refused)
        return sifted

    def _store_person(
        self,
        t: Tables,
        *,
        gallery: StoredGallery,
        sifted: Sifted,
        new: faces.NewFaces,
        person_id: int | None,
        fields: PersonFields | None,
        consent: GivenConsent | None,
        unlike: Sequence[Alike],
        source: str,
    ) -> tuple[Person, int] | None:
        """The person and the gallery's revision; None: others changed the people meanwhile, so compare again."""
        state = t.gallery.lock()
        if (state.revision, state.model_id) != (gallery.revision, gallery.model_id):
            return None
        if fields is not None:
            if consent is None and value_of(t, "consent.required"):
                raise ConsentNeeded
            person = t.people.add(fields, self._by)
        else:
            person = t.people.get(person_id or 0)
        faces.add(t, self._desk.networks, person.id, new, source=source)
        if consent is not None:
            record_consent(self, t, person.id, consent)
        detail: dict[str, Json] = {
            "templates": len(sifted.good),
            "refused": len(sifted.refused),
            "source": source,
        }
        if unlike:
            detail["unlike"] = [f"person:{each.person_id}" for each in unlike]
        act = "person.add" if fields is not None else "person.add_photos"
        self._audit(t, act, f"person:{person.id}", detail)
        return person, t.gallery.bump() if sifted.good else state.revision

    def _own(self, person_id: int | None, model_id: str) -> Floats | None:
        if person_id is None:
            return None
        with self._store.reading() as t:
            t.people.get(person_id)
            shown = [row for row in t.templates.of(person_id, model_id).rows if not row.rejects]
        return vectors(shown, shown[0].dim) if shown else None

    def _examiner(self) -> Examiner:
        gallery = self._desk.gallery.current()
        return Examiner(self._desk.networks, self._desk.networks.embedder(gallery.model_id))


def sift(
    gallery: StoredGallery,
    embedder: Embedder,
    shots: Sequence[Shot],
    person_id: int | None,
    own: Floats | None = None,
    *,
    somebody_else: bool = False,
) -> Sifted:
    """Which photographs may stand for one person.

    A photograph must resemble an earlier one of the same person (`UNLIKE_FAR`) and must not be a copy of one. One that
    is surely like somebody else on file, and more so than like this person, is refused.

    Args:
        own: [n, d] templates that the person has already.
        somebody_else: whoever they resemble, it is another person.

    Raises:
        LooksAlike: more than half of a new person's photographs are surely like somebody on file.
    """
    floor = threshold_at(embedder.card, UNLIKE_FAR)
    accepted: list[Floats] = [] if own is None else list(own)
    good: list[tuple[Shot, float]] = []  # with the likeness to the person's others
    refused: list[Shot] = []
    repeated = 0
    for shot in shots:
        if not shot.usable or shot.vector is None:
            refused.append(shot)
            continue
        likeness = max((float(shot.vector @ other) for other in accepted), default=None)
        if likeness is not None and likeness >= SAME_PICTURE:
            repeated += 1
        elif likeness is not None and likeness < floor:
            detail = str(T("unlike the other photographs of this person"))
            refused.append(replace(shot, reasons=(Reason.OTHER_PERSON,), detail=detail))
        else:
            accepted.append(shot.vector)
            good.append((shot, -1.0 if likeness is None else likeness))
    if not somebody_else:
        good, strange = _without_strangers(gallery, embedder, good, person_id)
        refused += strange
    kept = tuple(shot for shot, _ in good)
    return Sifted(kept, repeated, tuple(refused), resembling(gallery, embedder, kept, person_id))


def _without_strangers(
    gallery: StoredGallery, embedder: Embedder, good: list[tuple[Shot, float]], person_id: int | None
) -> tuple[list[tuple[Shot, float]], list[Shot]]:
    sure = {
        row: alike[0]
        for row, (shot, _) in enumerate(good)
        if (alike := resembling(gallery, embedder, [shot], person_id)) and alike[0].sure
    }
    if person_id is None and 2 * len(sure) > len(good):
        raise LooksAlike(
            tuple(
                each
                for each in resembling(gallery, embedder, [shot for shot, _ in good], person_id)
                if each.sure
            )
        )
    strange = {row: alike for row, alike in sure.items() if alike.score > good[row][1]}
    refused = [refused_as(alike, good[row][0]) for row, alike in strange.items()]
    return [entry for row, entry in enumerate(good) if row not in strange], refused


def refused_as(alike: Alike, shot: Shot) -> Shot:
    """A photograph refused because it looks like somebody else."""
    return replace(shot, reasons=(Reason.OTHER_PERSON,), detail=f"{alike.name}, {alike.score:.2f}")


def resembling(
    gallery: StoredGallery, embedder: Embedder, shots: Sequence[Shot], person_id: int | None
) -> tuple[Alike, ...]:
    """Others on file whom the photographs resemble, at least as much as an uncertain name does."""
    found = [shot.vector for shot in shots if shot.vector is not None]
    return resembling_vectors(gallery, embedder, np.stack(found), person_id) if found else ()


def resembling_vectors(
    gallery: StoredGallery, embedder: Embedder, found: Floats, person_id: int | None
) -> tuple[Alike, ...]:
    """`resembling` for embeddings [n, d]."""
    policy = policy_for(embedder, gallery)
    probes = Embeddings(found, embedder.model_id)
    best: dict[str, float] = {}
    for candidates in gallery.candidates(probes):
        for candidate in candidates:
            if candidate.person != str(person_id) and candidate.score >= policy.uncertain:
                best[candidate.person] = max(candidate.score, best.get(candidate.person, -1.0))
    return tuple(
        Alike(int(person), gallery.names[person], score, score >= policy.known)
        for person, score in sorted(best.items(), key=lambda item: -item[1])
    )
