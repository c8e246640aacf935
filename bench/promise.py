"""Whether the threshold promise keeps what it prints, on real people outside the gallery: the table of docs/promise.md.

    .venv/bin/python bench/promise.py [--quick] [--data DIR] [--model M | --cost] [--document docs/promise.md]

Galleries of 30, 100 and 300 people are drawn from real people, each with up to three photographs; the threshold, the
rate and its interval come from the gallery alone. Everybody else plays the stranger, and the share of them who get a
name at that threshold is what the interval should hold. The embeddings are kept in out/promise, so that only the first
run takes minutes. Writes out/bench/promise.json.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import report
from numpy.typing import NDArray

from facekd.calibration import Promise, calibrate, promise
from facekd.embed import SIDE, Embedder
from facekd.errors import FacekdError
from facekd.models import Registry
from facekd.packed import Packed
from facekd.types import Floats

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
MODEL = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm"
OTHERS = ("teacher_a_y1_mobilefacenet_112_rgb_raw", "teacher_c_xiaoccer_mobilefacenet_112x96_rgb")
"""Two more, tried on LFW alone."""
KEPT = ROOT / "out" / "promise"
LFW = ("lfw_test_112",)
CELEBA = ("celeba_train_112", "celeba_wild_train_112", "celeba_lowres_train_64", "celeba_heldout_112")
SETS = {"LFW": LFW, "LFW and CelebA": (*LFW, *CELEBA)}
"""One population, and the most strangers there are. UTKFace has people who occur twice under no name."""
SIZES = (30, 100, 300)
PROMISES = (30, 100, 300, 1000)
SPLITS = 200
PHOTOS = 3  # of each person, on file or as a stranger
ONE_PERSON = 0.55
"""Nearer than this, 29 of 31 pairs of LFW are one person under two names or close relatives, by eye and by name."""
DIFFERENT = {("Ashraf_Ghani", "Sven_Goran_Eriksson"), ("Conchita_Martinez", "Janet_Thorpe")}
"""The other two."""
SEED = 0
COSTS = {300: 9, 1000: 9, 10_000: 5, 100_000: 3}
"""People on file -> turns."""
COST_DIM = 128


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Real people, their photographs together."""

    name: str
    vectors: Floats  # [photos, d]
    starts: NDArray[np.intp]  # [people] where each person's photographs begin
    people: NDArray[np.str_]  # [people]

    def rows(self, people: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        """The first photographs of some people."""
        ends = np.append(self.starts, len(self.vectors))[1:]
        return np.concatenate(
            [np.arange(self.starts[p], min(ends[p], self.starts[p] + most)) for p in people]
        )


def embeddings(name: str, data: Path, embedder: Embedder) -> tuple[Floats, NDArray[np.str_]]:
    """Of the first crops of everyone in a packed set, kept on disk, and whom each shows."""
    packed = Packed.open(data / "faces" / f"{name}.npz")
    assert packed.identity is not None
    identity = packed.identity.astype(np.str_)
    order = np.argsort(identity, kind="stable")
    starts = np.flatnonzero(np.append([True], identity[order][1:] != identity[order][:-1]))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    rows = order[place < PHOTOS]
    kept = KEPT / f"{name}-{embedder.model_id[:12]}.npy"
    if kept.is_file():
        return np.load(kept), identity[rows]
    parts = []
    for start in range(0, len(rows), 64):
        crops = [packed.image_rgb(int(row)) for row in rows[start : start + 64]]
        sized = [crop if crop.shape[0] == SIDE else cv2.resize(crop, (SIDE, SIDE)) for crop in crops]
        parts.append(embedder.embed(np.stack(sized).astype(np.uint8)).vectors)
    vectors = np.concatenate(parts)
    KEPT.mkdir(parents=True, exist_ok=True)
    np.save(kept, vectors)
    return vectors, identity[rows]


def crowd(
    name: str, files: Sequence[str], data: Path, embedder: Embedder, judge: Embedder | None
) -> tuple[Crowd, int]:
    """The people of some packed sets, and how many were left out because somebody else looks like them.

    `judge` embeds what that is decided by: teacher B whichever embedder is asked, for `ONE_PERSON` is a cosine of
    that one. None: everybody stays.
    """
    whole = everyone(name, files, data, embedder)
    if judge is None:
        return whole, 0
    kept = one_of_each(whole if judge is embedder else everyone(name, files, data, judge))
    starts, vectors = whole.starts, whole.vectors
    ends = np.append(starts, len(vectors))[1:]
    rows = np.concatenate([np.arange(starts[p], ends[p]) for p in kept])
    sizes = (ends - starts)[kept]
    starts = np.append([0], np.cumsum(sizes)[:-1])
    return Crowd(name, vectors[rows], starts, whole.people[kept]), len(whole.people) - len(kept)


def everyone(name: str, files: Sequence[str], data: Path, embedder: Embedder) -> Crowd:
    """The people of some packed sets; who is in several is one person."""
    found = [embeddings(file, data, embedder) for file in files]
    people = np.concatenate([names for _, names in found])
    order = np.argsort(people, kind="stable")
    people, vectors = people[order], np.concatenate([each for each, _ in found])[order]
    starts = np.flatnonzero(np.append([True], people[1:] != people[:-1]))
    return Crowd(name, vectors, starts, people[starts])


def one_of_each(whole: Crowd) -> NDArray[np.intp]:
    """People of whom no earlier one has a first photograph within `ONE_PERSON`."""
    first = whole.vectors[whole.starts]
    twice = np.zeros(len(first), np.bool_)
    for start in range(0, len(first), 1024):
        for row, other in np.argwhere(first[start : start + 1024] @ first.T >= ONE_PERSON).tolist():
            late, early = row + start, other
            if early < late and (whole.people[early], whole.people[late]) not in DIFFERENT:
                twice[late] = True
    return np.flatnonzero(~twice)


@dataclass(frozen=True, slots=True)
class Split:
    """One gallery: what was printed, and what was true."""

    lo: float
    hi: float
    fpir: float
    true: float  # share of the strangers who got a name
    strangers: int
    threshold: float
    missed: float

    @property
    def above(self) -> bool:
        """More strangers got a name than the interval has, rounded up to a whole one."""
        return self.true * self.strangers > math.ceil(self.hi * self.strangers - 1e-6)

    @property
    def below(self) -> bool:
        """Fewer, rounded down: no share can be measured finer than by one stranger."""
        return self.true * self.strangers < math.floor(self.lo * self.strangers)


def split(people: Crowd, size: int, rng: np.random.Generator) -> dict[int, Split | None]:
    """One gallery drawn from a crowd; None where the promise was refused."""
    order = rng.permutation(len(people.starts))
    enrolled, others = order[:size], np.sort(order[size:])
    rows = people.rows(enrolled, PHOTOS)
    gallery = people.vectors[rows]
    owner = np.searchsorted(people.starts, rows, side="right") - 1
    calibration = calibrate(gallery, owner.astype(np.str_).tolist(), seed=int(rng.integers(2**31)))
    best = (people.vectors @ gallery.T).max(axis=1)  # of those on file as well, who are not counted
    found: dict[int, Split | None] = {}
    for strangers in PROMISES:
        answer = calibration.promise(strangers)
        if not isinstance(answer, Promise):
            found[strangers] = None
            continue
        share = np.add.reduceat((best >= answer.threshold).astype(np.float64), people.starts)
        share /= np.diff(np.append(people.starts, len(best)))  # a person is one trial
        missed = answer.fnir.value if answer.fnir else float("nan")
        true = float(share[others].mean())
        found[strangers] = Split(
            answer.lo, answer.hi, answer.fpir, true, len(others), answer.threshold, missed
        )
    return found


def table(people: Crowd, embedder: str, splits: int) -> tuple[list[str], list[report.Case]]:
    """A row for each size and promise that was not refused every time."""
    lines, cases = [], []
    for size in SIZES:
        rng = np.random.default_rng([SEED, size])
        start = time.perf_counter()
        found = [split(people, size, rng) for _ in range(splits)]
        ms = (time.perf_counter() - start) * 1e3 / splits
        for strangers in PROMISES:
            made = [each for one in found if (each := one[strangers]) is not None]
            what = f"{size} people, 1 in {strangers:,}"
            case = f"{embedder}, {people.name}, {what}"
            head = f"| {embedder}, {people.name} | {size} | {strangers:,} "
            if not made:
                extra: dict[str, float | str] = {"what": what, "refused": 1.0}
                cases.append(report.Case(case, "facekd", round(ms, 3), 0.0, splits, extra))
                continue
            inside = np.mean([not one.above and not one.below for one in made])
            kept = np.mean([one.true <= 1 / strangers for one in made])
            width = np.median([one.hi / max(one.lo, 1e-12) for one in made])
            true = float(np.median([one.true for one in made]))
            threshold = float(np.median([one.threshold for one in made]))
            missed = float(np.nanmedian([one.missed for one in made]))
            fpir = float(np.median([one.fpir for one in made]))
            refused = 1 - len(made) / splits
            lines.append(
                f"{head}| **{100 * inside:.1f} %** | {100 * kept:.1f} % | {width:.0f} | {100 * refused:.0f} % "
                f"| {_one_in(fpir)} | {_one_in(true)} | {threshold:.3f} | {100 * missed:.0f} % |"
            )
            print(lines[-1], flush=True)
            figures: dict[str, float | str] = {
                "what": what,
                "inside": float(inside),
                "kept": float(kept),
                "median_ratio_hi_lo": float(width),
                "refused": refused,
                "median_true": true,
                "median_fpir": fpir,
                "median_threshold": threshold,
                "median_missed": missed,
                "above": float(np.mean([one.above for one in made])),
                "below": float(np.mean([one.below for one in made])),
                "inside_unrounded": float(np.mean([one.lo <= one.true <= one.hi for one in made])),
            }
            cases.append(report.Case(case, "facekd", round(ms, 3), 0.0, splits, figures))
    return lines, cases


def _short(model: str) -> str:
    """ "B" of "teacher_b_foamliu_...", as docs/evaluation.md calls it; other names as they are."""
    return model.split("_")[1].upper() if model.startswith("teacher_") else model


def _one_in(share: float) -> str:
    return f"1 in {1 / share:,.0f}" if share > 0 else "none"


HEAD = (
    "| embedder, people | on file | promise: 1 in | true rate inside the interval | promise kept | width, hi / lo "
    "| refused | estimate | true rate | threshold | photographs missed |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)


def cost(document: Path | None) -> int:
    """How long one promise takes, on one core, with random faces of one photograph each."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(0)
    lines, cases = ["| people on file | one promise, median ms | IQR | n |", "|---|---|---|---|"], []
    for people, turns in COSTS.items():
        vectors = rng.standard_normal((people, COST_DIM)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names, ms = [str(number) for number in range(people)], []
        for _ in range(turns):
            began = time.perf_counter()
            promise(vectors, names)
            ms.append((time.perf_counter() - began) * 1e3)
        cases.append(report.case(f"promise, {people} people", "facekd", ms))
        case = cases[-1]
        lines.append(f"| {people:,} | {case.median_ms:,.0f} | {case.iqr_ms:,.0f} | {case.n} |")
    print("\n".join(lines))
    print(f"written to {report.write('promise_cost', cases, {})}", file=sys.stderr)
    if document:
        machine = f"{report.machine_line().strip()} One core, {COST_DIM} dimensions, one photograph a person."
        report.into_document(document, "bench/promise.py cost", "\n".join(lines) + f"\n\n{machine}\n")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print and write out/bench/promise.json."""
    parser = argparse.ArgumentParser(description="Whether the threshold promise keeps what it prints.")
    parser.add_argument("--quick", action="store_true", help="20 galleries of each size instead of 200")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the research data")
    parser.add_argument(
        "--model",
        metavar="M",
        help="one face embedder on LFW (default: teacher B on both sets, then A and C)",
    )
    parser.add_argument("--uncleaned", action="store_true", help="keep people who look like somebody else")
    parser.add_argument("--cost", action="store_true", help="how long a promise takes, and nothing else")
    parser.add_argument("--document", type=Path, metavar="F.md", help="put the table there: docs/promise.md")
    args = parser.parse_args(arguments)
    if args.cost:
        return cost(args.document)
    os.environ.setdefault("FACEKD_MODELS", str(args.data / "weights"))
    runs = [(args.model, "LFW")] if args.model else [(MODEL, name) for name in SETS]
    runs += [] if args.model else [(other, "LFW") for other in OTHERS]
    lines, cases, about = list(HEAD), list[report.Case](), dict[str, str]()
    print("\n".join(HEAD))
    try:
        registry = Registry.from_environment(ROOT / "out")
        judge = Embedder(registry.choose(MODEL, "embedder"))
        for model, name in runs:
            embedder = judge if model == MODEL else Embedder(registry.choose(model, "embedder"))
            people, left_out = crowd(name, SETS[name], args.data, embedder, None if args.uncleaned else judge)
            about[name] = (
                f"{name}: {len(people.starts):,} people, {len(people.vectors):,} photographs, {left_out} left out"
            )
            more, of_it = table(people, _short(embedder.card.name), 20 if args.quick else SPLITS)
            lines += more
            cases += of_it
    except FacekdError as error:
        print(f"promise: {error}", file=sys.stderr)
        return error.exit_status
    extra = {"people": list(about.values())}
    print(f"written to {report.write('promise', cases, extra)}", file=sys.stderr)
    if args.document:
        refused = "; ".join(
            dict.fromkeys(str(case.extra["what"]) for case in cases if case.extra["refused"] == 1.0)
        )
        text = "\n".join(lines) + (
            f"\n\nRefused in every gallery and not in the table: {refused}. {'; '.join(about.values())}. "
            f"{report.machine_line()}"
        )
        report.into_document(args.document, "bench/promise.py", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
