"""Do faces in real videos get the right names? The recogniser against docs/ground-truth/*.toml.

    .venv/bin/python bench/videos.py [--quick] [--data DIR] [--document docs/video.md]

Enrols the two portraits of the performers, runs the chain with the settings of `facekd-cli recognise` over both
videos and counts right and wrong names: with several models, with sixty more people enrolled, at lower frame rates and
at half the size. Writes out/bench/videos.json. Videos, portraits and models are research data beside the project.
"""

import argparse
import os
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import report
from ground_truth import Face, Findings, Said, Truth, compare, read_truth

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.enrolment import Enroller, people_in
from facekd.errors import FacekdError
from facekd.models import Registry
from facekd.policy import Policy
from facekd.recognise import Pipeline, Recogniser, Stopwatch
from facekd.sources import VideoFile
from facekd.types import Frame, Recognition
from facekd_ui.cli.networks import PICTURE_SIDE, VIDEO_SIDE

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
TRUTHS = ROOT / "docs" / "ground-truth"
PORTRAITS = {
    "Lin-Manuel Miranda": "ageitgey_lin-manuel-miranda.png",
    "Alex Lacamoire": "ageitgey_alex-lacamoire.png",
}
SETTLING = 14  # frames of the near shot that the vote may take; from the 15th on the name has to stand
SMALL_PX = 60
PER_FRAME = 0.40  # cosine of a plain frame-by-frame decision, for comparison

