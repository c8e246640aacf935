"""A candidate and the recogniser in use, asked the same questions about the people on file, from their photographs.

What is kept is figures, never faces: the gate before a deployment rests on them (`facekd.evaluation.gate`). On what
they disagree is returned once, as photographs on file, and kept nowhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np

from facekd.embed import Embedder
from facekd.errors import ImageError
from facekd.evaluation.gate import Terms, Verdict, Word, decide
from facekd.models import ModelFile
from facekd.types import Floats, Image
from facekd_db.queries import chunks
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.base import Service
from facekd_ui.services.comparing import Figures, Photos, compared
from facekd_ui.services.disagreements import Disagreement
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import crop_of
from facekd_ui.services.line import strangers_of
from facekd_ui.services.progress import UNWATCHED, Stopped, Watch
from facekd_ui.services.shared import value_of

MOST_PHOTOS = 3000
"""All pairs of so many are held in memory at once (about 200 MB); of more people a sample is asked."""
EACH_MOST = 10
"""Photographs of one person that take part."""
STEP = 64

QUESTIONS: dict[str, Text] = {
    "finds": T("finds the right person"),
    "strangers": T("leaves strangers unnamed"),
    "same": T("same person, two pictures"),
}
WORDS: dict[Word, Text] = {
    Word.BETTER: T("better"),
    Word.NOT_WORSE: T("not worse"),
    Word.NOT_SURE: T("not sure yet"),
    Word.WORSE: T("worse"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with who made it, and who vouched for the candidate in spite of it."""

    figures: Figures
    at: datetime
    by: str | None
    vouched_by: str | None = None
    reason: str = ""
    disagreements: tuple[Disagreement, ...] = ()  # only where it was just made


class Comparing(Service):
    """Models are named as `facekd.models.Registry.find` takes them."""

    name = "comparison"

    def run(self, candidate: str, active: str | None = None, watch: Watch = UNWATCHED) -> Comparison:
        """Asks both models about the people on file. With the recogniser in use it is kept, for the gate.

        Args:
            active: another model to compare with; None: the one in use.
            watch: told of photographs.

        Raises:
            Invalid: the two are the same, or nobody on file has a photograph.
            ModelFileError: one of the files is missing or damaged.
            Stopped: the watch cancelled.
        """
        networks = self._desk.networks
        in_use = self._desk.gallery.current().model_id
        candidate_file = networks.registry.find(candidate, "embedder")
        active_file = None if active is None else networks.registry.find(active, "embedder")
        active_id = in_use if active_file is None else active_file.card.id
        if candidate_file.card.id == active_id:
            raise Invalid(T("Expected two models, got {name} twice.", name=candidate_file.card.name))
        if active_file is None:
            active_file = networks.file(active_id)
        sides = (networks.opened(active_file), networks.opened(candidate_file))
        photos = self._photos(sides, watch)
        figures, found = compared((active_file, candidate_file), sides, photos)
        if active_id == in_use:
            self._write(lambda t: self._keep(t, candidate_file, active_id, figures))
        return Comparison(figures, self._store.now(), self._session.operator.name, disagreements=found)

    def latest(self, candidate: str) -> Comparison | None:
        """The comparison of a model with the one in use; None when there was none."""
        found = self._desk.networks.registry.find(candidate, "embedder")
        with self._store.reading() as t:
            active = t.gallery.state().model_id
            return None if active is None else _stored(t, found.card.id, active)

    def verdict(self, candidate: str, terms: Terms | None = None) -> Verdict | None:
        """The gate's word on `latest`; by the terms in force, or by others for a look."""
        found = self._desk.networks.registry.find(candidate, "embedder")
        with self._store.reading() as t:
            active = t.gallery.state().model_id
            kept = None if active is None else _stored(t, found.card.id, active)
            return None if kept is None else decide(kept.figures.questions, terms or stated_terms(t))

    def pictures(self, crop_ids: Sequence[int]) -> dict[int, bytes]:
        """Photographs (PNG) of disagreements, by crop id."""
        with self._store.reading() as t:
            return t.crops.thumbnails(crop_ids)

    def _keep(self, t: Tables, candidate: ModelFile, active_id: str, figures: Figures) -> None:
        card = candidate.card
        text = msgspec.json.encode(card).decode()
        t.models.add(card.id, name=card.name, kind=card.kind, dim=card.dim, card=text)
        t.deployments.compared(card.id, active_id, msgspec.json.encode(figures).decode(), self._by)

    def _photos(self, sides: tuple[Embedder, Embedder], watch: Watch) -> Photos:
        with self._store.reading() as t:
            on_file, strangers = t.crops.index(), strangers_of(t)
        chosen = _sample(on_file)
        ids: list[int] = []
        people: list[int] = []
        vectors: tuple[list[Floats], list[Floats]] = ([], [])
        crop: Image | None = None
        for step in chunks(chosen, STEP):
            if watch.cancelled():
                raise Stopped
            readable = list(self._readable(step))
            if readable:
                crop = readable[0][2]
                stacked = np.stack([each[2] for each in readable])
                for side, embedder in enumerate(sides):
                    vectors[side].append(embedder.embed(stacked).vectors)
                ids += [each[0] for each in readable]
                people += [each[1] for each in readable]
            watch.progress(len(ids), len(chosen))
        if crop is None:
            raise Invalid(T("Expected people with photographs on file, found none; enrol somebody first."))
        left = tuple(crop_id for crop_id, _ in chosen if crop_id not in set(ids))
        return Photos(
            np.array(ids, np.int64),
            np.array(people, np.int64),
            (np.concatenate(vectors[0]), np.concatenate(vectors[1])),
            crop,
            len({person for _, person in on_file}),
            len(on_file),
            left,
            strangers,
        )

    def _readable(self, step: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, Image]]:
        with self._store.reading() as t:
            images = t.crops.thumbnails([crop_id for crop_id, _ in step])
        for crop_id, person in step:
            try:
                crop = crop_of(images[crop_id])
            except (KeyError, ImageError):
                continue
            if crop.shape == (112, 112, 3):
                yield crop_id, person, crop


