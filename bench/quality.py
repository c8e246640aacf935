"""What spoils a face for the embedder, and where the limits of facekd/quality.py stand: the table of docs/quality.md.

    .venv/bin/python bench/quality.py [--quick] [--data DIR] [--model M] [--document docs/quality.md]

Sharp aligned crops of the training set are blurred, shrunk, darkened and brightened. For each way: the cosine
between the embeddings before and after, and what the gate measures of the spoilt crop. The training set, because
the limits are a choice. Writes out/bench/quality.json.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import report
from numpy.typing import NDArray

from facekd.align import crop_statistics
from facekd.embed import Embedder
from facekd.errors import FacekdError
from facekd.models import Registry
from facekd.packed import Packed
from facekd.quality import ENROLMENT, VOTING, QualityGate, sharpness_of
from facekd.types import Floats, Image

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SEED = 0
Spoil = Callable[[Image], NDArray[np.generic]]


def blurred(sigma: float) -> Spoil:
    """Gaussian; sigma in pixels of the crop."""
    return lambda crop: cv2.GaussianBlur(crop, (0, 0), sigma)


def shrunk(side: int) -> Spoil:
    """As a small face that alignment enlarges."""
    return lambda crop: cv2.resize(
        cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA),
        crop.shape[1::-1],
        interpolation=cv2.INTER_LINEAR,
    )


def dimmed(gain: float) -> Spoil:
    """Times `gain`, as with less light."""
    return lambda crop: crop * gain


def brightened(add: int) -> Spoil:
    """Plus `add` grey levels, clipped."""
    return lambda crop: crop.astype(np.int16) + add


def both(first: Spoil, then: Spoil) -> Spoil:
    """One after the other."""
    return lambda crop: then(np.asarray(first(crop), np.uint8))


WAYS: dict[str, Spoil] = {
    "as it is": lambda crop: crop,
    **{f"blur, sigma {sigma:g} px": blurred(sigma) for sigma in (0.7, 1, 1.5, 2, 2.5, 3, 4, 5, 6)},
    **{f"shrunk to {side} px": shrunk(side) for side in (56, 40, 32, 28, 24, 20, 16)},
    **{f"light x {gain:g}": dimmed(gain) for gain in (0.5, 0.25, 0.15, 0.1, 0.06)},
    **{f"light + {add}": brightened(add) for add in (60, 120, 160)},
    **{f"blur 3 px, light x {gain:g}": both(blurred(3), dimmed(gain)) for gain in (0.25, 0.1)},
}


def sample(packed: Packed, count: int) -> Image:
    """`count` crops [count, 112, 112, 3] RGB, the same ones each time."""
    rows = np.random.default_rng(SEED).choice(len(packed), count, replace=False)
    return np.stack([packed.image_rgb(int(row)) for row in rows]).astype(np.uint8)


def measure(crops: Image, clean: Floats, embedder: Embedder) -> tuple[Floats, Floats, Floats]:
    """Per crop: cosine to the clean embedding, sharpness, mean luma."""
    luma, contrast, laplacian = crop_statistics(crops).T
    cosine = (embedder.embed(crops).vectors * clean).sum(1)
    return cosine, sharpness_of(contrast, laplacian), luma


def refused(sharpness: Floats, luma: Floats, gate: QualityGate) -> float:
    """Share of crops that a gate's limits of sharpness and light turn away."""
    kept = (sharpness >= gate.min_sharpness) & (luma >= gate.min_mean) & (luma <= gate.max_mean)
    return 1 - float(np.mean(kept))


def main() -> int:
    """Run, print and write out/bench/quality.json."""
    parser = argparse.ArgumentParser(description="What spoils a face for the embedder.")
    parser.add_argument("--quick", action="store_true", help="40 crops instead of 400")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the research data")
    parser.add_argument(
        "--model", metavar="M", help="face embedder, as for facekd-cli (default: its default)"
    )
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/quality.md")
    args = parser.parse_args()
    os.environ.setdefault("FACEKD_MODELS", str(args.data / "weights"))
    try:
        packed = Packed.open(args.data / "faces" / "celeba_train_112.npz")
        embedder = Embedder(Registry.from_environment(ROOT / "out").choose(args.model, "embedder"))
    except FacekdError as error:
        print(f"quality: {error}", file=sys.stderr)
        return error.exit_status
    crops = sample(packed, 40 if args.quick else 400)
    clean = embedder.embed(crops).vectors
    lines = [
        "| crop | cosine, median | worst tenth | sharpness x 1000, median (5 % to 95 %) | mean luma, median "
        "| refused for voting | for enrolment |",
        "|---|---|---|---|---|---|---|",
    ]
    cases: list[report.Case] = []
    print("\n".join(lines))
    for name, spoil in WAYS.items():
        spoilt = np.stack([np.clip(spoil(crop), 0, 255).astype(np.uint8) for crop in crops])
        start = time.perf_counter()
        cosine, sharpness, luma = measure(spoilt, clean, embedder)
        ms = (time.perf_counter() - start) * 1e3 / len(crops)
        low, middle, high = 1e3 * np.percentile(sharpness, [5, 50, 95])
        shares = [refused(sharpness, luma, gate) for gate in (VOTING, ENROLMENT)]
        lines.append(
            f"| {name} | {np.median(cosine):.2f} | {np.percentile(cosine, 10):.2f} "
            f"| {middle:.1f} ({low:.1f} to {high:.1f}) | {np.median(luma):.0f} "
            f"| {100 * shares[0]:.0f} % | {100 * shares[1]:.0f} % |"
        )
        print(lines[-1], flush=True)
        extra: dict[str, float | str] = {
            "cosine_median": round(float(np.median(cosine)), 4),
            "sharpness_median": round(float(np.median(sharpness)), 6),
            "luma_median": round(float(np.median(luma)), 1),
            "refused_voting": round(shares[0], 4),
            "refused_enrolment": round(shares[1], 4),
        }
        cases.append(report.Case(name, "facekd", round(ms, 3), 0.0, len(crops), extra))
    model = {"embedder": embedder.card.name}
    print(f"written to {report.write('quality', cases, model)}", file=sys.stderr)
    if args.document:
        text = "\n".join(lines) + f"\n\n{len(crops)} crops, {embedder.card.name}. " + report.machine_line()
        report.into_document(args.document, "bench/quality.py", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
