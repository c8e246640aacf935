"""A run before its start: pictures, teacher, student, method, numbers; and the presets by purpose. No Qt.

A draft holds what was chosen and what was changed, nothing else; the trainer writes every default out when it begins.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from facekd.config import config_from
from facekd.config_table import ConfigError, toml_text
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_fields import FieldSpec, Value, fields_of

Purpose = Literal["quick", "best", "published"]
PURPOSES: tuple[Purpose, ...] = ("quick", "best", "published")
PURPOSE_WORDS: dict[str, Text] = {
    "quick": T("Quick check"),
    "best": T("Best on this machine"),
    "published": T("As published"),
}
QUICK_S = 300.0
QUICK_EPOCHS, QUICK_MOST, BEST_EPOCHS, PUBLISHED_EPOCHS = 3, 10, 60, 200
HEADER = "A run before its start. The trainer writes a complete config.toml beside it when it begins."
OWN_PEOPLE = "crops.npz"
"""In the run folder while it trains: the crops of people on file who agreed to training."""


@dataclass(slots=True)
class Draft:
    """Sections of a configuration as a table; only what differs from the trainer's defaults, and what it needs."""

    table: dict[str, dict[str, Any]] = field(default_factory=dict)
    title: str = ""
    purpose: str = "best"
    own_people: bool = False

    def get(self, section: str, key: str, default: Any = None) -> Any:
        """A value that was set."""
        return self.table.get(section, {}).get(key, default)

    def put(self, section: str, key: str, value: Any) -> None:
        """Sets a value; None leaves it to the trainer."""
        if value is None:
            self.table.get(section, {}).pop(key, None)
        else:
            self.table.setdefault(section, {})[key] = value

    def copy(self) -> "Draft":
        """Another draft with the same values."""
        return Draft(deepcopy(self.table), "", self.purpose, self.own_people)

    def toml(self) -> str:
        """As the trainer reads it."""
        return toml_text({"version": 1, **self.table}, HEADER)

    def check(self, folder: Path) -> None:
        """Raises ConfigError when a section is refused; the fields of network and method have their own check."""
        config_from(self.table, "configuration", folder)


class Described:
    """What the trainer said of itself: methods, networks, sections, with the fields of each."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.methods: Mapping[str, Any] = document["methods"]
        self.networks: Mapping[str, Any] = document["networks"]

    def methods_for(self, task: str) -> dict[str, str]:
        """Name -> title of the methods of a task."""
        return {name: str(one["title"]) for name, one in self.methods.items() if task in one["tasks"]}

    def networks_for(self, task: str) -> dict[str, str]:
        """Name -> title of the networks of a task's picture size."""
        return {
            name: str(one["title"])
            for name, one in self.networks.items()
            if (one["side"] == 112) == (task == "face")
        }

    def needs_teacher(self, method: str) -> bool:
        """Whether it cannot do without."""
        return bool(self.methods[method]["needs_teacher"])

    def published(self, method: str) -> str | None:
        """The preset of its paper or of its released code."""
        return next((key for key in self.methods[method]["presets"] if not key.startswith("default-")), None)

    def method_fields(self, method: str, task: str, preset: str | None = None) -> tuple[FieldSpec, ...]:
        """Its fields, with the defaults of the task or of a preset."""
        one = self.methods[method]
        defaults = one["presets"][preset] if preset else one["defaults"].get(task, {})
        return fields_of("method", one["schema"], defaults)

    def student_fields(self, network: str) -> tuple[FieldSpec, ...]:
        """Of a network."""
        return fields_of("student", self.networks[network]["schema"], {})

    def section_fields(self, section: str, draft: Draft) -> tuple[FieldSpec, ...]:
        """Of data, budget, optimiser or augment, with the defaults that follow from other choices."""
        defaults: dict[str, Any] = {}
        told = self.document["defaults"]
        optimiser = draft.get("optimiser", "name", "sgd")
        if section == "augment":
            defaults = dict(told["augment"].get(draft.get("data", "task", "face"), {}))
        elif section == "budget":
            defaults = {"learning_rate": told["learning_rate"].get(optimiser)}
        elif section == "optimiser":
            defaults = {"weight_decay": told["weight_decay"].get(optimiser)}
        return fields_of(section, self.document["sections"][section], defaults)


def new_draft(described: Described, task: str = "face") -> Draft:
    """What the form opens with: our own student, CCSKD where there is one, the best on this machine."""
    methods, networks = described.methods_for(task), described.networks_for(task)
    draft = Draft({"data": {"kind": "packed", "train": [], "task": task}})
    draft.put("student", "network", "desktop" if "desktop" in networks else next(iter(networks)))
    draft.put("method", "name", "ccskd" if "ccskd" in methods else next(iter(methods)))
    draft.put("data", "validation", {"identities": 0.1} if task == "face" else {"images": 0.1})
    apply_purpose(draft, described, "best")
    return draft


