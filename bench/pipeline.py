"""The recognition pipeline against a plain loop of OpenCV's own parts, in turns, on the same frames and model files.

    .venv/bin/python bench/pipeline.py [--quick] [--videos DIR] [--document docs/performance.md]

The peer is what a careful person writes with OpenCV alone: `FaceDetectorYN` on the frame scaled to the same size,
`estimateAffinePartial2D` + `warpAffine` and `cv2.dnn` per face, one matrix product. It neither judges
quality nor tracks. Both see the same gallery; before anything is timed their boxes and embeddings are compared.
Models and videos come from the research data beside the project, or from FACEKD_MODELS and --videos.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import report

from facekd.align import TEMPLATE
from facekd.boxes import iou
from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import FacekdError
from facekd.gallery import Gallery
from facekd.modelcard import ModelCard
from facekd.models import ModelFile, Registry
from facekd.policy import Policy
from facekd.recognise import STAGES, Pipeline, Recogniser, Stopwatch
from facekd.types import Embeddings, Floats, Frame, Image

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SIZE = (1280, 720)
DETECT_SIZE = (640, 360)
TURN = 10  # frames that one side runs before the other
ENROLLED = 100


class Peer:
    """OpenCV's parts in a plain loop."""

    STAGES = ("detect", "align", "embed", "search")

    def __init__(self, detector: ModelFile, embedder: ModelFile, gallery: Floats) -> None:
        self._detector = cv2.FaceDetectorYN.create(str(detector.path), "", DETECT_SIZE, 0.6, 0.3, 5000)
        self._network = cv2.dnn.readNetFromONNX(str(embedder.path))
        spec = embedder.card.input
        self._mean, self._scale = np.asarray(spec.mean, np.float32), np.asarray(spec.scale, np.float32)
        self._gallery = gallery

    def __call__(self, image: Image, watch: Stopwatch) -> tuple[Floats, Floats]:
        """Boxes [n, 4] in pixels of `image` and embeddings [n, d]."""
        with watch.stage("detect"):
            _, found = self._detector.detect(cv2.resize(image, DETECT_SIZE))
            faces = np.zeros((0, 15), np.float32) if found is None else found
            ratio = SIZE[0] / DETECT_SIZE[0]
            boxes = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:4]], axis=1) * ratio
        with watch.stage("align"):
            batch = np.empty((len(faces), 3, 112, 112), np.float32)
            for row, points in enumerate(faces[:, 4:14].reshape(-1, 5, 2) * ratio):
                matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE, method=cv2.LMEDS)
                crop = cv2.cvtColor(cv2.warpAffine(image, matrix, (112, 112)), cv2.COLOR_BGR2RGB)
                batch[row] = ((crop.astype(np.float32) - self._mean) * self._scale).transpose(2, 0, 1)
        with watch.stage("embed"):
            vectors = np.zeros((len(faces), self._gallery.shape[1]), np.float32)
            for row in range(
                len(faces)
            ):  # one by one: cv2.dnn plans anew whenever the size of the batch changes
                self._network.setInput(batch[row : row + 1])
                vectors[row] = self._network.forward()[0]
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with watch.stage("search"):
            if len(faces):
                (vectors @ self._gallery.T).argmax(axis=1)
        return np.asarray(boxes, np.float32), vectors


@dataclass
class Times:
    """Milliseconds by number of faces in the frame; `stages` over all frames."""

    frames: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, faces: int, total: float, watch: dict[str, float]) -> None:
        """One frame."""
        self.frames[faces].append(total)
        for stage, ms in watch.items():
            self.stages[stage].append(ms)


def frames_of(path: Path, most: int) -> list[Image]:
    """At most `most` frames of a video at 720p, evenly spaced in runs so that tracking has something to follow."""
    capture = cv2.VideoCapture(str(path))
    frames: list[Image] = []
    while len(frames) < most:
        good, frame = capture.read()
        if not good:
            break
        frames.append(np.ascontiguousarray(cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA)))
    return frames


def agreement(pipeline: Recogniser, peer: Peer, frames: list[Image]) -> tuple[float, float]:
    """Share of the peer's boxes that ours has too (intersection over union 0.9), and their median cosine."""
    matched, total, cosines = 0, 0, []
    for index, image in enumerate(frames):
        boxes, vectors = peer(image, Stopwatch())
        views = pipeline.look(Frame(image, index, index * 40.0), Stopwatch())
        total += len(boxes)
        if not len(views.faces):
            continue
        for overlaps, vector in zip(iou(boxes, views.faces.boxes), vectors, strict=True):
            if overlaps.max() >= 0.9:
                matched += 1
                cosines.append(float(vector @ views.embeddings.vectors[int(overlaps.argmax())]))
    return matched / max(total, 1), float(np.median(cosines)) if cosines else float("nan")


def run(pipeline: Pipeline, peer: Peer, frames: list[Image], rounds: int) -> tuple[Times, Times]:
    """Both sides over the same frames in turns of `TURN`, the first side changing from round to round."""
    ours, theirs = Times(), Times()

    def run_ours(start: int, block: list[Image]) -> None:
        for offset, image in enumerate(block):
            begin = time.perf_counter()
            seen = pipeline(Frame(image, start + offset, (start + offset) * 40.0))
            ours.add(len(seen.faces), (time.perf_counter() - begin) * 1e3, dict(seen.ms))

    def run_theirs(block: list[Image]) -> None:
        for image in block:
            watch, begin = Stopwatch(), time.perf_counter()
            boxes, _ = peer(image, watch)
            theirs.add(len(boxes), (time.perf_counter() - begin) * 1e3, watch.ms)

    for turn in range(rounds):
        for start in range(0, len(frames), TURN):
            block = frames[start : start + TURN]
            position = turn * len(frames) + start
            if turn % 2:
                run_theirs(block)
                run_ours(position, block)
            else:
                run_ours(position, block)
                run_theirs(block)
    return ours, theirs


