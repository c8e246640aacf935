"""The window, measured from where a person sits: starts, pictures, memory, people, cameras.

    .venv/bin/python bench/ui.py [--quick] [--only start,live,memory,people,cameras] [--minutes 10] [--document F.md]

Everything happens in the real program, started anew for each figure, on a screen of its own (Xvfb) and on two cores,
which the X server shares. The models come from the research data beside the project or from FACEKD_MODELS; without
them pictures have no names, and this says so. Writes out/bench/ui.json. Takes about 18 minutes, ten of them for the
memory; `--quick` takes two.
"""

import argparse
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import report
from window.film import FACES, portraits, write_film
from window.homes import NAME, PASSWORD, make_home
from window.screen import CORES, Failed, Screen, a_screen

from facekd.errors import FacekdError
from facekd_db.errors import StoreError

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PACKAGES = ("facekd", "PySide6-Essentials", "SQLAlchemy", "numpy", "opencv-python-headless", "onnxruntime")
STEPS = ("imported", "shown", "login", "ready", "entered", "picture")
BLOCK_S = (
    10  # seconds whose mean memory is one point of the line: neighbours are alike, and would feign precision
)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured."""

    starts: int
    film_s: float
    live_s: float
    minutes: float
    people: int
    openings: int
    searches: int
    rounds: int


FULL = Amount(10, 20, 60, 10, 100_000, 5, 60, 3)
QUICK = Amount(2, 4, 8, 0.5, 2_000, 1, 12, 1)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one part found."""

    cases: list[report.Case]
    words: list[str]  # lines of Markdown


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight line through points, by least squares."""

    each: float  # per unit of x
    error: float  # standard error of it

    def __str__(self) -> str:
        return f"{self.each:+.3f} ± {self.error:.3f}"


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Of at least three points."""
    middle = statistics.fmean(x)
    spread = sum((value - middle) ** 2 for value in x)
    each, begin = statistics.linear_regression(x, y)
    rest = sum((b - begin - each * a) ** 2 for a, b in zip(x, y, strict=True))
    return Slope(each, math.sqrt(rest / (len(x) - 2) / spread))


def starts(screen: Screen, folder: Path, amount: Amount) -> Measured:
    """Cold starts: to the login on the screen, and with the login filled in at once to the first picture."""
    make_home(home := folder / "start", 50, film(folder, amount)[0])
    moments: dict[str, list[float]] = {step: [] for step in STEPS}
    torch: set[str] = set()
    screen.run(
        "start", home, NAME, PASSWORD
    )  # the files come into memory; the first start after boot waits for a disk
    for _ in range(amount.starts):
        began = time.monotonic()
        answer = screen.run("start", home, NAME, PASSWORD, "--live")
        torch.update(answer["torch"])
        for step in STEPS:
            moments[step].append((answer["moments"][step] - began) * 1e3)
    loaded = ", ".join(sorted(torch)) if torch else "no module of torch in the process"
    cases = [
        report.case(f"cold start to {step}", "facekd", moments[step], {"torch": loaded}) for step in STEPS
    ]
    line = " · ".join(f"{step} {_s(moments[step])}" for step in STEPS)
    return Measured(
        cases,
        [
            f"**Cold start** (n = {amount.starts} processes, median and worst; 50 people on file; {loaded}): "
            f"login page on the screen after **{_s(moments['login'])}**, first live picture after "
            f"**{_s(moments['picture'])}** with name and password filled in at once. Steps: {line}.",
        ],
    )


def live(screen: Screen, folder: Path, amount: Amount) -> Measured:
    """Capture to screen, at 720p with five faces."""
    path, whose = film(folder, amount)
    make_home(home := folder / "live", 100, path)
    answer = screen.run("live", home, NAME, PASSWORD, str(amount.live_s), seconds=amount.live_s + 90)
    delays, faces = answer["delay_ms"], answer["faces"]
    seen = _faces_words(faces)
    extra: dict[str, float | str] = {
        "p95_ms": _percentile(delays, 0.95),
        "p99_ms": _percentile(delays, 0.99),
        "fps": round(answer["fps"], 1),
        "recognised_fps": round(answer["recognised_fps"], 1),
        "faces": seen,
        "longest_block_ms": answer["longest_block_ms"],
    }
    return Measured(
        [report.case("capture to screen, 720p, five faces", "facekd", delays, extra)],
        [
            f"**Capture to screen**, 720p, {whose}: median **{statistics.median(delays):.1f} ms**, 95 % below "
            f"{extra['p95_ms']:.1f}, 99 % below {extra['p99_ms']:.1f} (n = {len(delays)} pictures in "
            f"{answer['seconds']:.0f} s); {extra['fps']} pictures and {extra['recognised_fps']} recognitions a second; "
            f"{seen}; the interface thread was away from its events for at most "
            f"{answer['longest_block_ms']} ms."
        ],
    )


