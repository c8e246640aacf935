"""The form's fields from the trainer's description, the check of what is typed, drafts, presets, comparisons."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facekd_ui.services.training_compare import Compared, verdict
from facekd_ui.services.training_drafts import (
    Described,
    Draft,
    Pace,
    apply_purpose,
    from_run,
    new_draft,
    pictures_fault,
    put_value,
    teacher_fault,
    value_of,
)
from facekd_ui.services.training_fields import FieldSpec, Problem, fields_of, important
from facekd_ui.services.training_runs import About, Run, RunState


def method(**fields: Any) -> dict[str, Any]:
    defaults = {key: field["default"] for key, field in fields.items()}
    return {"title": "Mine", "help": "", "tasks": ["face"], "needs_teacher": True, "presets": {},
            "schema": {"properties": fields}, "defaults": {"face": defaults}}  # fmt: skip


WEIGHT = {"type": "number", "minimum": 0, "default": 1.0, "description": "weight of what is new"}
EPOCHS = {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 30, "description": "passes"}
RATE = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 100}, {"type": "null"}],
    "default": None,
}
NAMES = {"enum": ["sgd", "adamw", "muon"], "default": "sgd"}
MARKS = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "default": [0.3, 0.6]}
SECTIONS: dict[str, Any] = {
    "data": {"properties": {"min_images": {"type": "integer", "minimum": 1, "default": 1}}},
    "augment": {"properties": {"flip": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None}}},
    "budget": {
        "properties": {
            "epochs": EPOCHS,
            "batch_size": {"type": "integer", "minimum": 2, "maximum": 65_536, "default": 64},
            "learning_rate": RATE,
        }
    },
    "optimiser": {
        "properties": {"name": NAMES, "milestones": MARKS, "nesterov": {"type": "boolean", "default": True}}
    },
}
DOCUMENT: dict[str, Any] = {
    "sections": SECTIONS,
    "defaults": {
        "augment": {"face": {"flip": 0.5}},
        "learning_rate": {"sgd": 0.05, "muon": 0.006},
        "weight_decay": {"sgd": 5e-4, "muon": 0.02},
    },
    "methods": {
        "brand_new": method(
            novelty_weight=WEIGHT,
            margin={"enum": ["arcface", "none"], "default": "arcface"},
            idle_weight={**WEIGHT, "default": 0.0},
            mode={"enum": ["a", "b"], "default": "a"},
        )
    },
    "networks": {"desktop": {"title": "Ours", "side": 112, "schema": {"properties": {}}}},
}


@pytest.fixture
def described() -> Described:
    return Described(DOCUMENT)


def spec(described: Described, section: str, key: str) -> FieldSpec:
    draft = Draft({"optimiser": {"name": "muon"}})
    return next(one for one in described.section_fields(section, draft) if one.key == key)


def test_ranges_are_said_in_words(described: Described) -> None:
    assert str(spec(described, "budget", "epochs").range()) == "1 to 100,000"
    assert str(spec(described, "budget", "learning_rate").range()) == "above 0, to 100"
    assert str(spec(described, "optimiser", "name").range()) == "3 choices"


@pytest.mark.parametrize(
    ("words", "value"), [("60", 60), (" 1,000 ", 1000), ("0", (1, "at least 1")), ("1e9", None), ("six", None),
                         ("200000", (100_000, "at most 100000"))],
)  # fmt: skip
def test_whole_numbers_are_checked_as_one_types(described: Described, words: str, value: object) -> None:
    found = spec(described, "budget", "epochs").parse(words)
    if isinstance(value, int):
        assert found == value
    else:
        assert isinstance(found, Problem)
        if isinstance(value, tuple):
            assert (found.instead, str(found.text)) == (value[0], f"Expected {value[1]}")


def test_numbers_take_comma_and_point_and_nothing_for_the_trainers_choice(described: Described) -> None:
    rate = spec(described, "budget", "learning_rate")
    assert rate.default == 0.006  # follows from the optimiser
    assert (rate.parse("0,01"), rate.parse("0.01"), rate.parse("")) == (0.01, 0.01, None)
    problem = rate.parse("0")
    assert isinstance(problem, Problem)
    assert (str(problem.text), problem.instead) == ("Expected more than 0", 0.006)


def test_choices_of_numbers_stay_numbers() -> None:
    schema = {"properties": {"depth": {"enum": [8, 14, 20], "default": 20}}}
    (depth,) = fields_of("student", schema, {})
    assert (depth.parse("8"), depth.default) == (8, 20)
    assert isinstance(depth.parse("9"), Problem)


def test_lists_hold_numbers_in_their_range(described: Described) -> None:
    marks = spec(described, "optimiser", "milestones")
    assert marks.parse("0.2, 0.5, 0.9") == [0.2, 0.5, 0.9]
    assert isinstance(marks.parse("0.2, 2"), Problem)


def test_a_new_method_brings_its_own_fields_and_its_own_six(described: Described) -> None:
    budget = described.section_fields("budget", Draft())
    own = described.method_fields("brand_new", "face")
    assert [one.key for one in own] == ["novelty_weight", "margin", "idle_weight", "mode"]
    keys = [one.key for one in important(budget, own)]
    assert keys == ["epochs", "batch_size", "learning_rate", "novelty_weight", "mode", "idle_weight"]
    assert str(own[0].label) == "Novelty weight"
    assert str(own[0].meaning) == "Weight of what is new"


def test_only_changes_are_written_and_a_run_turns_back_into_them(described: Described) -> None:
    draft = new_draft(described)
    assert (draft.get("student", "network"), draft.get("method", "name")) == ("desktop", "brand_new")
    own = described.method_fields("brand_new", "face")[0]
    put_value(draft, own, 2.5)
    assert draft.get("method", "novelty_weight") == 2.5
    put_value(draft, own, 1.0)
    assert draft.table["method"] == {"name": "brand_new"}
    assert value_of(draft, own) == 1.0
    complete = {
        "data": {"kind": "packed", "train": ["/a.npz"], "task": "face", "min_images": 1},
        "student": {"network": "desktop"},
        "method": {"name": "brand_new", "novelty_weight": 2.5, "margin": "arcface"},
        "budget": {"epochs": 12, "batch_size": 64},
        "optimiser": {"name": "sgd", "nesterov": True},
    }
    again = from_run(complete, described)
    assert again.table["method"] == {"name": "brand_new", "novelty_weight": 2.5}
    assert again.table["budget"] == {"epochs": 12}
    assert again.table["data"] == {"kind": "packed", "train": ["/a.npz"], "task": "face"}


def test_purposes_change_numbers_and_keep_the_device(described: Described) -> None:
    draft = new_draft(described)
    draft.put("budget", "device", "cuda:1")
    pace = Pace(
        step_s=1.0,
        image_ask_s=0.1,
        prepare_step_s=0.0,
        prepare_share=0.0,
        validate_s=0.0,
        images=100,
        batch=10,
    )
    # an epoch: 10 steps of 1 s; asking about one view: 10 s. (300 - 20) / 10 + 1 = 29
    assert pace.epochs_within(300) == 29
    apply_purpose(draft, described, "quick", pace)
    assert draft.table["budget"] == {"epochs": 10, "views": 1, "device": "cuda:1"}
    apply_purpose(draft, described, "quick", replace(pace, step_s=20.0))
    # 10 s of asking and 200 s an epoch: one fits
    assert draft.get("budget", "epochs") == 1
    apply_purpose(draft, described, "published")
    assert draft.get("budget", "epochs") == 200
    assert draft.get("optimiser", "name") == "sgd"


def test_time_follows_from_the_pace() -> None:
    pace = Pace(
        step_s=0.5,
        image_ask_s=0.01,
        prepare_step_s=2.0,
        prepare_share=0.3,
        validate_s=3.0,
        images=640,
        batch=64,
    )
    # 8 views of 640: 51.2 s; 10 epochs of 10 steps and a validation: 80 s; 3 epochs of preparation: 60 s
    assert pace.seconds(10, 8) == pytest.approx(51.2 + 80 + 60)


def test_what_is_missing_is_said(described: Described, tmp_path: Path) -> None:
    draft = new_draft(described)
    assert str(pictures_fault(draft)) == "Choose the pictures to learn from"
    draft.put("data", "train", [str(tmp_path / "no.npz")])
    assert str(pictures_fault(draft)).endswith("no.npz is not there")
    draft.put("data", "train", [str(tmp_path)])
    assert pictures_fault(draft) is None
    assert str(teacher_fault(draft, described)) == "This method needs a teacher"


def test_a_field_that_no_form_can_show_is_left_out() -> None:
    assert (
        fields_of("budget", {"properties": {"cut": {"$ref": "#/$defs/Cut"}}, "$defs": {"Cut": {}}}, {}) == ()
    )


# -- comparing


def compared(name: str, seed: int, value: float, state: RunState = RunState.DONE) -> Compared:
    config = {"method": {"name": name}, "budget": {"seed": seed, "epochs": 4}, "data": {"task": "face"}}
    run = Run(Path(f"/runs/{name}-{seed}"), About(number=seed + 1), state, config)
    return Compared(run, "face", name, value, 0.005, 3000, 60.0, 1.0, 3.0, (1.0,), (value,), (0.1,))


def test_one_seed_each_carries_no_verdict_and_names_the_missing_ones() -> None:
    found = verdict([compared("ccskd", 0, 0.981), compared("plain", 0, 0.962)])
    assert found is not None
    assert str(found.lead) == "CCSKD is 1.9 points ahead of No teacher, with one seed each"
    assert [(run.method, seed) for run, seed in found.missing] == [
        ("ccskd", 1), ("ccskd", 2), ("plain", 1), ("plain", 2)
    ]  # fmt: skip


def test_three_seeds_carry_a_verdict_by_welch() -> None:
    rows = [compared("ccskd", k, v) for k, v in enumerate((0.980, 0.981, 0.982))]
    rows += [compared("plain", k, v) for k, v in enumerate((0.960, 0.961, 0.962))]
    found = verdict(rows)
    assert found is not None
    assert found.kind == "success"
    assert found.missing == ()
    # standard error sqrt(2 * 0.001^2 / 3) = 0.000816, 4 degrees of freedom, t = 2.776: 2.0 +- 0.23 points
    assert "1.8 to 2.2 points" in str(found.rest)


def test_runs_that_are_not_done_decide_nothing() -> None:
    rows = [compared("ccskd", 0, 0.981), compared("plain", 0, 0.7, RunState.STOPPED)]
    assert verdict(rows) is None
