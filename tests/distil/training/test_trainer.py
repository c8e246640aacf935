"""Whole runs of every method on both tasks: resume, cache, stop, honesty."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from facekd.config import RunConfig
from facekd.config_table import ConfigError
from facekd.distil.data.knowledge import Knowledge
from facekd.distil.methods import METHODS
from facekd.distil.methods.base import Batch, Epoch
from facekd.distil.training.checkpoint import LAST, read_state, read_tensors
from facekd.distil.training.loop import NotFinite
from facekd.distil.training.progress import Commands
from facekd.distil.training.trainer import Trainer
from facekd.packed import Packed, write_packed

Make = Callable[..., RunConfig]
Train = Callable[..., Trainer]
RUNS = [(task, name) for name, method in METHODS.items() for task in method.tasks]


@pytest.fixture
def teacher(request: pytest.FixtureRequest) -> Any:
    """`teacher(task)`: the `[teacher]` section for a task."""
    return lambda task: request.getfixturevalue("face_teacher" if task == "face" else "class_teacher")


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return read_tensors(folder / "checkpoint" / LAST)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


class StopAfter(Commands):
    """Says `stop` before step n, counted over the whole run."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def take(self, wait_s: float = 0.0) -> Any:
        self.left -= 1
        return "stop" if self.left < 0 else None


@pytest.mark.parametrize(("task", "method"), RUNS)
def test_every_method_trains_and_resumes_bit_for_bit(
    task: str, method: str, make: Make, train: Train, teacher: Any, tmp_path: Path
) -> None:
    # caches of their own, so that neither run finds what the other one prepared
    whole_config, config = (
        make(task, method, teacher=teacher(task), data={"cache": str(tmp_path / cache)}) for cache in "ab"
    )
    whole = train(whole_config, tmp_path / "whole")
    assert whole.stopped is None
    halted = train(config, tmp_path / "parts", commands=StopAfter(3))
    assert halted.stopped is not None
    for k in range(20):  # in small pieces, so that every phase is interrupted
        if train(config, tmp_path / "parts", resume=True, commands=StopAfter(4 + k)).stopped is None:
            break
    else:
        pytest.fail("never finished")
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    first, second = (
        json.loads((tmp_path / part / "metrics.json").read_text()) for part in ("whole", "parts")
    )
    for one, two in zip(first["curve"], second["curve"], strict=True):
        assert one["losses"] == two["losses"]
        assert one["val"] == two["val"]
        assert one["gradient_share"] == two["gradient_share"]


@pytest.mark.parametrize(("task", "method"), [run for run in RUNS if METHODS[run[1]].needs_teacher])
def test_cached_and_live_losses_agree_over_a_thousand_images(
    task: str, method: str, make: Make, train: Train, teacher: Any, tmp_path: Path
) -> None:
    run = train(make(task, method, teacher=teacher(task), budget={"epochs": 1}), tmp_path / "run").run
    assert run.teacher is not None
    knowledge = Knowledge(tmp_path, run.teacher, run.views, "any")
    assert knowledge.build()
    module = run.method.train()
    seen = 0
    generator = np.random.default_rng(0)
    while seen < 1000:
        rows = generator.integers(0, len(run.labels), 25)
        views = generator.integers(0, run.views.count, 25)
        images = run.views.make(rows, views).float()
        batch = (images, run.labels[torch.from_numpy(rows)])
        before = copy.deepcopy(module.state_dict())
        live = module(Batch(*batch), run.teacher(images), Epoch(1, 2))
        module.load_state_dict(before)  # some methods move a buffer with every batch
        cached = module(Batch(*batch), knowledge.output(rows, views, torch.device("cpu")), Epoch(1, 2))
        for name, value in live.items():
            assert cached[name].item() == pytest.approx(value.item(), rel=1e-5, abs=1e-5), name
        seen += 25


