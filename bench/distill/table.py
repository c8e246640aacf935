"""Turns `trials.jsonl` into the tables of docs/distillation.md: `PYTHONPATH=bench python -m distill.table`.

Every figure there comes from here. Accuracies are of the last epoch, in per cent, mean and standard deviation (n - 1)
over seeds; differences are taken between trials of the same seed.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from report import into_document

from distill.plan import COMPARED, choose
from distill.study import LINES, ROOT, TEACHER, read_lines
from facekd.distil.methods import METHODS

DOCUMENT = ROOT / "docs" / "distillation.md"
Line = Mapping[str, Any]
Rows = Iterable[Sequence[object]]


def markdown(head: Sequence[str], rows: Rows) -> str:
    """A table; the first column is text, the others are figures."""
    body = list(rows)
    if not body:
        return "Not run yet.\n"
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in lines)


def reported(line: Line) -> float:
    """Per cent right of the images that nothing was chosen by."""
    return 100 * float(line["report"]["top1"])


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation, or the value where there is one."""
    if not values:
        return "."
    if len(values) == 1:
        return f"{values[0]:.2f} (n 1)"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def paired(
    lines: Sequence[Line], others: Sequence[Line], of: Callable[[Line], float] = reported
) -> list[float]:
    """Differences between trials of the same seed."""
    by_seed = {line["seed"]: of(line) for line in others}
    return [of(line) - by_seed[line["seed"]] for line in lines if line["seed"] in by_seed]


def difference(values: Sequence[float]) -> str:
    """Mean and deviation of paired differences, and whether the mean is more than two deviations from 0."""
    if len(values) < 2:
        return f"{values[0]:+.2f} (n 1)" if values else "."
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    bold = "**" if abs(mean) > 2 * deviation else ""
    error = f" (of the mean: {deviation / math.sqrt(len(values)):.2f})" if len(values) > 3 else ""
    return f"{bold}{mean:+.2f} ± {deviation:.2f}{bold}{error}"


def of(lines: Iterable[Line], **wanted: object) -> list[Line]:
    """The lines with these values, by seed."""
    return sorted((x for x in lines if all(x[k] == v for k, v in wanted.items())), key=lambda x: x["seed"])


def current(lines: Sequence[Line]) -> list[Line]:
    """Without reported trials of settings that a longer search left behind."""
    chosen = {name: (setting.rate, setting.factor) for name, setting in choose(lines, 1).items()}
    return [x for x in lines if x["part"] == "search" or chosen.get(x["method"]) == (x["rate"], x["factor"])]


def title(method: str) -> str:
    """How a method is called."""
    return str(METHODS[method].title)


def finals(lines: Sequence[Line]) -> str:
    """All methods as the search left them."""
    part = of(lines, part="final")
    plain, kd = of(part, method="plain"), of(part, method="kd")
    rows = []
    for method in COMPARED:
        mine = of(part, method=method)
        if not mine:
            continue
        one = mine[0]
        rows.append(
            (
                title(method),
                f"{one['rate']:g}",
                "" if method == "plain" else f"{one['factor']:g}",
                spread([reported(x) for x in mine]),
                "" if method == "plain" else difference(paired(mine, plain)),
                "" if method in ("plain", "kd") else difference(paired(mine, kd)),
                spread([100 * x["validation"]["last"] for x in mine]),
                spread([100 * x["validation"]["best"] for x in mine]),
                f"{statistics.median(x['images_per_s'] for x in mine):.0f}",
                f"{statistics.median(x['seconds'] for x in mine):.0f}",
                len(mine),
            )
        )
    head = (
        "method",
        "rate",
        "factor",
        "**report, last**",
        "minus no teacher",
        "minus KD",
        "validation, last",
        "validation, best epoch",
        "images/s",
        "s",
        "n",
    )
    return markdown(head, rows)


def searched(lines: Sequence[Line]) -> str:
    """Every trial of the search; the chosen one in bold."""
    part, chosen = of(lines, part="search"), choose(lines, 1)
    rows = []
    for method in COMPARED:
        for x in sorted(of(part, method=method), key=lambda x: (x["rate"], x["factor"])):
            setting = chosen.get(method)
            mark = "**" if setting and (setting.rate, setting.factor) == (x["rate"], x["factor"]) else ""
            factor = "" if method == "plain" else f"{x['factor']:g}"
            accuracy = f"{mark}{100 * x['validation']['last']:.2f}{mark}"
            rows.append((title(method), f"{x['rate']:g}", factor, accuracy))
    return markdown(("method", "rate", "factor", "validation, last"), rows)


def changed(lines: Sequence[Line], part: str) -> str:
    """Variants of a method against the method itself."""
    rows = []
    for method in COMPARED:
        whole = of(lines, part="final", method=method)
        variants = dict.fromkeys(x["variant"] for x in of(lines, part=part, method=method))
        for variant in variants:
            mine = of(lines, part=part, method=method, variant=variant)
            row = (spread([reported(x) for x in mine]), difference(paired(mine, whole)), len(mine))
            rows.append((f"{title(method)}, {variant}", *row))
    return markdown(("variant", "report, last", "minus the whole method", "n"), rows)


