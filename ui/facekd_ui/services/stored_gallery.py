"""The people on file as the matcher sees them, loaded from the store, with what was rejected.

"Not this person" is a stored face that speaks against one person. It competes with that person's own photographs like
a rival would: the person stays a candidate only while leading the rejected face by `MARGIN`. So the same stranger is
never called by that name again, and the person who was mixed up with them is still recognised.
"""

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import msgspec
import numpy as np

from facekd.calibration import FEWEST_PEOPLE, Promise
from facekd.embed import Embedder
from facekd.gallery import Gallery
from facekd.models import ModelFile
from facekd.policy import STRANGERS, Policy
from facekd.types import Candidate, Embeddings, Floats, Recognition
from facekd_db.errors import StoreError
from facekd_db.records import DamagedRow, Person, Template
from facekd_db.store import Store, Tables
from facekd_ui.services.line import Line, line_for, read_line, strangers_of, write_line
from facekd_ui.services.model_files import fetch
from facekd_ui.services.networks import Networks

log = logging.getLogger(__name__)
FLOATS = np.dtype("<f4")
STEP = 500
SAME_PAIRS = 2000
AT_ONCE = 300
"""For so many people the line is computed while one waits, about 40 ms; for more it is computed aside."""
MARGIN = Policy(known=1.0, uncertain=1.0).margin
"""Cosine by which a person must lead a rejected face: the margin by which a name must lead another name."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredGallery(Gallery):
    """A snapshot whose people are called by their ids ("12"), because namesakes exist; `names` says who they are."""

    names: Mapping[str, str] = field(default_factory=dict)
    head_count: int = 0  # people who can be recognised
    day: date = date.min  # on which validity was judged
    rejected: Mapping[str, Floats] = field(
        default_factory=dict
    )  # id -> [n, d], faces that are not this person
    damaged: tuple[DamagedRow, ...] = ()  # rows that did not open and lie in quarantine now
    same_scores: tuple[
        float, ...
    ] = ()  # cosines of two photographs of one person, of up to `SAME_PAIRS` pairs
    strangers: int = STRANGERS  # the promise in force
    line: Line | None = None  # what these people carry of it, if that is known

    def candidates(self, probes: Embeddings) -> tuple[tuple[Candidate, ...], ...]:
        """As `Gallery.candidates`, without people whom a rejected face beats."""
        found = Gallery.candidates(self, probes)
        if not self.rejected:
            return found
        return tuple(
            self._unrejected(vector, candidates)
            for vector, candidates in zip(probes.vectors, found, strict=True)
        )

    def naming(self, recognition: Recognition) -> Recognition:
        """The same recognition with names in the place of ids, for what is shown and printed."""
        faces = (replace(f, person=self.names.get(f.person or "", f.person)) for f in recognition.faces)
        return replace(recognition, faces=tuple(faces))

    def _two_people(self, ids: list[int], scores: list[float]) -> tuple[Candidate, ...]:
        # The index is shared with newer snapshots (`extended`): what they added is not part of this one.
        own = [(key, score) for key, score in zip(ids, scores, strict=True) if 0 <= key < len(self.people)]
        return Gallery._two_people(self, [key for key, _ in own], [score for _, score in own])

    def _unrejected(self, vector: Floats, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        out: set[str] = set()
        while beaten := {c.person for c in candidates if self._is_rejected(vector, c)}:
            out |= beaten
            allow = np.array([person not in out for person in self.people])
            if not allow.any():
                return ()
            ids, scores = self.index.search(
                np.ascontiguousarray(vector[None]), min(self._depth + 1, int(allow.sum())), allow=allow
            )
            candidates = self._two_people(ids[0].tolist(), scores[0].tolist())
        return candidates

    def extended(self, person: Person, rows: Floats, revision: int) -> "StoredGallery":
        """The snapshot after a person got more templates [n, d]; the index is shared, so this is quick."""
        key = str(person.id)
        first = len(self.people)
        self.index.add(np.arange(first, first + len(rows), dtype=np.int64), rows)
        people = self.people + (key,) * len(rows)
        return replace(
            self,
            people=people,
            revision=revision,
            _depth=max(self._depth, people.count(key)),
            names={**self.names, key: person.name},
            head_count=self.head_count + (key not in self.people),
        )

    def _is_rejected(self, vector: Floats, candidate: Candidate) -> bool:
        faces = self.rejected.get(candidate.person)
        return faces is not None and candidate.score < float((faces @ vector).max()) + MARGIN


class GalleryCache:
    """Keeps the newest snapshot, and loads another one when the store has moved on or a day has begun."""

    def __init__(self, store: Store, networks: Networks) -> None:
        self._store = store
        self._networks = networks
        self._lock = threading.Lock()
        self._kept: StoredGallery | None = None
        self._measuring: threading.Thread | None = None
        self._measured: tuple[str, int, int] | None = None  # the gallery that was measured last

    def current(self) -> StoredGallery:
        """The newest state. Quick when nothing changed; loads 100,000 templates in a few seconds when something did.

        Raises:
            StoreUnavailable and others: the snapshot that a live thread has stays usable.
            ModelFileError: the active model is not on this computer.
        """
        with self._lock:
            today = local_day(self._store.now())
            with self._store.reading() as t:
                state = t.gallery.state()
            kept = self._kept
            model_id = state.model_id or self._activate_first()
            if (
                kept is None
                or (kept.revision, kept.model_id) != (state.revision, model_id)
                or kept.day != today
            ):
                newest = self._load(today)
                if kept is None or kept.model_id != newest.model_id:  # deployed on another computer, perhaps
                    fetch(self._store, self._networks.registry, newest.model_id)
                self._kept = kept = newest
            self._kept = kept = self._with_line(kept)
            return kept

    def extend(self, person: Person, added: Sequence[Floats], revision: int) -> None:
        """Takes up what this computer has just stored, so that a bulk import does not load everything each time.

        Only a snapshot of the revision just before is extended; any other is loaded when it is needed next.
        """
        with self._lock:
            kept = self._kept
            valid = is_valid(person, local_day(self._store.now()))
            if kept is not None and added and valid and kept.revision == revision - 1:
                self._kept = kept.extended(person, np.stack(added), revision)

    def _with_line(self, kept: StoredGallery) -> StoredGallery:
        """The snapshot with its line, as far as that is at hand; starts to measure where it is not."""
        about = (kept.model_id, kept.revision, kept.strangers)
        if kept.head_count < FEWEST_PEOPLE or about == self._measured or self._measuring is not None:
            return kept
        if kept.line and kept.line.serves(kept.strangers, kept.head_count, len(kept.people)):
            return kept
        self._measured = about  # once for each state, whatever comes of it
        if kept.head_count <= AT_ONCE:
            return self._measure(kept)
        self._measuring = threading.Thread(
            target=self._measure_aside, args=(kept,), name="promise", daemon=True
        )
        self._measuring.start()
        return kept

    def _measure(self, kept: StoredGallery) -> StoredGallery:
        """The line as another desk has just stored it, or computed and stored."""
        try:
            with self._store.reading() as t:
                line = read_line(t, kept.model_id)
                if line and line.serves(kept.strangers, kept.head_count, len(kept.people)):
                    return replace(kept, line=line)
                rows = [row for row in t.templates.gallery(kept.model_id, kept.day).rows if not row.rejects]
            if not rows:
                return kept
            people = [str(row.person_id) for row in rows]
            line = line_for(vectors(rows, rows[0].dim), people, kept.strangers)
            if line is not None:
                found = line
                self._store.run(lambda t: write_line(t, kept.model_id, found))
        except StoreError as error:
            log.warning("the line for a name stays as it is, the store is away: %s", error)
            return kept
        return replace(kept, line=line)

    def _measure_aside(self, seen: StoredGallery) -> None:
        line = seen.line
        try:
            line = self._measure(seen).line
        finally:
            with self._lock:
                self._measuring = None
                if self._kept is not None and self._kept.model_id == seen.model_id:
                    self._kept = replace(self._kept, line=line)

    def _activate_first(self) -> str:
        model = self._networks.first_embedder()
        return self._store.run(lambda t: _activate(t, model))

    def _load(self, day: date) -> StoredGallery:
        with self._store.reading() as t:
            state = t.gallery.state()
            assert state.model_id is not None  # `current` saw to that, and no model is ever taken away
            opened = t.templates.gallery(state.model_id, day)
            names = _names(t, sorted({row.person_id for row in opened.rows}))
            card = json.loads(t.models.get(state.model_id).card)
            strangers, line = strangers_of(t), read_line(t, state.model_id)
        for lost in opened.damaged:
            log.error("template %d of person %d is damaged and was set aside", lost.id, lost.person_id)
        dim = int(card["dim"])
        shown = [row for row in opened.rows if not row.rejects]
        people = tuple(str(row.person_id) for row in shown)
        base = Gallery.build(
            state.model_id, dim, [("", Embeddings(vectors(shown, dim), state.model_id))], state.revision
        )
        most = max(np.unique([row.person_id for row in shown], return_counts=True)[1], default=0)
        against: dict[str, list[Template]] = defaultdict(list)
        for row in opened.rows:
            if row.rejects:
                against[str(row.person_id)].append(row)
        return StoredGallery(
            state.model_id,
            people,
            base.index,
            state.revision,
            int(most),
            names,
            len(set(people)),
            day,
            {person: vectors(rows, dim) for person, rows in against.items()},
            opened.damaged,
            _same_scores(shown, dim),
            strangers,
            line,
        )


def vectors(templates: Sequence[Template], dim: int) -> Floats:
    """[n, dim] from stored templates."""
    joined = np.frombuffer(b"".join(row.vector for row in templates), FLOATS)
    return np.asarray(joined.reshape(len(templates), dim), np.float32)


def as_bytes(vector: Floats) -> bytes:
    """How a template is stored: little-endian float32."""
    return vector.astype(FLOATS).tobytes()


def policy_for(embedder: Embedder, gallery: StoredGallery) -> Policy:
    """When a name is said: by the line of the people on file where they carry one, else by the model card's table."""
    own = promise_of(gallery)
    if own is not None:
        return Policy.from_promise(own)
    return Policy.from_card(embedder.card, gallery.head_count, gallery.strangers)


