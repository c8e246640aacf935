"""Two records that are one person: how alike they are, putting them together, and taking them apart again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from facekd_db.records import Crop, Json, Merge, Person, PersonFields, Template
from facekd_db.store import Tables
from facekd_ui.services.base import Service
from facekd_ui.services.closeness import Closeness, closeness
from facekd_ui.services.enrolment import resembling_vectors
from facekd_ui.services.shared import days_of
from facekd_ui.services.stored_gallery import policy_for, vectors

LOOKALIKES = 3
Versioned = tuple[int, int]
"""A person's id and the version that was read."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records, as the dialog shows it."""

    person: Person
    photos: tuple[Crop, ...]
    templates: int
    events: int
    consented: bool
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What putting two records together would mean."""

    sides: tuple[Side, Side]
    closeness: Closeness | None  # of their most alike photographs; None: one of them has none
    sure: bool  # alike enough for a name
    contrary: int  # "not this person" memories that speak against it and are laid aside
    undo_until: datetime


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Somebody on file who looks like somebody else on file."""

    person_id: int
    name: str
    sure: bool  # as alike as would make a name
    photo: bytes | None


class Merging(Service):
    """Templates, photographs, consents, events and "not this person" memories go to the record that is kept."""

    name = "merging"

    def plan(self, first: int, second: int) -> MergePlan:
        """Compares two records; writes nothing. Raises NotFound."""
        gallery = self._desk.gallery.current()
        embedder = self._desk.networks.embedder(gallery.model_id)
        policy = policy_for(embedder, gallery)
        with self._store.reading() as t:
            sides = (_side(t, first), _side(t, second))
            faces = [t.templates.of(each.person.id, gallery.model_id).rows for each in sides]
            undo_until = t.now + days_of(t, "retention.deleted_days")
        best = _best([row for row in faces[0] if not row.rejects], [r for r in faces[1] if not r.rejects])
        sure = best is not None and best >= policy.known
        return MergePlan(
            sides,
            None if best is None else closeness(embedder.card, best, len(gallery.names), named=sure),
            sure,
            len(_contrary(faces[0], faces[1], policy.known)),
            undo_until,
        )

    def lookalikes(self, person_id: int) -> tuple[Lookalike, ...]:
        """Others on file whom somebody resembles, most alike first: "uncertain" is said where the two are too close."""
        gallery = self._desk.gallery.current()
        embedder = self._desk.networks.embedder(gallery.model_id)
        with self._store.reading() as t:
            own = [row for row in t.templates.of(person_id, gallery.model_id).rows if not row.rejects]
        if not own:
            return ()
        alike = resembling_vectors(gallery, embedder, vectors(own, own[0].dim), person_id)[:LOOKALIKES]
        with self._store.reading() as t:
            rows = {row.person.id: row for row in t.people.summaries([each.person_id for each in alike])}
            photos = t.crops.thumbnails([row.crop_id for row in rows.values() if row.crop_id is not None])
        return tuple(
            Lookalike(key, row.person.name, each.sure, photos.get(row.crop_id or 0))
            for each in alike
            if (row := rows.get(key := each.person_id)) is not None
        )

    def merge(self, kept: Versioned, absorbed: Versioned, fields: PersonFields) -> tuple[Person, Person]:
        """Puts `absorbed` into `kept`, who is then described by `fields`; returns both as they are then.

        `undo` takes it back until the absorbed record is erased.

        Raises:
            Conflict: one of the two changed since it was read (who and when is said), or is deleted or on legal hold.
            NotFound: one of them is gone.
            Invalid: fields that cannot be.
        """
        gallery = self._desk.gallery.current()
        known = policy_for(self._desk.networks.embedder(gallery.model_id), gallery).known

        def merge(t: Tables) -> tuple[Person, Person]:
            t.gallery.lock()
            faces = [t.templates.of(key, gallery.model_id).rows for key, _ in (kept, absorbed)]
            contrary = _contrary(faces[0], faces[1], known)
            after = t.now + days_of(t, "retention.deleted_days")
            person = t.merges.merge(kept, absorbed, fields, after, self._by, contrary=contrary)
            t.gallery.bump()
            detail: dict[str, Json] = {"absorbed": f"person:{absorbed[0]}", "laid_aside": len(contrary)}
            self._audit(t, "person.merge", f"person:{kept[0]}", detail)
            self._audit(t, "person.merged_into", f"person:{absorbed[0]}", {"kept": f"person:{kept[0]}"})
            return person, t.people.get(absorbed[0])

        return self._write(merge)

    def undo(self, absorbed_id: int, version: int) -> tuple[Person, Person]:
        """Takes a merge apart: (kept, absorbed). What came since stays with the record that was kept.

        Raises:
            Conflict: the record changed meanwhile, or the kept one was itself merged into another.
            NotFound: it is not merged (any more), or its time is over.
        """

        def undo(t: Tables) -> tuple[Person, Person]:
            kept, absorbed = t.merges.undo(absorbed_id, version, self._by)
            t.gallery.bump()
            self._audit(t, "person.unmerge", f"person:{kept.id}", {"restored": f"person:{absorbed_id}"})
            return kept, absorbed

        return self._write(undo)

    def of(self, person_id: int) -> tuple[Merge, ...]:
        """The merges into somebody that can still be taken apart."""
        with self._store.reading() as t:
            return t.merges.of(person_id)


def _side(t: Tables, person_id: int) -> Side:
    person = t.people.get(person_id)
    (row,) = t.people.summaries([person_id])
    shown = [each for each in t.templates.of(person_id, t.gallery.state().model_id).rows if not each.rejects]
    return Side(
        person,
        t.crops.of(person_id).rows,
        len(shown),
        t.events.count_of([person_id]),
        row.consented,
        row.groups,
    )


def _best(ours: Sequence[Template], theirs: Sequence[Template]) -> float | None:
    """Cosine of the most alike pair."""
    if not ours or not theirs:
        return None
    return float(np.max(vectors(ours, ours[0].dim) @ vectors(theirs, theirs[0].dim).T))


def _contrary(ours: Sequence[Template], theirs: Sequence[Template], known: float) -> frozenset[int]:
    """Crops of "not this person" memories of one record that show the other one, as the merge says.

    Kept beside the photographs that they resemble, they would forbid the very name that the merge gives.
    """
    found: set[int] = set()
    for one, other in ((ours, theirs), (theirs, ours)):
        shown = [row for row in other if not row.rejects]
        for row in one:
            if row.rejects and row.crop_id is not None and (_best([row], shown) or -1.0) >= known:
                found.add(row.crop_id)
    return frozenset(found)
