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
from facekd.track import Association, Tracker, Views
from facekd.types import Frame, Recognition, State

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
    """A recogniser and the tracks of one source. Belongs to one thread.

    Args:
        recogniser: the networks and the gallery.
        policy: when a name is said.
        still: the frames are unrelated pictures; each stands alone and a single view decides.
    """

    def __init__(self, recogniser: Recogniser, policy: Policy, *, still: bool = False) -> None:
        self._still = still
        self.replace(recogniser, policy)

    def replace(self, recogniser: Recogniser, policy: Policy) -> None:
        """Go on with another gallery, other networks or thresholds. Tracks start afresh: their votes were the old's."""
        self._recogniser = recogniser
        association = Association.from_card(recogniser.embedder.card, policy)
        self._tracker = Tracker(replace(policy, min_votes=1) if self._still else policy, association)

    def __call__(self, frame: Frame) -> Recognition:
        """Recognise one frame."""
        watch = Stopwatch()
        views = self._recogniser.look(frame, watch)
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
    """People with first and last time; tracks that were never named count by the last thing said of them.

    Keeps a few numbers for each person and track, so a source may run for days.
    """
    frames = 0
    people: dict[str, Appearance] = {}
    tracks: dict[str, set[int]] = {}
    last: dict[int, State] = {}
    for recognition in recognitions:
        frames += 1
        for face in recognition.faces:
            if last.get(face.track) is not State.KNOWN:
                last[face.track] = face.state
            if face.state is not State.KNOWN or face.person is None:
                continue
            tracks.setdefault(face.person, set()).add(face.track)
            before = people.get(face.person)
            people[face.person] = Appearance(
                face.person,
                len(tracks[face.person]),
                before.first_ms if before else recognition.t_ms,
                recognition.t_ms,
                max(before.best_score, face.score) if before else face.score,
            )
    states = list(last.values())
    in_order = sorted(people.values(), key=lambda appearance: appearance.first_ms)
    return Summary(frames, tuple(in_order), states.count(State.UNKNOWN), states.count(State.UNCERTAIN))
