"""The whole chain: frame -> faces -> crops -> quality -> embeddings -> candidates -> tracks -> names."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.gallery import Gallery
from facekd.policy import Policy
from facekd.quality import VOTING, QualityGate
from facekd.track import Tracker, Views
from facekd.types import Frame, Recognition

STAGES = ("detect", "align", "quality", "embed", "search", "track")


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block under `name`."""
        start = time.perf_counter()
        yield
        self.ms[name] = (time.perf_counter() - start) * 1e3


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Detector, embedder and gallery, joined. A value: enrolling or deploying makes a new one (`with_gallery`)."""

    detector: Detector
    embedder: Embedder
    gallery: Gallery
    gate: QualityGate = VOTING

    def __post_init__(self) -> None:
        self.gallery.require(self.embedder.model_id, "embedder")  # now, not at the first face

    def with_gallery(self, gallery: Gallery) -> "Recogniser":
        """The same networks over another state of the gallery."""
        return replace(self, gallery=gallery)

    def look(self, frame: Frame, watch: Stopwatch) -> Views:
        """Everything about the faces of one frame, before tracking."""
        with watch.stage("detect"):
            faces = self.detector.detect(frame.image)
        statistics = np.zeros((len(faces), 3), np.float32)
        with watch.stage("align"):
            batch = self.embedder.prepare(frame.image, faces.landmarks, statistics)
        with watch.stage("quality"):
            quality = self.gate.judge(faces, statistics)
        with watch.stage("embed"):
            embeddings = self.embedder.embed_batch(batch)
        with watch.stage("search"):
            candidates = self.gallery.candidates(embeddings)
        return Views(faces, embeddings, quality, candidates, frame.t_ms)


class Pipeline:
    """A recogniser and the tracks of one source. `recogniser` may be replaced between frames.

    Args:
        recogniser: the networks and the gallery.
        policy: when a name is said.
        still: the frames are unrelated pictures; each stands alone and a single view decides.
    """

    def __init__(self, recogniser: Recogniser, policy: Policy, *, still: bool = False) -> None:
        self.recogniser = recogniser
        self._still = still
        self._tracker = Tracker(replace(policy, min_votes=1) if still else policy)

    def __call__(self, frame: Frame) -> Recognition:
        """Recognise one frame."""
        watch = Stopwatch()
        views = self.recogniser.look(frame, watch)
        with watch.stage("track"):
            if self._still:
                self._tracker.forget()
            faces = self._tracker.update(views)
        return Recognition(frame.index, frame.t_ms, faces, watch.ms)


@dataclass(frozen=True, slots=True)
class Appearance:
    """One person over a whole source."""

    person: str
    tracks: int
    first_ms: float
    last_ms: float
    best_score: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What was seen in a source."""

    frames: int
    people: tuple[Appearance, ...]
    unknown_tracks: int
    uncertain_tracks: int


def summarise(recognitions: Iterable[Recognition]) -> Summary:
    """People with first and last time; tracks that were never named count by the last thing said of them."""
    frames = 0
    people: dict[str, list[tuple[int, float, float]]] = {}
    last: dict[int, str] = {}
    for recognition in recognitions:
        frames += 1
        for face in recognition.faces:
            if face.state == "known" and face.person is not None:
                people.setdefault(face.person, []).append((face.track, recognition.t_ms, face.score))
            if last.get(face.track) != "known":
                last[face.track] = face.state
    appearances = (
        Appearance(
            person, len({row[0] for row in rows}), rows[0][1], rows[-1][1], max(row[2] for row in rows)
        )
        for person, rows in people.items()
    )
    states = list(last.values())
    return Summary(
        frames,
        tuple(sorted(appearances, key=lambda appearance: appearance.first_ms)),
        states.count("unknown"),
        states.count("uncertain"),
    )
