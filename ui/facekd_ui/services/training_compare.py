"""Runs side by side: their figures, their curves, and what the data carry about which is better. No Qt, no torch."""

import json
import math
import statistics
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.training_ends import name_of
from facekd_ui.services.training_runs import MAIN_FIGURE, METRICS_FILE, Run, RunState, half_width
from facekd_ui.services.training_words import method_word

SEEDS = 3
"""How many seeds a statement about methods wants."""
_T95 = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
)
"""Two-sided 95 % points of Student's t for 1, 2, ... degrees of freedom; beyond them the normal's is close."""
T95_FAR = 1.96


@dataclass(frozen=True, slots=True)
class Compared:
    """One run of a comparison."""

    run: Run
    task: str
    recipe: str  # everything but the seed
    value: float | None  # of the last epoch
    half: float | None  # of its interval
    n: int
    seconds: float
    megabytes: float | None
    latency_ms: float | None
    epochs: tuple[float, ...]
    values: tuple[float, ...]
    hours: tuple[float, ...]

    @property
    def method(self) -> Text | str:
        """As people read it."""
        return method_word(self.run.method)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said."""

    kind: str  # success, info
    lead: Text
    rest: Text | str
    missing: tuple[tuple[Run, int], ...] = ()  # run to be repeated, and with which seed


def read(runs: Sequence[Run]) -> tuple[Compared, ...]:
    """Those of the runs that got through an epoch."""
    found = []
    for run in runs:
        try:
            metrics = json.loads((run.folder / METRICS_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        found.append(_compared(run, metrics))
    return tuple(found)


def _compared(run: Run, metrics: dict[str, Any]) -> Compared:
    task = str(metrics.get("task", "face"))
    main = MAIN_FIGURE.get(task, "accuracy")
    val = ((metrics.get("last") or {}).get("val")) or {}
    value, n = val.get(main), int(val.get("n") or 0)
    points = [
        (float(epoch["epoch"]), float(epoch["val"][main]), float(epoch.get("seconds") or 0.0) / 3600)
        for epoch in metrics.get("curve", [])
        if (epoch.get("val") or {}).get(main) is not None
    ]
    export = metrics.get("export") or {}
    model = run.model
    config = deepcopy(dict(run.config))
    config["budget"] = {k: v for k, v in config.get("budget", {}).items() if k != "seed"}
    return Compared(
        run,
        task,
        json.dumps(config, sort_keys=True, default=str),
        None if value is None else float(value),
        None if value is None else half_width(float(value), n),
        n,
        float(metrics.get("seconds") or 0.0),
        None if model is None else model.stat().st_size / 1e6,
        export.get("latency_ms_p50"),
        tuple(x for x, _, _ in points),
        tuple(y for _, y, _ in points),
        tuple(h for _, _, h in points),
    )


def sameness(rows: Sequence[Compared]) -> Text:
    """What the runs have in common, or what parts them besides the method."""
    keys: tuple[tuple[Text, str], ...] = (
        (T("student"), "student"),
        (T("pictures"), "data"),
        (T("budget"), "budget"),
    )
    different = [word for word, key in keys if len({_part(row, key) for row in rows}) > 1]
    if not different:
        return T("Same student, same pictures, same budget. The last epoch counts, with its 95 % interval.")
    return T("They differ in {what}. The last epoch counts, with its 95 % interval.", what=listed(different))


def _part(row: Compared, key: str) -> str:
    part = dict(row.run.config.get(key, {}))
    part.pop("seed", None)
    part.pop("cache", None)
    return json.dumps(part, sort_keys=True, default=str)


def seeds_of(row: Compared, rows: Sequence[Compared]) -> tuple[int, ...]:
    """With which seeds this recipe was run, among the rows."""
    return tuple(
        sorted(
            {
                other.run.seed
                for other in rows
                if other.recipe == row.recipe and other.run.state is RunState.DONE
            }
        )
    )


def verdict(rows: Sequence[Compared]) -> Verdict | None:
    """What the data carry about the two best recipes; None with fewer than two."""
    groups: dict[str, list[Compared]] = {}
    for row in rows:
        if row.value is not None and row.run.state is RunState.DONE:
            groups.setdefault(row.recipe, []).append(row)
    if len(groups) < 2:
        return None
    ranked = sorted(groups.values(), key=lambda each: -statistics.fmean(_values(each)))
    best, second = ranked[0], ranked[1]
    ahead = statistics.fmean(_values(best)) - statistics.fmean(_values(second))
    names: dict[str, Any] = {
        "best": _named(best, rows),
        "second": _named(second, rows),
        "points": f"{100 * ahead:.1f}",
    }
    missing = tuple(
        (group[0].run, seed)
        for group in (best, second)
        for seed in range(SEEDS)
        if seed not in {row.run.seed for row in group}
    )
    missing = missing if any(len(group) < SEEDS for group in (best, second)) else ()
    half = _half_of_difference(_values(best), _values(second))
    if half is None:
        return Verdict(
            "info",
            T("{best} is {points} points ahead of {second}, with one seed each", **names),
            T(
                "Another seed could turn that round. Nothing can be said yet; {n} seeds each would settle it.",
                n=SEEDS,
            ),
            missing,
        )
    low, high = 100 * (ahead - half), 100 * (ahead + half)
    interval: dict[str, Any] = {"low": f"{low:.1f}", "high": f"{high:.1f}", "n": min(len(best), len(second))}
    if low > 0:
        return Verdict(
            "success",
            T("{best} is ahead of {second} by {points} points, and the difference is real", **names),
            T("Over {n} seeds the 95 % interval of the difference is {low} to {high} points.", **interval),
            missing,
        )
    return Verdict(
        "info",
        T("{best} is {points} points ahead of {second}, and that may be chance", **names),
        T(
            "Over {n} seeds the 95 % interval of the difference is {low} to {high} points. More seeds narrow it.",
            **interval,
        ),
        missing,
    )


def _values(rows: Sequence[Compared]) -> list[float]:
    return [row.value for row in rows if row.value is not None]


def _named(group: Sequence[Compared], rows: Sequence[Compared]) -> Text | str:
    """The method, or the run where several recipes share a method."""
    same = {row.recipe for row in rows if row.run.method == group[0].run.method}
    return group[0].method if len(same) == 1 else name_of(group[0].run)


def _half_of_difference(one: Sequence[float], two: Sequence[float]) -> float | None:
    """Half of the 95 % interval of the difference of two means, by Welch; None where a spread cannot be known.

    Source: B. L. Welch, "The generalization of Student's problem", Biometrika 34 (1947).
    """
    if len(one) < 2 or len(two) < 2:
        return None
    a, b = statistics.variance(one) / len(one), statistics.variance(two) / len(two)
    if a + b == 0:
        return 0.0
    freedom = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(two) - 1))
    place = max(1, int(freedom))
    t = _T95[place - 1] if place <= len(_T95) else T95_FAR
    return t * math.sqrt(a + b)