def judged(t: Tables, candidate_id: str, active_id: str) -> tuple[Verdict | None, str | None]:
    """The gate's word by the terms in force, and who overrode it; None, None: the two were never compared."""
    kept = _stored(t, candidate_id, active_id)
    if kept is None:
        return None, None
    return decide(kept.figures.questions, stated_terms(t)), kept.vouched_by


def stated_terms(t: Tables) -> Terms:
    """What the administrator states in the shared settings."""
    margin, confidence = value_of(t, "gate.margin_points"), value_of(t, "gate.confidence_percent")
    assert isinstance(margin, int | float)
    assert isinstance(confidence, int | float)
    return Terms(margin / 100, confidence / 100)


def _stored(t: Tables, candidate_id: str, active_id: str) -> Comparison | None:
    row = t.deployments.comparison(candidate_id, active_id)
    if row is None:
        return None
    figures = msgspec.json.decode(row.figures, type=Figures)
    return Comparison(figures, row.made_at, row.made_by, row.vouched_by, row.reason)


def _sample(on_file: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Whole people, drawn the same way each time, as many as `MOST_PHOTOS` allow; (crop, person) sorted by person."""
    of_person: dict[int, list[int]] = {}
    for crop_id, person in on_file:
        of_person.setdefault(person, []).append(crop_id)
    ids = sorted(of_person)
    left, chosen = MOST_PHOTOS, []
    for number in np.random.default_rng(0).permutation(len(ids)):
        person = ids[number]
        photos = of_person[person][:EACH_MOST]
        if len(photos) > left:
            break
        left -= len(photos)
        chosen.append(person)
    return [(crop_id, person) for person in sorted(chosen) for crop_id in of_person[person][:EACH_MOST]]