def test_two_seeds_differ_and_one_seed_repeats(make: Make, train: Train, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(make("classification", budget={"epochs": 1, "seed": seed}), tmp_path / name)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_metrics_hold_last_and_best_apart_and_every_term(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    trainer = train(
        make("classification", "kd", teacher=class_teacher, budget={"epochs": 4}), tmp_path / "run"
    )
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["last"]["epoch"] == 4
    top1 = [epoch["val"]["top1"] for epoch in metrics["curve"]]
    assert metrics["best"]["epoch"] == 1 + top1.index(max(top1))  # the first of the best
    assert metrics["best"]["chosen_on"] == "validation"
    assert metrics["last"]["val"]["top1"] == top1[-1]
    names = set(trainer.run.method.terms())
    for epoch in metrics["curve"]:
        assert set(epoch["losses"]) == set(epoch["gradient_share"]) == names
        assert sum(epoch["gradient_share"].values()) == pytest.approx(1)
        assert 0 <= epoch["wrong_teacher_rate"] <= 1
        assert epoch["images_per_s"] > 0


def test_the_wrong_teacher_rate_is_that_of_the_teachers_answers(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    config = make("classification", "kd", teacher=class_teacher, budget={"epochs": 1, "batch_size": 48})
    run = train(config, tmp_path / "run").run
    assert run.teacher is not None
    rows = np.arange(len(run.labels))
    assert len(rows) == 48  # one step, all images
    answer = run.teacher(run.views.make(rows, run.views.views_of(rows, 1)).float())
    assert answer.logits is not None
    wrong = float((answer.logits.argmax(1) != run.labels).float().mean())
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["curve"][0]["wrong_teacher_rate"] == pytest.approx(wrong)


def test_a_loss_that_is_no_number_stops_the_run_and_is_named(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    config = make(
        "classification",
        "kd",
        teacher=class_teacher,
        method={"kd_weight": 1e39},  # more than float32 holds
    )
    with pytest.raises(NotFinite, match="'kd'"):
        train(config, tmp_path / "run")


def test_progressive_resizing_shows_small_images_first(make: Make, train: Train, tmp_path: Path) -> None:
    config = make("face", optimiser={"start_size": 8, "full_size_from": 0.5})
    trainer = train(config, tmp_path / "run")
    assert trainer.phase is not None
    rows = np.arange(4)
    sides = [trainer.loop.batch(trainer.phase, rows, Epoch(n, 4))[0].images.shape[-1] for n in (1, 2, 3, 4)]
    assert sides == [8, 8, 16, 16]


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "muon"])
def test_every_optimiser_lowers_the_loss_and_resumes(
    optimiser: str, make: Make, train: Train, tmp_path: Path
) -> None:
    config = make("classification", optimiser={"name": optimiser}, budget={"epochs": 4})
    whole = train(config, tmp_path / "whole")
    losses = [epoch["losses"]["task"] for epoch in whole.curve]
    assert losses[-1] < losses[0]
    train(config, tmp_path / "parts", commands=StopAfter(9))
    state = read_state(tmp_path / "parts" / "checkpoint")
    assert (state.facts["progress"]["epoch"], state.facts["progress"]["step"]) == (2, 3)
    train(config, tmp_path / "parts", resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_validation_people_are_not_trained_on(make: Make, train: Train, tmp_path: Path) -> None:
    data = train(make("face", budget={"epochs": 1}), tmp_path / "run").run.data
    assert data.validation is not None
    assert not set(data.train.classes) & set(data.validation.classes)
    assert (data.validation.labels >= 0).all()  # whom nobody knows cannot validate


def test_how_many_images_serve_each_term_is_said(make: Make, train: Train, tmp_path: Path) -> None:
    trainer: Trainer = train(make("face", budget={"epochs": 1}), tmp_path / "run")
    labelled = int((trainer.run.labels >= 0).sum())
    assert labelled < len(trainer.run.labels)
    events = (tmp_path / "run" / "events.jsonl").read_text()
    assert f"of {len(trainer.run.labels)} training images take part in: task {labelled}" in events


def test_runs_of_other_seeds_share_the_prepared_teacher_and_its_cache(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    folders = []
    for seed in (1, 2):
        config = make(
            "classification",
            "mskd_ssr",
            teacher=class_teacher,
            data={"cache": str(cache)},
            budget={"seed": seed, "epochs": 1},
        )
        train(config, tmp_path / str(seed))
        folders.append(sorted(path.name for path in (cache / "knowledge").iterdir()))
    assert folders[0] == folders[1]
    assert "prepared by an earlier run" in (tmp_path / "2" / "events.jsonl").read_text()
    scores = [
        json.loads((tmp_path / seed / "metrics.json").read_text())["preparation"] for seed in ("1", "2")
    ]
    assert scores[0] == scores[1]
    assert scores[0]["on"] == "validation"


def test_runs_that_differ_in_weights_only_share_the_prepared_teacher(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"

    def prepared(name: str, **method: Any) -> int:
        sections = {"teacher": class_teacher, "data": {"cache": str(cache)}, "budget": {"epochs": 1}}
        train(make("classification", "mskd_ssr", method=method, **sections), tmp_path / name)
        return len(list((cache / "preparations").glob("*.safetensors")))

    assert prepared("a") == 1
    assert prepared("weights", channel_weight=0.5, review_weight=0.0, response_temperature=2.0) == 1
    assert prepared("first phase", branch_head_weight=1.0) == 2  # this one learns something else


def test_a_share_of_wrong_answers_is_seen_by_the_method_and_spares_the_cache(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    rates = {}
    for name, wrong in (("honest", 0.0), ("misled", 1.0)):
        config = make(
            "classification",
            "ccskd",
            teacher={**class_teacher, "wrong": wrong},
            data={"cache": str(tmp_path / "cache")},
            budget={"epochs": 1},
        )
        rates[name] = train(config, tmp_path / name).curve[0]["wrong_teacher_rate"]
    assert rates["honest"] < rates["misled"] == 1.0
    assert len(list((tmp_path / "cache" / "knowledge").iterdir())) == 1


def test_wrong_answers_are_refused_of_a_teacher_without_classes(
    make: Make, train: Train, face_teacher: dict[str, Any], tmp_path: Path
) -> None:
    config = make("face", "embedding_cosine", teacher={**face_teacher, "wrong": 0.2})
    with pytest.raises(ConfigError, match=r"\[teacher\] wrong = 0.2: expected a classifier"):
        train(config, tmp_path / "run")


def test_the_accuracy_after_each_stage_is_recorded_at_the_end(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path
) -> None:
    config = make("classification", "mskd_ssr", teacher=class_teacher, budget={"epochs": 3})
    train(config, tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert len(metrics["stages"]) == 3
    assert all(0 <= share <= 1 for share in metrics["stages"])
    assert metrics["stages"][-1] == pytest.approx(
        metrics["last"]["val"]["top1"]
    )  # the head is the last stage
    plain = train(make("classification", budget={"epochs": 1}), tmp_path / "plain")
    assert plain.stage_scores == []


def test_a_configuration_changed_between_stop_and_resume_is_said(
    make: Make, train: Train, tmp_path: Path
) -> None:
    train(make("classification"), tmp_path / "run", commands=StopAfter(3))
    train(make("classification"), tmp_path / "run", resume=True, commands=StopAfter(1))
    assert "config.toml has changed" not in (tmp_path / "run" / "events.jsonl").read_text()
    changed = make("classification", budget={"batch_size": 4}, optimiser={"clip": 1.0})
    train(changed, tmp_path / "run", resume=True)
    events = (tmp_path / "run" / "events.jsonl").read_text()
    assert "(budget.batch_size: 8 -> 4, optimiser.clip: 5.0 -> 1.0)" in events


def test_half_precision_and_a_compiled_student_learn_the_same(
    make: Make, train: Train, class_teacher: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = torch.nn.Module.compile
    # the tracing is what can fail here; inductor's own C++ would take a minute
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: original(self, backend="eager"))
    curves = {}
    for name, fields in (("plain", {}), ("bf16", {"precision": "bf16"}), ("compiled", {"compile": True})):
        config = make("classification", "kd", teacher=class_teacher, optimiser=fields, budget={"epochs": 1})
        trainer = train(config, tmp_path / name)
        curves[name] = trainer.curve[0]["losses"]
        assert weights(tmp_path / name).keys() == trainer.run.method.student.state_dict().keys()
    for term, value in curves["plain"].items():
        assert curves["bf16"][term] == pytest.approx(value, rel=0.05)
        assert curves["bf16"][term] != value
        assert curves["compiled"][term] == pytest.approx(value, rel=1e-4)


def test_a_list_of_pairs_validates_faces(make: Make, train: Train, world: Path, tmp_path: Path) -> None:
    packed = Packed.open(world / "faces.npz")
    files = [packed.encoded(k).tobytes() for k in range(24)]  # three images of each of eight
    write_packed(
        tmp_path / "known.npz",
        files,
        files=[f"{k}.png" for k in range(24)],
        identity=[k % 8 for k in range(24)],
    )
    rows = [
        (fold, same, a, a + (8 if same else 9))
        for fold in (0, 1)
        for same in (1, 0)
        for a in range(4 * fold, 4 * fold + 4)
    ]
    lines = [f"{fold},{same},{a}.png,{b}.png" for fold, same, a, b in rows]
    (tmp_path / "pairs.csv").write_text("\n".join(["fold,same,file_a,file_b", *lines]) + "\n")
    data = {"validation": str(tmp_path / "known.npz"), "pairs": str(tmp_path / "pairs.csv")}
    trainer = train(make("face", data=data, budget={"epochs": 1}), tmp_path / "run")
    val = trainer.curve[0]["val"]
    assert val["n"] == 16
    assert 0 <= val["accuracy"] <= 1
