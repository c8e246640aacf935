"""What a person saw in a video (docs/ground-truth/*.toml), and what the recogniser said held against it."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STRANGER = "stranger"
OVERLAP = 0.3  # intersection over union from which a found face is the face of the ground truth
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """One face in one shot, `first` to `last` inclusive; `boxes` are [frame, x1, y1, x2, y2]."""

    shot: str
    person: str
    first: int
    last: int
    width_px: tuple[float, float]
    boxes: tuple[tuple[float, ...], ...]

    def box(self, frame: int) -> Box:
        """Where the face is: straight between two looks, standing still outside them."""
        after = next((key for key in self.boxes if key[0] >= frame), self.boxes[-1])
        before = next((key for key in reversed(self.boxes) if key[0] <= frame), self.boxes[0])
        share = (frame - before[0]) / (after[0] - before[0]) if after[0] != before[0] else 0.0
        x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(before[1:], after[1:], strict=True))
        return x1, y1, x2, y2


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth of one video."""

    video: str
    frames: int
    size: tuple[int, int]  # width, height
    faces: tuple[Face, ...]

    @property
    def enrolled(self) -> tuple[Face, ...]:
        """The faces that may get a name; their boxes are known in every frame."""
        return tuple(face for face in self.faces if face.person != STRANGER)

    def who(self, frame: int, box: Box) -> Face | None:
        """The enrolled person's face at this place; None: a stranger, or no face at all."""
        here = [face for face in self.enrolled if face.first <= frame <= face.last]
        best = max(here, key=lambda face: overlap(face.box(frame), box), default=None)
        return best if best and overlap(best.box(frame), box) >= OVERLAP else None


@dataclass(frozen=True, slots=True)
class Said:
    """What the recogniser said of one face in one frame."""

    frame: int  # of the original video
    box: Box  # pixels of the original video
    state: str
    person: str | None


@dataclass(slots=True)
class Findings:
    """The recogniser's words against the truth."""

    wrong: list[Said] = field(default_factory=list)  # a name that is not that face's person's
    named: dict[Face, set[int]] = field(default_factory=dict)  # frames in which the right name was said
    states: dict[Face, Counter[str]] = field(
        default_factory=dict
    )  # of the frames in which the face was found

    def share(self, face: Face, frames: Sequence[int]) -> float:
        """Of `frames`, the share in which the face carried its name. A face that was not found counts against it."""
        return sum(frame in self.named[face] for frame in frames) / len(frames)

    def first_named(self, face: Face) -> int | None:
        """The first frame with the right name."""
        return min(self.named[face], default=None)


def read_truth(path: Path) -> Truth:
    """The ground truth in a TOML file."""
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    faces = tuple(
        Face(
            row["shot"],
            row["person"],
            row["first"],
            row["last"],
            tuple(row["width_px"]),
            tuple(tuple(key) for key in row["boxes"]),
        )
        for row in table["face"]
    )
    return Truth(table["video"], table["frames"], tuple(table["size"]), faces)


def compare(truth: Truth, said: Iterable[Said]) -> Findings:
    """Hold what was said against what was seen."""
    findings = Findings()
    for enrolled in truth.enrolled:
        findings.named[enrolled], findings.states[enrolled] = set(), Counter()
    for word in said:
        face = truth.who(word.frame, word.box)
        if face is not None:
            findings.states[face][word.state] += 1
        if word.state == "known":
            if face is not None and word.person == face.person:
                findings.named[face].add(word.frame)
            else:
                findings.wrong.append(word)
    return findings


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0