def memory(screen: Screen, folder: Path, amount: Amount) -> Measured:
    """Minutes of live video: memory, threads, descriptors."""
    path, whose = film(folder, amount)
    make_home(home := folder / "memory", 100, path)
    seconds = amount.minutes * 60
    answer = screen.run("live", home, NAME, PASSWORD, str(seconds), seconds=seconds + 120)
    warm = min(60.0, seconds / 3)
    samples = [sample for sample in answer["samples"] if sample[0] >= warm]
    line = memory_line(samples)
    threads, descriptors = ([sample[place] for sample in samples] for place in (2, 3))
    counts = f"threads {min(threads)} to {max(threads)}, descriptors {min(descriptors)} to {max(descriptors)}"
    extra: dict[str, float | str] = {
        "slope_mb_per_min": round(line.each, 4),
        "slope_standard_error": round(line.error, 4),
        "counts": counts,
        "minutes": amount.minutes,
    }
    levels = [sample[1] for sample in samples]
    case = report.Case(
        "memory in MB, live video", "facekd", statistics.median(levels), 0.0, len(levels), extra
    )
    return Measured(
        [case],
        [
            f"**Memory** over {amount.minutes:g} minutes of live video (720p, {whose}) without the first {warm:.0f} s: "
            f"**{line} MB/min** (slope and standard error, means of {BLOCK_S} s), "
            f"{min(levels):.0f} to {max(levels):.0f} MB; {counts}."
        ],
    )