def promise_of(gallery: StoredGallery) -> Promise | None:
    """What the people on file carry; None: the model card's table serves."""
    enough = gallery.line is not None and gallery.head_count >= FEWEST_PEOPLE
    return gallery.line.promise if enough and gallery.line is not None else None


def is_valid(person: Person, day: date) -> bool:
    """Whether a person is to be recognised on a day, as `Templates.gallery` has it."""
    first, last = person.fields.valid_from, person.fields.valid_until
    return person.deleted_at is None and (first is None or first <= day) and (last is None or day <= last)


def local_day(now: datetime) -> date:
    """The day that the calendar on the wall shows; validity dates mean that one."""
    return now.astimezone().date()


def _same_scores(shown: Sequence[Template], dim: int) -> tuple[float, ...]:
    """One pair a person: the first two photographs, so that people with many do not count for more."""
    first: dict[int, Template] = {}
    pairs: dict[int, tuple[Template, Template]] = {}
    for row in shown:
        if row.person_id not in first:
            first[row.person_id] = row
        elif row.person_id not in pairs and len(pairs) < SAME_PAIRS:
            pairs[row.person_id] = (first[row.person_id], row)
    a = vectors([pair[0] for pair in pairs.values()], dim)
    b = vectors([pair[1] for pair in pairs.values()], dim)
    return tuple(float(score) for score in (a * b).sum(1))


def _names(t: Tables, ids: Sequence[int]) -> dict[str, str]:
    names = {}
    for start in range(0, len(ids), STEP):  # databases limit IN (...)
        names.update(
            {str(key): person.name for key, person in t.people.many(ids[start : start + STEP]).items()}
        )
    return names


def _activate(t: Tables, model: ModelFile) -> str:
    state = t.gallery.lock()
    if state.model_id is not None:
        return state.model_id  # another computer was first
    card = msgspec.json.encode(model.card).decode()
    t.models.add(model.card.id, name=model.card.name, kind="embedder", dim=model.card.dim, card=card)
    t.gallery.activate(model.card.id)
    t.audit.record("model.activate", subject=f"model:{model.card.id[:12]}")
    return model.card.id
