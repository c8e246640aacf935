"""Exact search against NumPy, FAISS and USearch: `python bench/search.py [--quick] [--docs docs/native.md]`.

Peers search the same rows with the same number of threads, in turns, in one process. Their answers are compared
before anything is timed: an exact peer must find the same rows. Random unit vectors; k = 10. Rows of 1e6 x 512 are
in memory for one peer at a time; NumPy, which needs only the rows themselves, takes its turns beside each, and
ratios are taken within such a run. Needs the packages of the group `bench` for all peers but NumPy.
"""

import argparse
import ctypes
import itertools
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import report

from facekd.search import Index
from facekd.types import Floats, Ids

Answer = tuple[Ids, Floats]
Search = Callable[[Floats], Answer]
K = 10
SIZES = ([1_000, 10_000, 100_000, 1_000_000], [128, 512], [1, 16, 64])
QUICK = ([1_000, 10_000], [128], [1, 16])
COARSE_FROM = 8 << 20  # bytes of int8 rows from which one query reads the int4 copy
EXACT = {"facekd", "facekd plain", "numpy", "faiss flat", "usearch f32"}


def random_unit(rng: np.random.Generator, n: int, dim: int) -> Floats:
    """Rows of length 1, made in pieces so that no second copy of them is needed."""
    rows = np.empty((n, dim), np.float32)
    for start in range(0, n, 50_000):
        piece = rng.standard_normal((min(50_000, n - start), dim), np.float32)
        rows[start : start + len(piece)] = piece / np.linalg.norm(piece, axis=1, keepdims=True)
    return rows


def with_facekd(rows: Floats, threads: int, *, compact: bool) -> Search:
    index = Index(rows.shape[1], compact=compact, threads=threads)
    index.add(np.arange(len(rows)), rows)
    return lambda queries: index.search(queries, K)


def with_numpy(rows: Floats) -> Search:
    """What people write: one matrix product, a partial selection, a sort of the ten."""

    def search(queries: Floats) -> Answer:
        if len(queries) == 1:  # without an axis for the queries, half the overhead
            scores = rows @ queries[0]
            best = np.argpartition(scores, -K)[-K:]
            best = best[np.argsort(-scores[best])]
            return best[None], scores[None, best]
        product = queries @ rows.T
        chosen = np.argpartition(product, -K, axis=1)[:, -K:]
        values = np.take_along_axis(product, chosen, 1)
        order = np.argsort(-values, axis=1)
        return np.take_along_axis(chosen, order, 1), np.take_along_axis(values, order, 1)

    return search


def with_faiss(rows: Floats, threads: int, *, flat: bool) -> Search:
    import faiss

    faiss.omp_set_num_threads(threads)
    dim = rows.shape[1]
    index = (
        faiss.IndexFlatIP(dim)
        if flat
        else faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    )
    index.train(rows[:100_000])
    index.add(rows)

    def search(queries: Floats) -> Answer:
        scores, ids = index.search(queries, K)
        return ids, scores

    return search


def with_usearch(rows: Floats, threads: int, *, small: bool) -> Search:
    from usearch.compiled import MetricKind
    from usearch.index import search as exact_search

    data = np.round(rows * 127).astype(np.int8) if small else rows

    def search(queries: Floats) -> Answer:
        probes = np.round(queries * 127).astype(np.int8) if small else queries
        found = exact_search(data, probes, K, MetricKind.IP, exact=True, threads=threads)
        shape = (len(queries), K)
        return np.asarray(found.keys).reshape(shape).astype(np.int64), np.asarray(found.distances).reshape(
            shape
        )

    return search


def makers(rows: Floats, threads: int) -> dict[str, Callable[[], Search]]:
    """How each peer is set up; NumPy apart, it is there from the start."""
    peers: dict[str, Callable[[], Search]] = {
        "facekd": lambda: with_facekd(rows, threads, compact=True),
        "facekd plain": lambda: with_facekd(rows, threads, compact=False),
    }
    try:
        import faiss  # noqa: F401
        import usearch  # noqa: F401
    except ImportError as error:
        print(f"without FAISS and USearch ({error}): install the group `bench` to compare", file=sys.stderr)
        return peers
    peers["faiss flat"] = lambda: with_faiss(rows, threads, flat=True)
    peers["faiss sq8"] = lambda: with_faiss(rows, threads, flat=False)
    peers["usearch f32"] = lambda: with_usearch(rows, threads, small=False)
    peers["usearch i8"] = lambda: with_usearch(rows, threads, small=True)
    return peers