DETECTORS = ("face_detection_yunet_2026may", "face_detection_yunet_2023mar", "scrfd_2.5g_bnkps")
EMBEDDERS = {
    "B": "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm",
    "A": "teacher_a_y1_mobilefacenet_112_rgb_raw",
    "C": "teacher_c_xiaoccer_mobilefacenet_112x96_rgb",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One way to look at the videos."""

    label: str
    detector: str = DETECTORS[0]
    embedder: str = "B"
    crowd: bool = False  # sixty more people enrolled
    every: int = 1  # one frame in so many is seen
    scale: float = 1.0


RUNS = (
    Run("default"),
    *(Run(f"detector {name}", detector=name) for name in DETECTORS[1:]),
    *(Run(f"embedder {letter}", embedder=letter) for letter in ("A", "C")),
    Run("60 more people enrolled", crowd=True),
    *(Run(f"one frame in {number}", every=number) for number in (2, 3, 5, 10)),
    Run("half size", scale=0.5),
    Run("60 more, one frame in 5, half size", crowd=True, every=5, scale=0.5),
)


def make_gallery(data: Path, folder: Path, *, crowd: bool) -> Path:
    """`folder` with a folder per person: the two performers and, for a crowd, three pictures each of sixty others."""
    for person, file in PORTRAITS.items():
        (folder / person).mkdir(parents=True)
        (folder / person / file).write_bytes((data / "photos" / file).read_bytes())
    if crowd:
        with zipfile.ZipFile(data / "faces" / "lfw_original250_sample.zip") as archive:
            for name in archive.namelist():
                kind, person, file = name.split("/")
                if kind == "known" and not file.endswith("_0004.jpg"):
                    (folder / person).mkdir(exist_ok=True)
                    (folder / person / file).write_bytes(archive.read(name))
    return folder


def frames_of(path: Path, every: int, scale: float) -> Iterator[Frame]:
    """The frames that a camera of a lower rate or size would have given, with their numbers and times."""
    with VideoFile(path) as source:
        while (frame := source.read()) is not None:
            if frame.index % every == 0:
                if scale != 1:
                    small = cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                    frame = replace(frame, image=np.asarray(small, np.uint8))
                yield frame


@dataclass(frozen=True, slots=True)
class Watched:
    """One video seen in one way."""

    truth: Truth
    findings: Findings
    recognitions: tuple[Recognition, ...]
    over_per_frame: (
        int  # frames of the near shot whose single best score reaches PER_FRAME for the right person
    )

    @property
    def frames(self) -> tuple[int, ...]:
        """Numbers of the frames that were seen."""
        return tuple(recognition.frame for recognition in self.recognitions)


def watch(recogniser: Recogniser, policy: Policy, path: Path, truth: Truth, run: Run) -> Watched:
    """Run the chain over one video and hold it against the truth."""
    pipeline = Pipeline(recogniser, policy)
    near = [face for face in truth.enrolled if face.shot == "near"]
    said: list[Said] = []
    seen: list[Recognition] = []
    over = 0
    for frame in frames_of(path, run.every, run.scale):
        seen.append(pipeline(frame))
        for face in seen[-1].faces:
            x1, y1, x2, y2 = (value / run.scale for value in face.box)
            said.append(Said(frame.index, (x1, y1, x2, y2), face.state.value, face.person))
        if any(face.first <= frame.index <= face.last for face in near):
            views = recogniser.look(frame, Stopwatch())
            over += any(
                found and found[0].score >= PER_FRAME and found[0].person == near[0].person
                for found in views.candidates
            )
    return Watched(truth, compare(truth, said), tuple(seen), over)


def near_face(truth: Truth) -> Face:
    """The face that has to be named."""
    return next(face for face in truth.enrolled if face.shot == "near")


def row(run: Run, watched: list[Watched]) -> str:
    """One line of the table, as Markdown."""
    clip = next(one for one in watched if one.truth.enrolled)
    face = near_face(clip.truth)
    judged = [number for number in clip.frames if face.first + SETTLING <= number <= face.last]
    whole = [number for number in clip.frames if face.first <= number <= face.last]
    first = clip.findings.first_named(face)
    wrong = [len(one.findings.wrong) for one in watched]
    return (
        f"| {run.label} | {100 * clip.findings.share(face, judged):.1f} % of {len(judged)} "
        f"| {'never' if first is None else first} | {clip.over_per_frame} of {len(whole)} "
        f"| {small_states(clip)} | {' + '.join(map(str, wrong))} |"
    )


def small_states(clip: Watched) -> str:
    """What is said of the enrolled people's faces below `SMALL_PX`."""
    parts = []
    for face in clip.truth.enrolled:
        if face.width_px[1] < SMALL_PX:
            states = clip.findings.states[face]
            counted = ", ".join(f"{state} {states[state]}" for state in sorted(states)) or "not found"
            parts.append(f"{face.width_px[0]}-{face.width_px[1]} px: {counted}")
    return "; ".join(parts)


def case(run: Run, one: Watched) -> report.Case:
    """The entry of the JSON file: time a frame, and what was right and wrong."""
    times = [sum(recognition.ms.values()) for recognition in one.recognitions]
    extra: dict[str, float | str] = {
        "detector": run.detector,
        "embedder": EMBEDDERS[run.embedder],
        "wrong_names": len(one.findings.wrong),
    }
    if one.truth.enrolled:
        face = near_face(one.truth)
        judged = [number for number in one.frames if face.first + SETTLING <= number <= face.last]
        extra["near_share_named"] = round(one.findings.share(face, judged), 4)
        extra["near_frames"] = len(judged)
        extra["small_faces"] = small_states(one)
    low, middle, high = statistics.quantiles(times, n=4)
    name = f"{Path(one.truth.video).stem}, {run.label}"
    return report.Case(name, "facekd", round(middle, 3), round(high - low, 3), len(times), extra)


def main() -> int:
    """Run, print and write out/bench/videos.json."""
    parser = argparse.ArgumentParser(description="Names in real videos, against the ground truth.")
    parser.add_argument("--quick", action="store_true", help="the default models only")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the research data")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/video.md")
    args = parser.parse_args()
    os.environ.setdefault("FACEKD_MODELS", str(args.data / "weights"))
    registry = Registry.from_environment(ROOT / "out")
    truths = [read_truth(path) for path in sorted(TRUTHS.glob("*.toml"))]
    truths.sort(key=lambda truth: not truth.enrolled)
    missing = [t.video for t in truths if not (args.data / "videos" / t.video).is_file()]
    if missing:
        print(f"videos: {', '.join(missing)} not in {args.data / 'videos'}; give --data", file=sys.stderr)
        return 2
    cases: list[report.Case] = []
    lines = [
        "| run | right name, near shot from its 15th frame on | first named in frame "
        f"| single frames over {PER_FRAME:.2f} | enrolled faces below {SMALL_PX} px | wrong names (clip + strangers) |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    try:
        for run in RUNS[: 1 if args.quick else None]:
            watched = watch_all(run, registry, args.data, truths)
            lines.append(row(run, watched))
            print(lines[-1], flush=True)
            cases += [case(run, one) for one in watched]
    except FacekdError as error:
        print(f"videos: {error}", file=sys.stderr)
        return error.exit_status
    print(f"written to {report.write('videos', cases)}", file=sys.stderr)
    if args.document:
        text = "\n".join(lines) + "\n\n" + report.machine_line()
        report.into_document(args.document, "bench/videos.py", text)
    return 0


def watch_all(run: Run, registry: Registry, data: Path, truths: list[Truth]) -> list[Watched]:
    """Enrol, then see every video."""
    detector = registry.find(run.detector, "detector")
    embedder = Embedder(registry.find(EMBEDDERS[run.embedder], "embedder"))
    with tempfile.TemporaryDirectory() as folder:
        people = list(people_in(make_gallery(data, Path(folder) / "gallery", crowd=run.crowd)))
        policy = Policy.from_card(embedder.card, len(people))
        enroller = Enroller(Detector(detector, long_side=PICTURE_SIDE), embedder, policy.known)
        for person, files in people:
            enroller.enrol(person, files)
    recogniser = Recogniser(Detector(detector, long_side=VIDEO_SIDE), embedder, enroller.gallery())
    return [watch(recogniser, policy, data / "videos" / truth.video, truth, run) for truth in truths]


if __name__ == "__main__":
    sys.exit(main())
