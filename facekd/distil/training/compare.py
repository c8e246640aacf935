"""Several runs in one table and as curves. Free of torch: it reads `metrics.json` and `config.toml`."""

import csv
import json
import statistics
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facekd.config_table import ConfigError
from facekd.distil.training.chart import Curve, write_png, write_svg

MAIN = {"classification": "top1", "face": "accuracy"}


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run, read from its folder."""

    folder: Path
    metrics: dict[str, Any]
    config: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "RunFigures":
        """Raises ConfigError when the folder holds no run that got through an epoch."""
        try:
            metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
            config = tomllib.loads((folder / "config.toml").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{folder}: expected a run folder with metrics.json and config.toml, but they cannot be read ({error})"
            ) from error
        return cls(folder, metrics, config)

    @property
    def main(self) -> str:
        """The figure by which runs of this task are compared."""
        return MAIN[self.metrics["task"]]

    @property
    def recipe(self) -> str:
        """Everything but the seed: runs with the same recipe belong together."""
        config = json.loads(json.dumps(self.config, default=str))
        config["budget"].pop("seed", None)
        return json.dumps(config, sort_keys=True)

    def row(self) -> dict[str, Any]:
        """One line of the table."""
        m, last, best = self.metrics, self.metrics["last"] or {}, self.metrics["best"] or {}
        curve, export = m["curve"], m.get("export") or {}
        speeds = [epoch["images_per_s"] for epoch in curve]
        wrong = [epoch["wrong_teacher_rate"] for epoch in curve if epoch["wrong_teacher_rate"] is not None]
        return {
            "run": self.folder.name,
            "method": m["method"],
            "student": m["student"],
            "seed": m["seed"],
            "epochs": last.get("epoch"),
            f"last_{self.main}": (last.get("val") or {}).get(self.main),
            f"best_{self.main}": (best.get("val") or {}).get(self.main),
            "best_epoch": best.get("epoch"),
            "wrong_teacher_rate": wrong[-1] if wrong else None,
            "images_per_s": statistics.median(speeds) if speeds else None,
            "seconds": m["seconds"],
            "parameters": export.get("parameters"),
            "latency_ms_p50": export.get("latency_ms_p50"),
        }

    def name(self, among: Sequence["RunFigures"]) -> str:
        """Short and, among the runs compared, unique."""
        name = f"{self.metrics['method']} {self.metrics['student']} seed {self.metrics['seed']}"
        same = [one for one in among if one.metrics["method"] == self.metrics["method"]]
        return name if len({one.metrics["seed"] for one in same}) == len(same) else self.folder.name


def compare(folders: Sequence[Path], out: Path | None) -> dict[str, Any]:
    """Rows of all runs, and mean and deviation of those that differ in the seed only.

    Args:
        folders: of runs.
        out: where `table.csv`, `curves.csv` and a PNG and an SVG for validation and loss go; None: nowhere.

    Raises:
        ConfigError: a folder holds no run, or the runs are of different tasks.
    """
    runs = [RunFigures.read(folder) for folder in folders]
    if len({run.metrics["task"] for run in runs}) > 1:
        raise ConfigError("expected runs of one task, got faces and classification; compare them apart")
    rows = [run.row() for run in runs]
    key = f"last_{runs[0].main}"
    groups: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        groups.setdefault(run.recipe, []).append(number)
    summary = []
    for members in groups.values():
        values = [rows[k][key] for k in members if rows[k][key] is not None]
        summary.append(
            {
                "method": rows[members[0]]["method"],
                "student": rows[members[0]]["student"],
                "seeds": [rows[k]["seed"] for k in members],
                f"{key}_mean": statistics.fmean(values) if values else None,
                f"{key}_std": statistics.stdev(values) if len(values) > 1 else None,
            }
        )
    files = _write(runs, rows, out) if out is not None else []
    return {"runs": rows, "summary": summary, "files": files}


def _write(runs: Sequence[RunFigures], rows: Sequence[dict[str, Any]], out: Path) -> list[str]:
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(out / "table.csv", rows)
    points = []
    for run in runs:
        for epoch in run.metrics["curve"]:
            line = {"run": run.folder.name, "epoch": epoch["epoch"], "lr": epoch["lr"]}
            line |= {f"loss_{k}": v for k, v in epoch["losses"].items()}
            line |= {f"share_{k}": v for k, v in epoch["gradient_share"].items()}
            line |= {f"val_{k}": v for k, v in epoch["val"].items()}
            points.append(line)
    _write_csv(out / "curves.csv", points)
    files = [out / "table.csv", out / "curves.csv"]
    main = runs[0].main
    charts = {
        "validation": (
            f"validation {main}",
            [_curve(run, runs, lambda e: e["val"].get(main)) for run in runs],
        ),
        "loss": (
            "sum of the loss terms",
            [_curve(run, runs, lambda e: sum(e["losses"].values())) for run in runs],
        ),
    }
    for stem, (title, curves) in charts.items():
        drawn = [curve for curve in curves if curve.points]
        if drawn:
            write_svg(out / f"{stem}.svg", title, drawn, "epoch")
            write_png(out / f"{stem}.png", title, drawn, "epoch")
            files += [out / f"{stem}.svg", out / f"{stem}.png"]
    return [str(file) for file in files]


def _curve(run: RunFigures, runs: Sequence[RunFigures], value: Any) -> Curve:
    found = [(float(epoch["epoch"]), value(epoch)) for epoch in run.metrics["curve"]]
    return Curve(run.name(runs), tuple((x, float(y)) for x, y in found if y is not None))


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