def recall(answer: Answer, truth: Answer) -> float:
    """Share of the true ids that were found."""
    return float(np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(answer[0], truth[0], strict=True)]))


def check_exact(name: str, rows: Floats, queries: Floats, answer: Answer) -> None:
    """Stops the benchmark when an exact peer's rows score worse than NumPy's by more than float32 explains."""
    want = -np.sort(-(queries @ rows.T), axis=1)[:, :K]
    got = np.take_along_axis(queries @ rows.T, answer[0], 1)
    worst = float(np.abs(np.sort(got, axis=1)[:, ::-1] - want).max())
    if worst > 1e-5:
        raise SystemExit(f"{name}: expected the answer of an exact scan, its scores differ by {worst:g}")


def bandwidth(threads: int) -> float:
    """Bytes a second that `threads` cores read from memory together: libc's memchr for a byte that is not there."""
    size = 1 << 28
    buffers = [np.zeros(size, np.uint8) for _ in range(threads)]
    for buffer in buffers:
        buffer[:] = 1
    libc = ctypes.CDLL(None)
    libc.memchr.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    speeds = []
    for _ in range(7):
        workers = [threading.Thread(target=libc.memchr, args=(b.ctypes.data, 255, size)) for b in buffers]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        speeds.append(threads * size / (time.perf_counter() - start))
    return max(speeds)


def bytes_read(peer: str, n: int, dim: int, m: int) -> float:
    """What one call must read at least; the compact copies' scales and slacks included."""
    if peer == "facekd":
        return n * (dim / 2 + 8 if m == 1 and n * dim > COARSE_FROM else dim + 8)
    return n * dim * (1 if peer in ("faiss sq8", "usearch i8") else 4)


def measure(
    n: int, dim: int, batches: list[int], threads: int, turns: int, patience: float
) -> Iterator[report.Case]:
    """All peers on one gallery, one of them in memory at a time beside NumPy."""
    rng = np.random.default_rng(n + dim)
    rows, queries = random_unit(rng, n, dim), random_unit(rng, max(batches), dim)
    numpy_search = with_numpy(rows)
    speed = bandwidth(threads)
    beside: dict[str, list[float]] = {}
    for name, make in makers(rows, threads).items():
        search = make()
        tasks = {f"{n}x{dim}x{m}": queries[:m] for m in batches}
        if name == "facekd":
            tasks[f"{n}x{dim}x1 enrolled"] = seen_again(rng, rows)
        for task, batch in tasks.items():
            answer, truth = search(batch), numpy_search(batch)
            if name in EXACT:
                check_exact(name, rows, batch, answer)
            calls = {"numpy": partial(numpy_search, batch), name: partial(search, batch)}
            times = report.in_turns(
                calls, 3 if n * dim * len(batch) > 10_000_000_000 else turns, patience_s=patience
            )
            beside.setdefault(task, []).extend(times["numpy"])
            median, numpy_median = statistics.median(times[name]), statistics.median(times["numpy"])
            extra = {
                "numpy_median_ms": round(numpy_median, 5),
                "times_numpy": round(numpy_median / median, 3),
                "best_times_numpy": round(min(times["numpy"]) / min(times[name]), 3),
                "of_bandwidth": round(
                    bytes_read(name, n, dim, len(batch)) / (min(times[name]) / 1e3) / speed, 3
                ),
                "recall": round(recall(answer, truth), 4),
            }
            yield report.case(task, name, times[name], extra)
        del search
    for task, times_beside in beside.items():
        share = bytes_read("numpy", n, dim, 1) / (min(times_beside) / 1e3) / speed
        extra = {"of_bandwidth": round(share, 3), "gb_per_s": round(speed / 1e9, 1)}
        yield report.case(task, "numpy", times_beside, extra)