def apply_purpose(draft: Draft, described: Described, purpose: Purpose, pace: "Pace | None" = None) -> None:
    """Puts the numbers of a purpose in; pictures, teacher and student stay."""
    name = draft.get("method", "name")
    kept = {"name": name}
    if purpose == "published" and (preset := described.published(name)) is not None:
        kept["preset"] = preset
    draft.table["method"] = kept
    budgets: dict[Purpose, dict[str, Any]] = {
        "quick": {"epochs": quick_epochs(pace) if pace else QUICK_EPOCHS, "views": 1},
        "best": {"epochs": BEST_EPOCHS, "views": 8},
        "published": {"epochs": PUBLISHED_EPOCHS, "views": 0},
    }
    device = draft.get("budget", "device")
    draft.table["budget"] = budgets[purpose] | ({"device": device} if device else {})
    draft.table["optimiser"] = (
        {"name": "sgd", "schedule": "steps"} if purpose == "published" else {"name": "muon"}
    )
    if draft.get("data", "task") != "face" and purpose != "published":
        draft.table["optimiser"] = {"name": "sgd"}
    draft.purpose = purpose


@dataclass(frozen=True, slots=True)
class Pace:
    """What a warm-up measured, from which the time of other numbers follows."""

    step_s: float  # a step of the student
    image_ask_s: float  # the teacher's answer for one view of one picture
    prepare_step_s: float  # a step of a preparation; 0 without one
    prepare_share: float  # its length in shares of the student's epochs
    validate_s: float  # a validation
    images: int
    batch: int

    @classmethod
    def of(cls, estimate: Mapping[str, Any]) -> "Pace":
        """From the trainer's document."""
        return cls(**{name: estimate["pace"][name] for name in cls.__dataclass_fields__})

    def seconds(self, epochs: int, views: int) -> float:
        """Of a run with so many epochs and views; without fixed views the teacher is asked in every epoch."""
        steps = max(1, self.images // max(1, min(self.batch, self.images)))
        asking = self.image_ask_s * self.images * (views or epochs)
        prepared = max(1, round(self.prepare_share * epochs)) if self.prepare_share else 0
        return (
            asking + epochs * (steps * self.step_s + self.validate_s) + prepared * steps * self.prepare_step_s
        )

    def epochs_within(self, seconds: float) -> int:
        """How many epochs fit; at least one."""
        one = self.seconds(1, 1)
        each = max(1e-9, self.seconds(2, 1) - one)
        return max(1, 1 + int((seconds - one) / each))


def quick_epochs(pace: Pace) -> int:
    """As many as fit into a quick check; of a small set a few are enough."""
    return min(QUICK_MOST, pace.epochs_within(QUICK_S))


# -- values ------------------------------------------------------------------------------------------------------


def value_of(draft: Draft, spec: FieldSpec) -> Value:
    """What stands in a field."""
    found: Value = draft.get(spec.section, spec.key, spec.default)
    return found


def put_value(draft: Draft, spec: FieldSpec, value: Value) -> None:
    """Sets a field; its default is not written, so that it follows other choices."""
    draft.put(spec.section, spec.key, None if value == spec.default else value)


def from_run(config: Mapping[str, Any], described: Described) -> Draft:
    """A draft with the values of a run; what is a default there is none of its own here."""
    table = {key: dict(value) for key, value in config.items() if isinstance(value, Mapping)}
    draft = Draft(deepcopy(table))
    method, network = draft.get("method", "name", ""), draft.get("student", "network", "")
    specs: list[FieldSpec] = []
    if method in described.methods:
        specs += described.method_fields(
            method, draft.get("data", "task", "face"), draft.get("method", "preset")
        )
    if network in described.networks:
        specs += described.student_fields(network)
    for section in ("data", "budget", "optimiser", "augment"):
        specs += described.section_fields(section, draft)
    for spec in specs:
        if spec.section in draft.table and spec.key in draft.table[spec.section]:
            put_value(draft, spec, draft.table[spec.section][spec.key])
    return draft


def pictures_fault(draft: Draft) -> Text | None:
    """Why there is nothing to learn from yet."""
    if draft.own_people:
        return None
    paths = [Path(str(path)) for path in draft.get("data", "train", [])]
    if not paths:
        return T("Choose the pictures to learn from")
    gone = next((path for path in paths if not path.exists()), None)
    return T("{path} is not there", path=str(gone)) if gone is not None else None


def teacher_fault(draft: Draft, described: Described) -> Text | None:
    """Why nobody teaches yet."""
    kind, path = draft.get("teacher", "kind", "none"), str(draft.get("teacher", "path", ""))
    if kind == "none":
        needed = described.needs_teacher(draft.get("method", "name"))
        return T("This method needs a teacher") if needed else None
    return None if path and Path(path).exists() else T("Choose the teacher's file")


def draft_fault(draft: Draft, folder: Path) -> ConfigError | None:
    """What the trainer's own check of the sections says."""
    try:
        draft.check(folder)
    except ConfigError as error:
        return error
    return None


def kind_of_path(path: Path) -> str:
    """How the pictures at a path are stored, as `[data] kind` calls it."""
    if path.suffix == ".npz":
        return "packed"
    if path.suffix in (".gz", ".tar", ".tgz") or (path / "data_batch_1").is_file():
        return "cifar"
    if (path / "val" / "val_annotations.txt").is_file():
        return "tinyimagenet"
    return "folder"


def digest_of(draft: Draft) -> str:
    """By which an estimate is known to belong to the numbers that stand in the form."""
    return json.dumps(draft.table, sort_keys=True, default=str) + str(draft.own_people)
