"""What every benchmark shares: peers timed in turns, and one JSON file per benchmark with the machine beside it."""

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from facekd.native import engine

OUT = Path(__file__).resolve().parents[1] / "out" / "bench"
PAUSE_S = 0.15
PACKAGES = ("facekd", "numpy", "opencv-python-headless", "onnxruntime", "faiss-cpu", "usearch")


@dataclass(frozen=True, slots=True)
class Case:
    """One peer's time for one task."""

    case: str
    peer: str
    median_ms: float
    iqr_ms: float
    n: int  # timed calls
    extra: Mapping[str, float | str] = field(default_factory=dict)  # written beside the rest

    def row(self) -> dict[str, object]:
        """The entry of the JSON file."""
        row = asdict(self)
        row.pop("extra")
        return {**row, **self.extra}


def in_turns(
    calls: Mapping[str, Callable[[], object]], turns: int, least_ms: float = 5.0, patience_s: float = 0
) -> dict[str, list[float]]:
    """Milliseconds per call of each peer, one figure a turn.

    Every turn runs each peer once, so that a disturbance of the machine meets all alike. A figure is the mean
    over as many calls as last `least_ms` together (one for slow calls). Before it stand a pause, for thread
    pools that wait for work by spinning would take a core from the next peer, and a call that is not counted. Up to
    `patience_s` seconds are spent waiting for other work on the machine to end.
    """
    repeats, times = dict[str, int](), dict[str, list[float]]()
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, round(least_ms / 1e3 / max(time.perf_counter() - start, 1e-7)))
        times[name] = []
    wait_until_idle(patience_s)
    gc.collect()
    gc.disable()
    try:
        for _ in range(turns):
            for name, call in calls.items():
                time.sleep(PAUSE_S)
                call()
                start = time.perf_counter()
                for _ in range(repeats[name]):
                    call()
                times[name].append((time.perf_counter() - start) * 1e3 / repeats[name])
    finally:
        gc.enable()
    return times


def wait_until_idle(patience_s: float) -> None:
    """Returns when the cores did next to nothing for half a second (Linux), at the latest after `patience_s`."""
    stat = Path("/proc/stat")
    end = time.monotonic() + patience_s
    while stat.exists() and time.monotonic() < end:
        before = [int(ticks) for ticks in stat.read_text().split("\n", 1)[0].split()[1:]]
        time.sleep(0.5)
        after = [int(ticks) for ticks in stat.read_text().split("\n", 1)[0].split()[1:]]
        spent = [b - a for a, b in zip(before, after, strict=True)]
        if sum(spent) - spent[3] - spent[4] <= 0.05 * sum(spent):  # all but idle and waiting for a disk
            return


def case(
    task: str, peer: str, times: Sequence[float], extra: Mapping[str, float | str] | None = None
) -> Case:
    """The figures of a peer's turns."""
    low, _, high = statistics.quantiles(times, n=4) if len(times) > 1 else (times[0],) * 3
    # The fastest turn is what a disturbed run can still say of the quiet machine.
    more = {"best_ms": round(min(times), 5), **(extra or {})}
    return Case(task, peer, round(statistics.median(times), 5), round(high - low, 5), len(times), more)


def hardware() -> dict[str, object]:
    """The machine that a figure belongs to, and how busy it was."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line]
        model = {key.strip(): value.strip() for key, value in lines}.get("model name", model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "processor": model,
        "cores": cores(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "kernel": engine().kernel,
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Python and the packages that take part, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write(
    name: str,
    cases: Sequence[Case],
    extra: Mapping[str, object] | None = None,
    packages: Sequence[str] = PACKAGES,
) -> Path:
    """Writes out/bench/NAME.json and returns its path; `extra` joins the hardware block."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    content = {
        "hardware": {**hardware(), **(extra or {})},
        "versions": versions(packages),
        "cases": [each.row() for each in cases],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def into_document(document: Path, marker: str, text: str) -> None:
    """Puts text between `<!-- marker -->` and `<!-- /marker -->`; ValueError when the document has no such place."""
    start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
    content = document.read_text()
    if start not in content or end not in content:
        raise ValueError(f"{document}: expected the lines {start.strip()} and {end}, found none; add them")
    before, rest = content.split(start, 1)
    document.write_text(before + start + text + end + rest.split(end, 1)[1])


def machine_line(packages: Sequence[str] = PACKAGES) -> str:
    """One sentence for a document: what the figures were measured on."""
    about, found = hardware(), versions(packages)
    names = ", ".join(f"{name} {version}" for name, version in found.items())
    return (
        f"Measured {time.strftime('%Y-%m-%d')} on {about['processor']}, {about['cores']} cores, "
        f"{about['memory_gib']} GiB, kernel {about['kernel']}, load {about['load_1min']} before the run; {names}.\n"
    )
