"""The study of docs/distillation.md: fair, repeatable, and its tables say what its lines say."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from facekd.packed import write_packed

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The modules `plan`, `study`, `table` of the study; the benchmarks are no installed package."""
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(BENCH), os.environ.get("PYTHONPATH", "")]))
    from distill import plan, study, table  # type: ignore[import-not-found,unused-ignore]

    modules = ModuleType("modules")
    modules.plan, modules.study, modules.table = plan, study, table  # type: ignore[attr-defined]
    yield modules
    for name in [name for name in sys.modules if name.partition(".")[0] in ("distill", "report")]:
        del sys.modules[name]


def searched(study: Any, **best: float) -> list[dict[str, Any]]:
    """Lines of a whole search in which one factor did best for each method that is named."""
    lines = []
    for trial in study.plan.search():
        hit = trial.factor == best.get(trial.method, 1.0) and trial.rate in (0.1,)
        lines.append(
            {
                "part": "search",
                "method": trial.method,
                "rate": trial.rate,
                "factor": trial.factor,
                "validation": {"last": 0.4 if hit else 0.3, "best": 0.5},
            }
        )
    return lines


def test_every_method_gets_equally_many_trials_with_one_seed(study: Any) -> None:
    trials = study.plan.search()
    assert set(Counter(t.method for t in trials)) == set(study.plan.COMPARED)
    assert set(Counter(t.method for t in trials).values()) == {len(study.plan.GRID)}
    assert {t.seed for t in trials} == {0}
    assert len({(t.method, t.rate, t.factor) for t in trials}) == len(trials)


def test_the_factor_scales_all_terms_beside_the_tasks_own(study: Any) -> None:
    assert study.plan.scaled("plain", 0.5) == {}
    assert study.plan.scaled("kd", 0.5) == {"kd_weight": 0.45}
    fields = study.plan.scaled("ccskd", 0.5)
    weights = {name: value for name, value in fields.items() if name.endswith("_weight")}
    assert weights == {
        "selective_weight": 0.45,
        "channel_weight": 3.0,
        "distance_weight": 3.0,
        "angle_weight": 6.0,
    }


def test_the_best_last_epoch_on_validation_is_chosen_and_an_incomplete_search_is_not(study: Any) -> None:
    low = min(factor for _, factor in study.plan.GRID)
    lines = searched(study, kd=low)
    chosen = study.plan.choose(lines)
    assert (chosen["kd"].rate, chosen["kd"].factor) == (0.1, low)
    assert (chosen["dkd"].rate, chosen["dkd"].factor) == (0.1, 1.0)
    lines.remove(next(line for line in lines if line["method"] == "rkd"))
    assert "rkd" not in study.plan.choose(lines)


def test_reported_trials_have_keys_of_their_own_and_seeds_of_all(study: Any) -> None:
    trials = study.plan.report(study.plan.choose(searched(study)))
    assert len({t.key for t in trials}) == len(trials)
    per_row = Counter((t.part, t.method, t.variant) for t in trials)
    rows = set(per_row.values())
    assert rows == {len(study.plan.SEEDS), len(study.plan.MORE_SEEDS)}
    assert [t.part for t in trials[:21]] == ["final"] * 21
    assert not {t.key for t in trials} & {t.key for t in study.plan.search()}


def test_an_ablation_takes_out_one_term_and_changes_nothing_else(study: Any) -> None:
    trials = study.plan.report(study.plan.choose(searched(study)))
    whole = {t.method: dict(t.fields) for t in trials if t.part == "final"}
    removed = set()
    for trial in (t for t in trials if t.part == "ablation"):
        fields, base = dict(trial.fields), {"task_weight": 1.0, **whole[trial.method]}
        fields = {"task_weight": 1.0, **fields}
        different = {name for name in base if fields[name] != base[name]}
        assert len(different) == 1
        assert fields[different.pop()] == 0
        removed.add((trial.method, trial.variant))
    assert {(m, v) for m, v in removed if m == "mskd_ssr"} == {
        ("mskd_ssr", f"without {term}") for term in ("task", "branch", "channel", "response", "review")
    }


def test_a_difference_is_taken_between_equal_seeds(study: Any) -> None:
    def lines(*accuracies: float) -> list[dict[str, Any]]:
        return [{"seed": seed, "report": {"top1": value}} for seed, value in enumerate(accuracies)]

    values = study.table.paired(lines(0.30, 0.40, 0.53), list(reversed(lines(0.28, 0.38, 0.50))))
    assert values == pytest.approx([2, 2, 3])
    # mean 7/3, deviation sqrt(((1/3)^2 * 2 + (2/3)^2) / 2) = 0.577
    assert study.table.difference(values) == "**+2.33 ± 0.58**"
    assert study.table.difference([1.0, -1.0, 1.0]) == "+0.33 ± 1.15"
    assert study.table.spread([30.0, 31.0]) == "30.50 ± 0.71"


def test_trials_of_a_setting_that_was_left_behind_are_not_in_the_tables(study: Any) -> None:
    lines = searched(study)
    chosen, left = study.plan.choose(lines)["kd"], min(factor for _, factor in study.plan.GRID)
    assert chosen.factor != left
    for factor in (chosen.factor, left):
        lines.append({"part": "final", "method": "kd", "rate": chosen.rate, "factor": factor})
    assert [x["factor"] for x in study.table.current(lines) if x["part"] == "final"] == [chosen.factor]


def test_a_half_written_line_does_not_count(study: Any, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"key": "a"}\n{"key": "b", "par')
    assert [line["key"] for line in study.study.read_lines(file)] == ["a"]
    assert study.study.read_lines(tmp_path / "none") == []


def test_a_trial_runs_once_and_its_line_names_no_folder(study: Any, tmp_path: Path) -> None:
    rng, files, labels = np.random.default_rng(0), [], []
    for number in range(36):
        image = rng.integers(0, 80, (32, 32, 3)) + 80 * (number % 3)
        files.append(cv2.imencode(".png", image.astype(np.uint8))[1].tobytes())
        labels.append(number % 3)
    write_packed(tmp_path / study.study.TRAIN, files, label=labels)
    write_packed(tmp_path / study.study.REPORT, files[:9], label=labels[:9])
    trial = study.plan.Trial("final", "plain", "", 3, 2, 0.05, 1.0)
    runner = study.study.Runner(tmp_path, tmp_path / "out", tmp_path / "lines.jsonl", 1)
    (line,) = runner.run([trial])
    assert line["key"] == trial.key == "final/plain/lr0.05-x1-e2/seed-3"
    assert line["images"] == 33  # one of twelve of each class was kept for validation
    assert line["validation"]["n"] == 3
    assert line["report"]["n"] == 9
    assert len(line["curve"]) == 2
    assert str(tmp_path) not in json.dumps(line)
    assert runner.run([trial]) == [line]  # nothing new
    assert len((tmp_path / "lines.jsonl").read_text().splitlines()) == 1