def memory_line(samples: Sequence[Sequence[float]]) -> Slope:
    """MB a minute, from rows of (seconds, MB, ...)."""
    blocks: dict[int, list[Sequence[float]]] = {}
    for sample in samples:
        blocks.setdefault(int(sample[0] // BLOCK_S), []).append(sample)
    if len(blocks) < 3:  # a quick run: every second is a point
        return slope([sample[0] / 60 for sample in samples], [sample[1] for sample in samples])
    minutes = [statistics.fmean(row[0] for row in block) / 60 for block in blocks.values()]
    return slope(minutes, [statistics.fmean(row[1] for row in block) for block in blocks.values()])


def people(screen: Screen, folder: Path, amount: Amount) -> Measured:
    """The table of people, and searches in it."""
    began = time.monotonic()
    make_home(home := folder / "people", amount.people)
    print(f"ui: {amount.people:,} people made in {time.monotonic() - began:.0f} s", file=sys.stderr)
    opened, searched, blocks = [], [], []
    slowest: tuple[float, str] = (0, "")
    for _ in range(amount.openings):
        answer = screen.run(
            "people", home, NAME, PASSWORD, str(amount.searches // amount.openings), seconds=300
        )
        assert answer["people"] == amount.people
        opened.append(answer["first_screen_ms"])
        searched += [took for _, took in answer["searches"]]
        slowest = max([slowest, *((took, words) for words, took in answer["searches"])])
        blocks.append(answer["longest_block_ms"])
    extra: dict[str, float | str] = {
        "p95_ms": _percentile(searched, 0.95),
        "worst_ms": round(max(searched), 1),
    }
    return Measured(
        [
            report.case(f"{amount.people} people: first screen", "facekd", opened),
            report.case(f"{amount.people} people: search", "facekd", searched, extra),
        ],
        [
            f"**{amount.people:,} people** in the store, each with a photograph: first screen of People "
            f"**{_ms(opened)}** (n = {len(opened)} processes, the page never open before); a search, from Enter to the "
            f"rows on the screen, **{_ms(searched)}**, 95 % below {extra['p95_ms']:.0f} ms (n = {len(searched)}: "
            f"beginnings, whole names, codes, departments, nobody; slowest “{slowest[1]}”). While typing, a search "
            "begins 300 ms after the last letter."
        ],
    )


def cameras(screen: Screen, folder: Path, amount: Amount) -> Measured:
    """Twenty cameras that go away and come back."""
    del folder
    answer = screen.run("cameras", str(amount.rounds), seconds=120 + 90 * amount.rounds)
    back = [seconds * 1e3 for one_round in answer["recovered_s"] for seconds in one_round]
    (threads, descriptors), (threads_after, descriptors_after) = answer["before"], answer["after"]
    extra: dict[str, float | str] = {
        "threads": f"{threads} before, {threads_after} after",
        "descriptors": f"{descriptors} before, {descriptors_after} after",
        "closed": f"{answer['closed']} (threads, descriptors) of {answer['nothing']} at the start",
        "all_ended": str(answer["all_ended"]),
        "longest_block_ms": answer["longest_block_ms"],
    }
    return Measured(
        [report.case("camera back after a loss", "facekd", back, extra)],
        [
            f"**{answer['cameras']} cameras at once**, half unplugged and half hung, {amount.rounds} times: all came "
            f"back, each **{_s(back)}** (median, worst) after its return (n = {len(back)}); threads "
            f"{extra['threads']}, descriptors {extra['descriptors']}; the interface thread was away from its events "
            f"for at most {answer['longest_block_ms']} ms."
        ],
    )


PARTS: dict[str, Callable[[Screen, Path, Amount], Measured]] = {
    "start": starts,
    "live": live,
    "people": people,
    "cameras": cameras,
    "memory": memory,
}
PLACES = {"bench/ui.py": PARTS.keys() - {"memory"}, "bench/ui.py memory": {"memory"}}
"""Marker in the document -> the parts that stand there; memory alone takes as long as all the others."""


def film(folder: Path, amount: Amount) -> tuple[Path, str]:
    """The film with five faces, made once, and whose faces they are."""
    pictures, whose = portraits(DATA)
    path = folder / "film.mp4"
    if not path.exists():
        write_film(path, pictures, amount.film_s)
    return path, f"{FACES} faces ({whose})"


def main() -> int:
    """Run, print and write out/bench/ui.json."""
    parser = argparse.ArgumentParser(description="The window, measured from where a person sits.")
    parser.add_argument("--quick", action="store_true", help="little of everything, for CI")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by comma: %(default)s")
    parser.add_argument("--minutes", type=float, help="of live video for the memory")
    parser.add_argument(
        "--document", "--docs", type=Path, metavar="F.md", help="put the figures there: docs/performance.md"
    )
    args = parser.parse_args()
    wanted = args.only.split(",")
    if unknown := [name for name in wanted if name not in PARTS]:
        print(f"ui: expected parts among {', '.join(PARTS)}, got {', '.join(unknown)}", file=sys.stderr)
        return 2
    os.environ.setdefault("FACEKD_MODELS", str(DATA / "weights"))
    amount = QUICK if args.quick else FULL
    if args.minutes:
        amount = replace(amount, minutes=args.minutes)
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="facekd-ui-") as folder, a_screen() as screen:
        try:
            for name in wanted:
                found[name] = PARTS[name](screen, Path(folder), amount)
                print("\n".join(found[name].words), flush=True)
        except (Failed, FacekdError, StoreError) as error:
            print(f"ui: {error}", file=sys.stderr)
            return 1
        where = {"screen": screen.name, "cores_used": CORES}
    cases = [case for each in found.values() for case in each.cases]
    print(f"written to {report.write('ui', cases, where, PACKAGES)}", file=sys.stderr)
    if args.document:
        machine = f"{report.machine_line(PACKAGES).strip()} Screen: {where['screen']}; {CORES} cores.\n"
        for marker, names in PLACES.items():
            if found.keys() >= names:
                text = "\n\n".join(words for name in found if name in names for words in found[name].words)
                report.into_document(args.document, marker, f"{machine}\n{text}\n")
    return 0


def _s(ms: Sequence[float]) -> str:
    """Median and worst in seconds."""
    return f"{statistics.median(ms) / 1e3:.2f} s (worst {max(ms) / 1e3:.2f})"


def _ms(ms: Sequence[float]) -> str:
    """Median and worst in milliseconds."""
    return f"{statistics.median(ms):.0f} ms (worst {max(ms):.0f})"


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


def _faces_words(faces: Sequence[int]) -> str:
    if not faces:
        return "no names, because the model files are missing"
    return f"{statistics.fmean(faces):.2f} faces found a picture"


if __name__ == "__main__":
    sys.exit(main())
