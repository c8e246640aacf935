"""Follow faces from frame to frame, by overlap and by likeness, and say one thing about each.

Overlap alone swaps two people who cross; likeness alone loses a face that turns away. So a detection continues a
track when it lies where the track should be and does not contradict it, or when it is so like the track that it must
be the same face, even after an absence. Pairs are taken greedily, best first: with a handful of faces that differs
from the optimal assignment only where two choices are nearly equal.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from facekd.boxes import centre_distances, iou
from facekd.modelcard import ModelCard
from facekd.policy import Policy, threshold_at
from facekd.types import Candidate, Embeddings, Faces, Floats, Quality, RecognisedFace, State
from facekd.vote import Verdict, Vote

SAME_FAR = 1e-6
DIFFERENT_FAR = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Everything known of the faces in one frame, row by row."""

    faces: Faces
    embeddings: Embeddings
    quality: tuple[Quality, ...]
    candidates: tuple[tuple[Candidate, ...], ...]
    t_ms: float


@dataclass(frozen=True, slots=True)
class Association:
    """When a detection continues a track. Cosines belong to one model; `from_card` derives them."""

    same: float  # at least this alike: the same face wherever it is
    different: float  # less alike than this: another face, even in the same place
    min_overlap: float = 0.25  # intersection over union with the predicted box
    reach: float = 2.0  # a likeness match of a visible track lies within so many face widths
    gone_ms: float = (
        500  # unseen for longer: its place says nothing any more, and its name must be earned again
    )
    fade_ms: float = 2_000  # without a usable view for longer: a name is only a guess
    forget_ms: float = (
        10_000  # unseen for longer: a new track; without a usable view for longer: no guess either
    )

    @classmethod
    def from_card(cls, card: ModelCard, policy: Policy) -> "Association":
        """Cosines at fixed rates of the model's table, whatever the gallery; from the policy when there is none.

        Within a scene the same faces meet again and again, and poor views are more alike than good ones, so to join
        two sightings takes the strictest rate that was measured.
        """
        if not card.threshold:
            return cls(same=policy.known, different=0.7 * policy.uncertain)
        return cls(same=threshold_at(card, SAME_FAR), different=0.8 * threshold_at(card, DIFFERENT_FAR))


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    box: Floats  # [4]
    seen_ms: float
    vote: Vote
    usable_ms: float  # of the last usable view
    likeness: Floats | None = None  # [d], unit: running mean of the good views
    velocity: Floats = field(default_factory=lambda: np.zeros(4, np.float32))  # box corners, px per ms

    def predicted(self, t_ms: float, limit_ms: float) -> Floats:
        """Where the box should be at `t_ms`; after `limit_ms` it stands still."""
        return self.box + self.velocity * np.float32(min(t_ms - self.seen_ms, limit_ms))

    def move(self, box: Floats, t_ms: float) -> None:
        """Take over a detection's box."""
        elapsed = t_ms - self.seen_ms
        if elapsed > 0:
            # Half old, half new: a detector's jitter of a pixel or two must not throw the prediction.
            self.velocity = (self.velocity + (box - self.box) / np.float32(elapsed)) * np.float32(0.5)
        self.box, self.seen_ms = box, t_ms

    def resemble(self, vector: Floats, weight: float) -> None:
        """Let a good view into the running mean."""
        pull = np.float32(0.3 * weight)
        mean = vector if self.likeness is None else (1 - pull) * self.likeness + pull * vector
        self.likeness = np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)