def misled(lines: Sequence[Line]) -> str:
    """With a share of wrong answers, beside the same with honest ones."""
    part, rows = of(lines, part="wrong"), []
    kd = of(part, method="kd")
    for method in COMPARED:
        whole = of(part, method=method, variant="")
        for variant in dict.fromkeys(x["variant"] for x in of(part, method=method)):
            mine = of(part, method=method, variant=variant)
            honest = [
                x
                for name in ("final", "ablation", "modes")
                for x in of(lines, part=name, method=method, variant=variant)
            ]
            rows.append(
                (
                    f"{title(method)}{', ' if variant else ''}{variant}",
                    spread([reported(x) for x in honest]),
                    spread([reported(x) for x in mine]),
                    difference(paired(mine, honest)),
                    difference(paired(mine, whole)) if variant else "",
                    "" if method == "kd" else difference(paired(mine, kd)),
                    f"{100 * statistics.mean(x['wrong_teacher_rate'] for x in mine):.1f} %",
                    len(mine),
                )
            )
    head = (
        "method",
        "honest teacher",
        "misled teacher",
        "misled minus honest",
        "minus the whole method, misled",
        "minus KD, misled",
        "teacher wrong",
        "n",
    )
    return markdown(head, rows)


def stages(lines: Sequence[Line]) -> str:
    """What MSKD-SSR's teacher and student say after each stage, right on validation."""
    mine = of(lines, part="final", method="mskd_ssr")
    if not mine:
        return ""
    count = len(mine[0]["student_branches"])
    rows = [
        (f"{who}", *(spread([100 * x[key][k] for x in some]) for k in range(count)))
        for who, key, some in (
            ("teacher", "teacher_branches", mine[:1]),
            ("student", "student_branches", mine),
        )
    ]
    return markdown(("", *(f"stage {k + 1}" for k in range(count - 1)), "own head"), rows)


def shares(lines: Sequence[Line]) -> str:
    """Each term's share of the gradient on the student: on the first batch of the first, middle and last epoch."""
    rows = []
    for method in COMPARED:
        mine = of(lines, part="final", method=method)
        for term in mine[0]["gradient_share"]["first"] if mine and method != "plain" else ():
            figures = (
                statistics.mean(100 * x["gradient_share"][when][term] for x in mine)
                for when in ("first", "middle", "last")
            )
            size = statistics.mean(x["terms"]["last"][term] for x in mine)
            rows.append((f"{title(method)}: {term}", *(f"{x:.0f} %" for x in figures), f"{size:.3f}"))
    return markdown(("term", "first epoch", "middle", "last", "size in the last"), rows)


def machine(lines: Sequence[Line]) -> str:
    """What ran where."""

    def all_of(values: Iterable[object]) -> str:
        return ", ".join(dict.fromkeys(str(value) for value in values))

    names = ("torch", "numpy", "onnxruntime", "safetensors")
    versions = ", ".join(f"{name} {all_of(x['packages'][name] for x in lines)}" for name in names)
    seconds = sum(x["seconds"] for x in lines)
    commits = all_of(str(x["commit"])[:10] for x in lines)
    return (
        f"{len(lines)} trials, {seconds / 3600:.1f} hours of one thread, on {all_of(x['processor'] for x in lines)} "
        f"({all_of(x['cores'] for x in lines)} cores, with other work beside). Python "
        f"{all_of(x['python'] for x in lines)}, {versions}. Commits: {commits} (a `+` in `trials.jsonl`: with files "
        "that were not yet committed).\n"
    )


def teacher() -> str:
    """The committed teacher's figures on the validation images, and its size."""
    metrics = json.loads((TEACHER / "metrics.json").read_text("utf-8"))
    last, export = metrics["last"], metrics["export"]
    tested = json.loads((TEACHER / "report.json").read_text("utf-8"))
    return (
        f"Teacher: {export['parameters']:,} parameters, {export['macs'] / 1e6:.1f} million multiply-adds, "
        f"{last['epoch']} epochs in {metrics['seconds'] / 60:.0f} minutes of one thread; in the last epoch "
        f"{100 * last['val']['top1']:.2f} % right of validation, {100 * tested['top1']:.2f} % of the report.\n"
    )


TABLES: Mapping[str, Callable[[Sequence[Line]], str]] = {
    "machine": machine,
    "finals": finals,
    "search": searched,
    "ablation": lambda lines: changed(lines, "ablation"),
    "modes": lambda lines: changed(lines, "modes"),
    "wrong": misled,
    "stages": stages,
    "shares": shares,
    "teacher": lambda _lines: teacher(),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m distill.table", description=__doc__)
    parser.add_argument("--lines", type=Path, default=LINES)
    parser.add_argument("--docs", type=Path, default=DOCUMENT, help="with places for the tables")
    parser.add_argument("--print", action="store_true", help="to the terminal instead")
    args = parser.parse_args(arguments)
    lines = read_lines(args.lines)
    for name, table in TABLES.items():
        text = table(lines if name == "machine" else current(lines))
        if args.print:
            print(f"## {name}\n{text}")
        else:
            into_document(args.docs, name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
