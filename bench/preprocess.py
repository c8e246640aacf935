"""Face crops and letterboxes against cv2 and NumPy: `python bench/preprocess.py [--quick] [--docs docs/native.md]`.

The peer is what people write: `cv2.warpAffine` or `cv2.resize`, then NumPy for the order of colours, mean, scale
and layout, into a ready buffer. Its matrices are made by the same closed form. Results are compared first: within
one grey level. A 1280x720 frame; peers in turns, cv2 with as many threads as there are cores.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import report

from facekd.align import SIZE, TEMPLATE, align_batch, crop_statistics, similarity
from facekd.letterbox import fitted, letterbox
from facekd.types import Floats, Image

MEAN, SCALE = 127.5, 1 / 128


def frame() -> Image:
    """A 720p picture with structure at all scales."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (45, 80, 3), dtype=np.uint8)
    fine = rng.integers(-20, 21, (720, 1280, 3))
    return np.clip(cv2.resize(coarse, (1280, 720)).astype(int) + fine, 0, 255).astype(np.uint8)


def faces(n: int) -> Floats:
    """Landmarks of n faces of 60 to 300 pixels, turned a little, all over the frame."""
    rng = np.random.default_rng(n)
    placed = []
    for scale in np.linspace(0.6, 2.7, n):
        turn = rng.uniform(-0.4, 0.4)
        rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        placed.append((TEMPLATE - 56) @ rotation.T + [rng.uniform(150, 1130), rng.uniform(150, 570)])
    return np.array(placed, np.float32)


def peer_faces(image: Image, landmarks: Floats, out: Floats, figures: Floats | None = None) -> Floats:
    for face, matrix in enumerate(similarity(landmarks)):
        crop = cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
        values = crop[..., ::-1].astype(np.float32)
        values -= MEAN
        values *= SCALE
        out[face] = values.transpose(2, 0, 1)
        if figures is not None:
            luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
            mean, deviation = cv2.meanStdDev(luma)
            edges = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_32F))[1].item() ** 2
            figures[face] = mean.item(), deviation.item(), edges
    return out


def peer_letterbox(image: Image, size: tuple[int, int], out: Floats) -> Floats:
    height, width, ratio = fitted(image.shape[:2], size)
    values = cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    values -= MEAN
    values *= SCALE
    out[:] = -MEAN * SCALE
    out[0, :, :height, :width] = values[..., ::-1].transpose(2, 0, 1)
    return out


def check(task: str, ours: Floats, theirs: Floats) -> None:
    """Stops the benchmark when the results are further apart than a grey level."""
    levels = float(np.abs(ours - theirs).max()) / SCALE
    if levels > 1.001:
        raise SystemExit(f"{task}: expected results within one grey level of the peer's, got {levels:g}")


def cases(turns: int) -> list[report.Case]:
    image, found = frame(), list[report.Case]()

    def compare(task: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
        times = report.in_turns({"facekd": ours, "cv2 + numpy": theirs}, turns, least_ms=5)
        peer = report.case(task, "cv2 + numpy", times["cv2 + numpy"])
        mine = report.case(task, "facekd", times["facekd"])
        found.extend(
            [
                report.case(
                    task, "facekd", times["facekd"], {"times": round(peer.median_ms / mine.median_ms, 2)}
                ),
                peer,
            ]
        )

    for n in (1, 4, 16):
        points = faces(n)
        out, other = (np.empty((n, 3, SIZE, SIZE), np.float32) for _ in range(2))
        figures, wanted = (np.empty((n, 3), np.float32) for _ in range(2))
        check(f"{n} faces", align_batch(image, points, MEAN, SCALE, out), peer_faces(image, points, other))
        compare(
            f"align {n}",
            partial(align_batch, image, points, MEAN, SCALE, out),
            partial(peer_faces, image, points, other),
        )
        compare(
            f"align {n} with quality",
            partial(align_batch, image, points, MEAN, SCALE, out, figures),
            partial(peer_faces, image, points, other, wanted),
        )
        crops = np.ascontiguousarray(np.rint(out / SCALE + MEAN).astype(np.uint8).transpose(0, 2, 3, 1))
        if not np.allclose(crop_statistics(crops), figures, rtol=1e-5):
            raise SystemExit("quality figures: expected those of the crops")
    for size in ((640, 640), (320, 320)):
        box, other_box = (np.empty((1, 3, *size), np.float32) for _ in range(2))
        letterbox(image, size, MEAN, SCALE, rgb=True, out=box)
        check(f"letterbox {size}", box, peer_letterbox(image, size, other_box))
        compare(
            f"letterbox {size[0]}",
            partial(letterbox, image, size, MEAN, SCALE, rgb=True, out=box),
            partial(peer_letterbox, image, size, other_box),
        )
    return found


def table(found: list[report.Case]) -> str:
    """Markdown: a row per task."""
    lines = ["| task | facekd | cv2 + NumPy | ratio |", "|---|---|---|---|"]
    for ours, theirs in zip(found[::2], found[1::2], strict=True):
        ratio = theirs.median_ms / ours.median_ms
        lines.append(f"| {ours.case} | {ours.median_ms:.3f} | {theirs.median_ms:.3f} | **{ratio:.1f}** |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few turns, for CI")
    parser.add_argument("--docs", type=Path, help="document to put the table into")
    arguments = parser.parse_args()
    about = report.machine_line()
    cv2.setNumThreads(report.cores())
    found = cases(5 if arguments.quick else 41)
    path = report.write("preprocess", found)
    text = f"{about}Times in ms (median) for a 1280x720 frame.\n\n{table(found)}"
    print(text)
    print(f"written to {path}", file=sys.stderr)
    if arguments.docs:
        report.into_document(arguments.docs, "bench:preprocess", text)


if __name__ == "__main__":
    main()
