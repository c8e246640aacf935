"""Which trials there are: the same search for every method, then what is reported. Nothing here trains anything.

A trial is `student.toml` with a few values changed. The search sees the validation images only, with one seed and
fewer epochs; `choose` takes the best last epoch. A method's weights are its published ones, all terms beside the task's
own loss times one factor: at this size they could drown it, or be drowned.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facekd.distil.methods import METHODS

Value = float | str

EPOCHS = 8
FIRST_PHASE = 2  # epochs in which MSKD-SSR's teacher learns to answer at every stage: 0.3 of them, as usual
SEARCH_EPOCHS = 5
SEEDS = (0, 1, 2)
MORE_SEEDS = (*SEEDS, 3, 4, 5, 6, 7)  # for the one difference that three do not settle
GRID = ((0.1, 0.25), (0.4, 0.25), (0.4, 1.0), (0.1, 1.0))  # learning rate, factor
PLAIN_GRID = (
    (0.1, 1.0),
    (0.2, 1.0),
    (0.4, 1.0),
    (0.8, 1.0),
)  # no teacher, no factor: as many on the one axis
COMPARED = ("plain", "kd", "cd_gkd_edt", "rkd", "dkd", "ccskd", "mskd_ssr")
KEPT = frozenset(
    {"task_weight", "branch_head_weight"}
)  # not scaled: the task's own loss, and the first phase
ANGLE_ROWS = 48  # of 128: angles cost the cube of this, for the methods that have them
WRONG = 0.2
MODES = ("hard", "released", "tcp", "swap")
INSTEAD_OF_KD: Mapping[str, Value] = {
    "task_weight": 0.1,
    "channel_weight": 0.0,
    "distance_weight": 0.0,
    "angle_weight": 0.0,
}
"""CCSKD with nothing but its selective term beside KD's own task weight: KD, but for whom it believes."""
HARD: Mapping[str, Value] = {"selective_mode": "hard", "normaliser": "sum_w"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One training run of a student."""

    part: str  # search, final, ablation, modes, wrong
    method: str
    variant: str  # what is changed beside the search's axes; empty: nothing
    seed: int
    epochs: int
    rate: float
    factor: float
    fields: Mapping[str, Value] = field(default_factory=dict)  # of the method
    wrong: float = 0.0  # share of the images about which the teacher is made to err

    @property
    def key(self) -> str:
        """Names its folder and its line; other settings have other keys."""
        changed = f"-{self.variant.replace(' ', '_')}" if self.variant else ""
        misled = f"-wrong{self.wrong:g}" if self.wrong else ""
        setting = f"lr{self.rate:g}-x{self.factor:g}-e{self.epochs}"
        return f"{self.part}/{self.method}{changed}{misled}/{setting}/seed-{self.seed}"

    def overrides(self) -> dict[str, Value]:
        """What differs from `student.toml`, as `section.key` -> value."""
        changed: dict[str, Value] = {
            "method.name": self.method,
            "budget.seed": self.seed,
            "budget.epochs": self.epochs,
            "budget.learning_rate": self.rate,
        }
        changed |= {f"method.{name}": value for name, value in self.fields.items()}
        if self.method == "plain":
            changed |= {"teacher.kind": "none", "teacher.path": ""}
        elif self.wrong:
            changed["teacher.wrong"] = self.wrong
        return changed


@dataclass(frozen=True, slots=True)
class Setting:
    """What the search chose for a method."""

    rate: float
    factor: float


def scaled(method: str, factor: float) -> dict[str, Value]:
    """The method's default weights, those of its terms beside the task's own loss times `factor`."""
    config = METHODS[method].default_config("classification")
    names = [one.name for one in dataclasses.fields(config)]
    fields: dict[str, Value] = {
        name: round(getattr(config, name) * factor, 6)
        for name in names
        if name.endswith("_weight") and name not in KEPT and getattr(config, name)
    }
    if "angle_rows" in names:
        fields["angle_rows"] = ANGLE_ROWS
    return fields


def search(count: int = len(GRID)) -> list[Trial]:
    """The first `count` trials of every method. The very first two fill the two caches that all others read."""
    grids = {name: PLAIN_GRID if name == "plain" else GRID for name in COMPARED}
    trials = [
        _trial("search", name, Setting(*grids[name][number]), 0, epochs=SEARCH_EPOCHS)
        for number in range(count)
        for name in COMPARED
    ]
    fillers = [trials[COMPARED.index(name)] for name in ("mskd_ssr", "kd")]
    return fillers + [trial for trial in trials if trial not in fillers]


def choose(lines: Iterable[Mapping[str, Any]], count: int = len(GRID)) -> dict[str, Setting]:
    """For every method with `count` trials or more, the setting whose last epoch was best on validation."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        if line["part"] == "search":
            found.setdefault(line["method"], []).append(line)
    chosen = {}
    for method, trials in found.items():
        if len(trials) >= count:
            best = max(trials, key=lambda line: line["validation"]["last"])
            chosen[method] = Setting(best["rate"], best["factor"])
    return chosen


def report(settings: Mapping[str, Setting]) -> list[Trial]:
    """Everything after the search, the most important first, so that what is done so far is a table.

    Args:
        settings: of all methods; with some missing, what the others are compared by.
    """
    finals = [
        _trial("final", name, settings[name], seed) for seed in SEEDS for name in COMPARED if name in settings
    ]
    if len(settings) < len(COMPARED):
        return finals
    ccskd, mskd = settings["ccskd"], settings["mskd_ssr"]
    trusting = {"selective_weight": 0.0, "kd_weight": scaled("ccskd", ccskd.factor)["selective_weight"]}

    def wrong(
        method: str,
        variant: str = "",
        changed: Mapping[str, Value] | None = None,
        seeds: Sequence[int] = SEEDS,
    ) -> list[Trial]:
        return [_trial("wrong", method, settings[method], seed, variant, changed, WRONG) for seed in seeds]

    without = [
        _trial("ablation", method, setting, seed, f"without {name.removesuffix('_weight')}", {name: 0.0})
        for seed in SEEDS
        for method, setting in (("ccskd", ccskd), ("mskd_ssr", mskd))
        for name in ("task_weight", *scaled(method, setting.factor))
        if name.endswith("_weight")
    ]
    modes = [
        *(
            _trial("modes", "ccskd", ccskd, seed, f"mode {mode}", {"selective_mode": mode})
            for seed in SEEDS
            for mode in MODES
        ),
        *(_trial("modes", "ccskd", ccskd, seed, "trust in all rows", trusting) for seed in SEEDS),
        *(
            _trial("modes", "mskd_ssr", mskd, seed, "mode progressive", {"selective_mode": "progressive"})
            for seed in SEEDS
        ),
    ]
    alone = len(without) // len(SEEDS)
    return [
        *finals,
        *wrong("ccskd"),
        *wrong("ccskd", "trust in all rows", trusting),
        *wrong("ccskd", "without selective", {"selective_weight": 0.0}),
        *wrong("kd", seeds=MORE_SEEDS),
        *wrong("ccskd", "instead of KD", INSTEAD_OF_KD, MORE_SEEDS),
        *wrong("ccskd", "instead of KD and hard", {**INSTEAD_OF_KD, **HARD}),
        *wrong("ccskd", "instead of KD and swap", {**INSTEAD_OF_KD, "selective_mode": "swap"}),
        *wrong("ccskd", "instead of KD and tcp", {**INSTEAD_OF_KD, "selective_mode": "tcp"}),
        *wrong("ccskd", "mode swap", {"selective_mode": "swap"}),
        *without[:alone],
        *wrong("mskd_ssr"),
        *wrong("mskd_ssr", "mode progressive", {"selective_mode": "progressive"}),
        *(trial for trial in modes if trial.seed == SEEDS[0]),
        *without[alone:],
        *(trial for trial in modes if trial.seed != SEEDS[0]),
    ]


def _trial(
    part: str,
    method: str,
    setting: Setting,
    seed: int,
    variant: str = "",
    changed: Mapping[str, Value] | None = None,
    wrong: float = 0.0,
    epochs: int = EPOCHS,
) -> Trial:
    fields = {**scaled(method, setting.factor), **(changed or {})}
    if method == "mskd_ssr":  # a first phase of one length for all, whose result they share
        fields["branch_share"] = round(FIRST_PHASE / epochs, 6)
    return Trial(part, method, variant, seed, epochs, setting.rate, setting.factor, fields, wrong)
