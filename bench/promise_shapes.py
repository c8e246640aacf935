"""How far from normal the tails of recognisers are: what `facekd/calibration/tail.py` knows of the shape beforehand.

    .venv/bin/python bench/promise_shapes.py [--quick] [--data DIR] [--document docs/promise.md]

Galleries are drawn from the training people of CelebA, and the shape of each one's tail is fitted without any
knowledge beforehand. Writes out/bench/promise_shapes.json. The embeddings are kept in out/promise.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import promise
import report

from facekd.calibration.scores import strangers_of_gallery
from facekd.calibration.tail import fit, surprising
from facekd.embed import Embedder
from facekd.errors import FacekdError
from facekd.models import Registry

MODELS = (
    "teacher_a_y1_mobilefacenet_112_rgb_raw",
    promise.MODEL,
    "teacher_c_xiaoccer_mobilefacenet_112x96_rgb",
)
SET = ("celeba_train_112",)
SIZES = (30, 100, 300)
GALLERIES = 60
NOTHING_KNOWN = 1e6  # a prior so wide that it says nothing
HEAD = (
    "| embedder | people on file | shape, mean of the galleries | its standard deviation "
    "| of these, by the resamples alone | scale, mean |",
    "|---|---|---|---|---|---|",
)


def row(people: promise.Crowd, size: int, galleries: int) -> tuple[str, dict[str, float | str]]:
    """The figures of one size."""
    rng = np.random.default_rng([promise.SEED, size])
    shapes, spreads, scales = [], [], []
    for _ in range(galleries):
        rows = people.rows(rng.permutation(len(people.starts))[:size], promise.PHOTOS)
        owner = np.searchsorted(people.starts, rows, side="right") - 1
        found = strangers_of_gallery(people.vectors[rows], owner.astype(np.str_).tolist(), size, rng)
        tail = fit(found.without(found.scores > surprising(found)), rng, shape_std=NOTHING_KNOWN)
        shapes.append(tail.shape[0])
        spreads.append(np.std(tail.shape[1:]))
        scales.append(tail.scale[0])
    figures: dict[str, float | str] = {
        "shape": float(np.mean(shapes)),
        "shape_std": float(np.std(shapes)),
        "resample_std": float(np.median(spreads)),
        "scale": float(np.mean(scales)),
    }
    text = f"| {size} | {figures['shape']:.3f} | {figures['shape_std']:.3f} | {figures['resample_std']:.3f} "
    return text + f"| {figures['scale']:.2f} |", figures


def main() -> int:
    """Run, print and write out/bench/promise_shapes.json."""
    parser = argparse.ArgumentParser(description="How far from normal the tails of recognisers are.")
    parser.add_argument("--quick", action="store_true", help="10 galleries of each size instead of 60")
    parser.add_argument("--data", type=Path, default=promise.DATA, metavar="DIR", help="the research data")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/promise.md")
    args = parser.parse_args()
    os.environ.setdefault("FACEKD_MODELS", str(args.data / "weights"))
    galleries = 10 if args.quick else GALLERIES
    lines, cases = list(HEAD), list[report.Case]()
    print("\n".join(HEAD))
    try:
        registry = Registry.from_environment(promise.ROOT / "out")
        judge = Embedder(registry.choose(promise.MODEL, "embedder"))
        for model in MODELS:
            embedder = Embedder(registry.choose(model, "embedder"))
            people, _ = promise.crowd("CelebA", SET, args.data, embedder, judge)
            for size in SIZES:
                start = time.perf_counter()
                text, figures = row(people, size, galleries)
                ms = (time.perf_counter() - start) * 1e3 / galleries
                lines.append(f"| {model} {text}")
                print(lines[-1], flush=True)
                cases.append(
                    report.Case(f"{model}, {size} people", "facekd", round(ms, 3), 0.0, galleries, figures)
                )
    except FacekdError as error:
        print(f"promise_shapes: {error}", file=sys.stderr)
        return error.exit_status
    print(f"written to {report.write('promise_shapes', cases)}", file=sys.stderr)
    if args.document:
        text = "\n".join(lines) + f"\n\n{galleries} galleries of each size. " + report.machine_line()
        report.into_document(args.document, "bench/promise_shapes.py", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