def seen_again(rng: np.random.Generator, rows: Floats) -> Floats:
    """One query [1, dim] like a second photograph of an enrolled person: cosine about 0.7 with that row."""
    noise = rng.standard_normal(rows.shape[1], np.float32)
    query = rows[len(rows) // 2] + noise / np.linalg.norm(noise)
    return np.ascontiguousarray(query[None] / np.linalg.norm(query), np.float32)


def weak_bound(n: int, dim: int, threads: int, turns: int, patience: float) -> list[report.Case]:
    """A gallery in which no bound helps, all rows within 1e-3 of each other: compact copies against none."""
    rng = np.random.default_rng(0)
    rows = random_unit(rng, 1, dim) + rng.uniform(-4e-4, 4e-4, (n, dim)).astype(np.float32) / np.sqrt(dim)
    rows = np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
    compact = with_facekd(rows, threads, compact=True)
    plain = with_facekd(rows, threads, compact=False)
    found = []
    for m in (1, 16):
        batch = random_unit(rng, m, dim)
        times = report.in_turns(
            {"facekd": partial(compact, batch), "facekd plain": partial(plain, batch)},
            turns,
            patience_s=patience,
        )
        ratio = statistics.median(times["facekd"]) / statistics.median(times["facekd plain"])
        for name, each in times.items():
            found.append(
                report.case(f"{n}x{dim}x{m} all alike", name, each, {"times_plain": round(ratio, 3)})
            )
    return found


def table(cases: list[report.Case]) -> str:
    """Markdown: a row per task; ours as a ratio to the fastest exact peer of the same run."""
    peers = list(dict.fromkeys(["facekd", "facekd plain", "numpy", *(each.peer for each in cases)]))
    lines = [
        "| rows x dim x queries | "
        + " | ".join(peers)
        + " | fastest exact peer / ours | same, best turns | of bandwidth, best turn |",
        "|---" * (len(peers) + 4) + "|",
    ]
    for task in dict.fromkeys(each.case for each in cases if not each.case.endswith("all alike")):
        found = {each.peer: each for each in cases if each.case == task}
        ours = found["facekd"]
        # Each peer relative to the NumPy turns beside it, so that runs at different times can be compared.
        exact = [each for name, each in found.items() if name in EXACT and not name.startswith("facekd")]
        by_median, by_best = (
            min(1 if each.peer == "numpy" else 1 / float(each.extra[key]) for each in exact)
            * float(ours.extra[key])
            for key in ("times_numpy", "best_times_numpy")
        )
        cells = [f"{found[name].median_ms:.3g}" if name in found else "" for name in peers]
        share = float(ours.extra["of_bandwidth"])
        lines.append(f"| {task} | {' | '.join(cells)} | **{by_median:.1f}** | {by_best:.1f} | {share:.0%} |")
    lines += [
        "",
        "Where no bound helps (all rows within 1e-3 of each other), with compact copies and without:",
        "",
    ]
    lines += ["| rows x dim x queries | facekd | facekd plain | ratio |", "|---|---|---|---|"]
    alike = [each for each in cases if each.case.endswith("all alike")]
    for ours, plain in zip(alike[::2], alike[1::2], strict=True):
        cell = f"{ours.median_ms:.3g} | {plain.median_ms:.3g} | {ours.extra['times_plain']:.2f}"
        lines.append(f"| {ours.case.removesuffix(' all alike')} | {cell} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small galleries only, for CI")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--rows", type=int, action="append", help="only these numbers of rows")
    parser.add_argument(
        "--patience", type=float, default=0, help="seconds to wait for an idle machine, each time"
    )
    parser.add_argument("--docs", type=Path, help="document to put the table into")
    arguments = parser.parse_args()
    sizes, dims, batches = QUICK if arguments.quick else SIZES
    threads, cases = report.cores(), list[report.Case]()
    about = report.machine_line()
    turns, patience = 5 if arguments.quick else arguments.turns, arguments.patience
    for n, dim in itertools.product(arguments.rows or sizes, dims):
        cases += measure(n, dim, batches, threads, turns, patience)
        print(f"{n} x {dim} done", file=sys.stderr, flush=True)
    cases += weak_bound(2_000 if arguments.quick else 200_000, max(dims), threads, turns, patience)
    speeds = [float(each.extra["gb_per_s"]) for each in cases if each.peer == "numpy"]
    path = report.write("search", cases, {"threads": threads, "read_gb_per_s": max(speeds)})
    units = f"Times in ms (median), {threads} threads each; memory read at up to {max(speeds):.0f} GB/s.\n\n"
    text = f"{about}{units}{table(cases)}"
    print(text)
    print(f"written to {path}", file=sys.stderr)
    if arguments.docs:
        report.into_document(arguments.docs, "bench:search", text)


if __name__ == "__main__":
    main()