class Tracker:
    """The tracks of one source. Belongs to one thread; holds state from frame to frame."""

    def __init__(self, policy: Policy, association: Association) -> None:
        self._policy = policy
        self._rules = association
        self._tracks: list[_Track] = []
        self._started = 0
        self._model_id: str | None = None

    def update(self, views: Views) -> tuple[RecognisedFace, ...]:
        """Continue or start a track for each face and say who it is, in the order of `views.faces`."""
        if self._model_id != views.embeddings.model_id:  # a new recogniser: its scores mean something else
            self._tracks, self._model_id = [], views.embeddings.model_id
        self._tracks = [t for t in self._tracks if views.t_ms - t.seen_ms <= self._rules.forget_ms]
        tracks = self._associate(views)
        for row, track in enumerate(tracks):
            self._take_over(track, views, row)
        verdicts = one_face_a_person([self._verdict(track, views.t_ms) for track in tracks])
        return tuple(
            RecognisedFace(
                track.number,
                (float(track.box[0]), float(track.box[1]), float(track.box[2]), float(track.box[3])),
                verdict.state,
                verdict.person,
                verdict.score,
                quality.reasons,
            )
            for track, verdict, quality in zip(tracks, verdicts, views.quality, strict=True)
        )

    def _take_over(self, track: _Track, views: Views, row: int) -> None:
        if views.t_ms - track.seen_ms > self._rules.gone_ms:
            track.vote = Vote(self._policy)
        track.move(views.faces.boxes[row], views.t_ms)
        quality = views.quality[row]
        if not quality.reasons:
            track.resemble(views.embeddings.vectors[row], quality.weight)
            track.vote.add(views.candidates[row], quality.weight)
            track.usable_ms = views.t_ms
        elif views.t_ms - track.usable_ms > self._rules.forget_ms:
            track.vote, track.likeness = Vote(self._policy), None

    def _verdict(self, track: _Track, t_ms: float) -> Verdict:
        """The vote's word; a name fades when nothing usable was seen for long, since anybody may stand there by now."""
        verdict = track.vote.verdict()
        if verdict.state is State.KNOWN and t_ms - track.usable_ms > self._rules.fade_ms:
            return replace(verdict, state=State.UNCERTAIN)
        return verdict

    def forget(self) -> None:
        """Start afresh; numbers go on."""
        self._tracks = []

    def _associate(self, views: Views) -> list[_Track]:
        chosen = {row: self._tracks[number] for row, number in _greedy(self._affinity(views))}
        for row in range(len(views.faces)):
            if row not in chosen:
                self._started += 1
                vote = Vote(self._policy)
                chosen[row] = _Track(self._started, views.faces.boxes[row], views.t_ms, vote, views.t_ms)
                self._tracks.append(chosen[row])
        return [chosen[row] for row in range(len(views.faces))]

    def _affinity(self, views: Views) -> Floats:
        """Overlap plus likeness of every track with every face [t, f]; -inf where they cannot be the same."""
        rules, boxes = self._rules, views.faces.boxes
        if not self._tracks or not len(boxes):
            return np.zeros((len(self._tracks), len(boxes)), np.float32)
        gone = np.array([views.t_ms - track.seen_ms > rules.gone_ms for track in self._tracks])[:, None]
        predicted = np.stack([track.predicted(views.t_ms, rules.gone_ms) for track in self._tracks])
        # At a low frame rate the prediction overshoots as soon as a face stops, hence the last place as well.
        last = np.stack([track.box for track in self._tracks])
        overlap = np.where(gone, 0, np.maximum(iou(predicted, boxes), iou(last, boxes)))
        near = gone | (centre_distances(predicted, boxes) <= rules.reach * (boxes[:, 2] - boxes[:, 0]))

        unseen = np.zeros(views.embeddings.vectors.shape[1], np.float32)
        means = np.stack([unseen if track.likeness is None else track.likeness for track in self._tracks])
        likeness = means @ views.embeddings.vectors.T
        # A poor view, or a track that had only poor ones: only the place can speak.
        silent = np.array([track.likeness is None for track in self._tracks])[:, None]
        silent = silent | np.array([bool(quality.reasons) for quality in views.quality])
        in_place = overlap >= rules.min_overlap
        possible = np.where(
            silent, in_place, (in_place & (likeness >= rules.different)) | (near & (likeness >= rules.same))
        )
        affinity = overlap + np.where(silent, 0, likeness)
        return np.asarray(np.where(possible, affinity, -np.inf), np.float32)


def one_face_a_person(verdicts: list[Verdict]) -> list[Verdict]:
    """Of several faces in one frame with the same name, the one with the most evidence keeps it."""
    holder: dict[str, int] = {}
    for row, verdict in enumerate(verdicts):
        if verdict.state is State.KNOWN and verdict.person is not None:
            held = holder.get(verdict.person)
            if held is None or verdict.evidence > verdicts[held].evidence:
                holder[verdict.person] = row
    return [
        replace(verdict, state=State.UNCERTAIN)
        if verdict.state is State.KNOWN and verdict.person is not None and holder[verdict.person] != row
        else verdict
        for row, verdict in enumerate(verdicts)
    ]


def _greedy(affinity: Floats) -> list[tuple[int, int]]:
    """(face, track) pairs, best affinity first, each used once."""
    pairs, faces, tracks = [], set(), set()
    order = np.argsort(affinity, axis=None, kind="stable")[::-1]
    for track, face in zip(*np.unravel_index(order, affinity.shape), strict=True):
        if affinity[track, face] == -np.inf:
            break
        if track not in tracks and face not in faces:
            tracks.add(track)
            faces.add(face)
            pairs.append((int(face), int(track)))
    return pairs