def strangers(card: ModelCard, count: int) -> tuple[Gallery, Floats]:
    """A gallery of random unit vectors: what is searched, not who is found, costs time."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((count, card.dim or 0)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = [(f"person {i}", Embeddings(rows[i : i + 1], card.id)) for i in range(count)]
    return Gallery.build(card.id, card.dim or 0, people), rows


def main() -> int:
    """Run, print and write out/bench/pipeline.json."""
    parser = argparse.ArgumentParser(description="The pipeline against OpenCV's own parts.")
    parser.add_argument("--quick", action="store_true", help="few frames, for CI")
    parser.add_argument("--videos", type=Path, default=DATA / "videos", metavar="DIR")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--document", type=Path, metavar="F.md", help="put the tables there, e.g. docs/performance.md"
    )
    args = parser.parse_args()
    if "FACEKD_MODELS" not in os.environ:
        os.environ["FACEKD_MODELS"] = str(DATA / "weights")
    videos = sorted(args.videos.glob("*.mp4"))
    if not videos:
        print(f"pipeline: no .mp4 in {args.videos}; name a folder with --videos", file=sys.stderr)
        return 2
    try:
        registry = Registry.from_environment(Path.cwd() / "out")
        detector, embedder = registry.default("detector"), registry.default("embedder")
    except FacekdError as error:
        print(f"pipeline: {error}", file=sys.stderr)
        return error.exit_status
    cv2.setNumThreads(args.threads)
    gallery, rows = strangers(embedder.card, ENROLLED)
    recogniser = Recogniser(
        Detector(detector, long_side=DETECT_SIZE[0], threads=args.threads),
        Embedder(embedder, threads=args.threads),
        gallery,
    )
    peer = Peer(detector, embedder, rows)
    cases: list[report.Case] = []
    text = report.machine_line()
    for video in videos:
        frames = frames_of(video, 40 if args.quick else 110)
        share, cosine = agreement(recogniser, peer, frames[::5])
        pipeline = Pipeline(recogniser, Policy.from_card(embedder.card, ENROLLED))
        ours, theirs = run(pipeline, peer, frames, rounds=1 if args.quick else 4)
        text += f"\n**{video.name}**: {share:.1%} of the peer's boxes are ours too, median cosine {cosine:.4f}.\n\n"
        text += frame_table(ours, theirs) + "\n" + stage_table(ours, theirs)
        cases += cases_of(video.stem, "facekd", ours) + cases_of(video.stem, "opencv", theirs)
    print(text)
    names = {"detector": detector.card.name, "embedder": embedder.card.name, "threads": args.threads}
    print(f"written to {report.write('pipeline', cases, names)}", file=sys.stderr)
    if args.document:
        report.into_document(args.document, "bench/pipeline.py", text)
    return 0


def frame_table(ours: Times, theirs: Times) -> str:
    """Milliseconds a frame by number of faces, as Markdown."""
    lines = [
        "| faces | frames | FaceKD median ms | p95 | fps | OpenCV median ms | p95 | fps | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for label, count in groups(ours).items():
        a, b = (figures(times, count) for times in (ours, theirs))
        if len(b):
            left, right = (
                f"{np.median(v):.1f} | {np.percentile(v, 95):.1f} | {1e3 / v.mean():.0f}" for v in (a, b)
            )
            lines.append(f"| {label} | {len(a)} | {left} | {right} | {np.median(b) / np.median(a):.2f} |")
    return "\n".join(lines) + "\n"


def stage_table(ours: Times, theirs: Times) -> str:
    """Median milliseconds of each stage, as Markdown."""
    cells = (
        (f"{np.median(times.stages[stage]):.2f}" if stage in times.stages else "" for stage in STAGES)
        for times in (ours, theirs)
    )
    rows = [f"| {name} | {' | '.join(row)} |" for name, row in zip(("FaceKD", "OpenCV"), cells, strict=True)]
    return (
        "\n".join([f"| stage, median ms | {' | '.join(STAGES)} |", "|---" * (len(STAGES) + 1) + "|", *rows])
        + "\n"
    )


def groups(times: Times) -> dict[str, int | None]:
    """Rows of the table: all frames, then each number of faces that twenty frames have."""
    return {"all": None} | {str(n): n for n in sorted(times.frames) if len(times.frames[n]) >= 20}


def figures(times: Times, count: int | None) -> Floats:
    """Milliseconds of the frames with `count` faces, or of all."""
    values = list(chain(*times.frames.values())) if count is None else times.frames[count]
    return np.asarray(values, np.float32)


def cases_of(video: str, peer: str, times: Times) -> list[report.Case]:
    """The rows for the JSON file."""
    cases = []
    for label, count in groups(times).items():
        values = figures(times, count)
        extra = {"p95_ms": float(np.percentile(values, 95)), "fps": float(1e3 / values.mean())}
        cases.append(report.case(f"{video}, faces: {label}", peer, values.tolist(), extra))
    return cases + [report.case(f"{video}, stage {s}", peer, values) for s, values in times.stages.items()]


if __name__ == "__main__":
    sys.exit(main())
