"""The configuration of a training run: TOML <-> frozen dataclasses, complete, and refused by name when it is wrong.

A run is one TOML file with the sections of `RunConfig`. `[student]` and `[method]` hold a name and the fields of that
network or method; their dataclasses live with torch, so here they are a `Choice`, and whoever knows the registries
decodes them with the same `decode`. Ranges stand in `msgspec.Meta` beside each field: messages, `describe` and the
window's form all read them there.
"""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from facekd.config_table import ConfigError, decode, parse_value

VERSION = 1

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Natural = Annotated[int, Meta(ge=0, le=1_000_000_000)]


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of the training images kept for validation."""

    identities: Annotated[
        float, Meta(ge=0, le=0.5, description="share of the people, never of their images")
    ] = 0.0
    images: Annotated[
        float, Meta(ge=0, le=0.5, description="share of every class's images; classification")
    ] = 0.0


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What is learned from."""

    kind: Annotated[
        Literal["packed", "folder", "cifar", "tinyimagenet"], Meta(description="how the images are stored")
    ]
    train: Annotated[
        tuple[str, ...], Meta(min_length=1, description="files or folders, relative to this file")
    ]
    task: Annotated[Literal["face", "classification"], Meta(description="what the student shall do")]
    validation: Annotated[
        str | Cut, Meta(description="a file or folder, or a cut such as {identities = 0.05}")
    ] = ""
    unlabelled: Annotated[
        tuple[str, ...],
        Meta(description="further files or folders whose names and classes are not to be used"),
    ] = ()
    pairs: Annotated[str, Meta(description="faces: list of pairs among the validation images")] = ""
    min_images: Annotated[
        int, Meta(ge=1, le=1000, description="people or classes with fewer images count as unlabelled")
    ] = 1
    size: Annotated[
        Annotated[int, Meta(ge=8, le=1024)] | None,
        Meta(description="side of the images in pixels; faces 112, others as they are"),
    ] = None
    licence: Annotated[str, Meta(description="terms of the training images, for the model card")] = (
        "the terms of the training images and of the teacher apply"
    )
    cache: Annotated[
        str, Meta(description="folder of decoded images and teacher answers; empty: HOME/cache")
    ] = ""


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How images are varied; left out, the defaults of the task."""

    flip: Annotated[Share | None, Meta(description="chance of a mirrored image")] = None
    crop: Annotated[
        Annotated[int, Meta(ge=0, le=64)] | None,
        Meta(description="pixels of reflected border from which a crop is cut"),
    ] = None
    rotate_deg: Annotated[
        Annotated[float, Meta(ge=0, le=180)] | None, Meta(description="largest turn, degrees")
    ] = None
    zoom: Annotated[
        Annotated[float, Meta(ge=0, le=0.9)] | None, Meta(description="largest change of size, share")
    ] = None
    shift: Annotated[
        Annotated[float, Meta(ge=0, le=0.5)] | None, Meta(description="largest move, share of the side")
    ] = None
    light: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="largest change of brightness, share")
    ] = None
    contrast: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="largest change of contrast, share")
    ] = None
    saturation: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="largest change of saturation, share")
    ] = None
    blur: Annotated[Share | None, Meta(description="chance of a blurred image")] = None
    jpeg: Annotated[Share | None, Meta(description="chance of a strongly compressed image")] = None
    low_resolution: Annotated[Share | None, Meta(description="chance of an image of few pixels")] = None
    cutout: Annotated[Share | None, Meta(description="chance of a covered rectangle")] = None


AUGMENTS: dict[str, AugmentConfig] = {
    # CIFAR's usual recipe (kd-spec 1.4): reflect-pad 4, crop, flip.
    "classification": AugmentConfig(0.5, 4, *[0.0] * 10),
    # What desktop cameras do to an aligned crop; untuned design values.
    "face": AugmentConfig(0.5, 0, 8.0, 0.08, 0.04, 0.25, 0.25, 0.25, 0.1, 0.2, 0.15, 0.1),
}


@dataclass(frozen=True, slots=True)
class TeacherConfig:
    """Whom the student learns from."""

    kind: Annotated[
        Literal["onnx", "run", "none"], Meta(description="an ONNX file, a run folder, or nobody")
    ] = "none"
    path: Annotated[str, Meta(description="the file or folder, relative to this file")] = ""
    stages: Annotated[tuple[str, ...], Meta(description="tensors of the ONNX file, shallow to deep")] = ()
    wrong: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="for studies: share of the training images about which it is made to answer wrongly",
        ),
    ] = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A name of a registry and the fields of what it names."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BudgetConfig:
    """How long, how fast, where."""

    epochs: Annotated[int, Meta(ge=1, le=100_000, description="passes over the training images")] = 30
    batch_size: Annotated[int, Meta(ge=2, le=65_536, description="images a step, all processes together")] = (
        64
    )
    learning_rate: Annotated[
        Annotated[float, Meta(gt=0, le=100)] | None, Meta(description="the highest; default by optimiser")
    ] = None
    views: Annotated[
        int,
        Meta(ge=0, le=1000, description="augmented views of an image; 0: new ones in every epoch, no cache"),
    ] = 8
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, description="of weights, views and order")] = 0
    device: Annotated[
        str, Meta(pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$", description="auto, cpu, cuda, mps")
    ] = "auto"
    processes: Annotated[int, Meta(ge=1, le=64, description="on this machine, one thread each on a CPU")] = 1
    threads: Annotated[
        int, Meta(ge=0, le=256, description="of one process on a CPU; 0: all cores shared out")
    ] = 0
    cache: Annotated[bool, Meta(description="ask the teacher once about each view and keep the answers")] = (
        True
    )
    checkpoint_s: Annotated[float, Meta(ge=0, le=86_400, description="seconds between checkpoints")] = 300.0
    validate_every: Annotated[int, Meta(ge=1, le=100_000, description="epochs between validations")] = 1


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """How the student moves."""

    name: Annotated[
        Literal["sgd", "adamw", "muon"], Meta(description="muon: convolutions; AdamW for the rest")
    ] = "sgd"
    momentum: Annotated[float, Meta(ge=0, lt=1, description="SGD and Muon")] = 0.9
    nesterov: bool = True
    weight_decay: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="default by optimiser")
    ] = None
    rest_learning_rate: Annotated[
        float, Meta(gt=0, le=1, description="Muon: of AdamW for norms, first layer, depthwise and linear")
    ] = 2e-3
    schedule: Annotated[Literal["cosine", "steps", "constant"], Meta(description="of the learning rate")] = (
        "cosine"
    )
    warmup: Annotated[Share, Meta(description="share of the steps until the learning rate is full")] = 0.05
    milestones: Annotated[tuple[Share, ...], Meta(description="steps: shares at which it falls")] = (
        0.3,
        0.6,
        0.8,
    )
    decay: Annotated[float, Meta(gt=0, le=1, description="steps: factor at each milestone")] = 0.2
    clip: Annotated[
        float, Meta(ge=0, le=1000, description="largest gradient norm, connectors included; 0: off")
    ] = 5.0
    precision: Annotated[Literal["fp32", "bf16"], Meta(description="of the student's forward pass")] = "fp32"
    channels_last: bool = True
    compile: Annotated[bool, Meta(description="torch.compile the student")] = False
    start_size: Annotated[
        int, Meta(ge=0, le=1024, description="side of the student's early images; 0: full")
    ] = 0
    full_size_from: Annotated[
        Share, Meta(description="share of the epochs after which images are full size")
    ] = 0.5
    batchnorm: Annotated[Literal["local", "sync"], Meta(description="statistics per process or of all")] = (
        "local"
    )


LEARNING_RATES = {"sgd": 0.05, "adamw": 1e-3, "muon": 6e-3}
WEIGHT_DECAYS = {"sgd": 5e-4, "adamw": 0.02, "muon": 0.02}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides a run; `resolved()` has every default written out."""

    data: DataConfig
    student: Choice
    method: Choice
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    version: Annotated[int, Meta(ge=1, le=VERSION)] = VERSION

    def resolved(self) -> "RunConfig":
        """The same run with the defaults that depend on other fields written out."""
        usual, name = AUGMENTS[self.data.task], self.optimiser.name
        chosen = {
            key: usual_value if (value := getattr(self.augment, key)) is None else value
            for key, usual_value in dataclasses.asdict(usual).items()
        }
        rate, decay = self.budget.learning_rate, self.optimiser.weight_decay
        budget = dataclasses.replace(
            self.budget, learning_rate=LEARNING_RATES[name] if rate is None else rate
        )
        optimiser = dataclasses.replace(
            self.optimiser, weight_decay=WEIGHT_DECAYS[name] if decay is None else decay
        )
        data = self.data
        if data.size is None and data.task == "face":
            data = dataclasses.replace(data, size=112)
        return dataclasses.replace(
            self, data=data, augment=AugmentConfig(**chosen), budget=budget, optimiser=optimiser
        )


SECTIONS: dict[str, type] = {
    "data": DataConfig,
    "teacher": TeacherConfig,
    "augment": AugmentConfig,
    "budget": BudgetConfig,
    "optimiser": OptimiserConfig,
}


def load_config(path: Path, overrides: tuple[str, ...] = ()) -> RunConfig:
    """The run that a TOML file describes; its relative paths become absolute, relative to the file.

    Args:
        path: the file.
        overrides: `section.key=value` each, as on the command line.

    Raises:
        ConfigError: not TOML, an unknown key (names the nearest), a value out of its range (names the range), a
            missing key, or a version that this program does not know.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the configuration is not valid TOML: {error}") from error
    for text in overrides:
        _override(table, text)
    return config_from(table, str(path), path.resolve().parent)


def config_from(table: dict[str, Any], where: str, folder: Path) -> RunConfig:
    """The run in a parsed table; `where` serves the messages, `folder` relative paths. Raises ConfigError."""
    table = dict(table)
    version = table.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(
            f"{where}: version {version} of the configuration, this program knows {VERSION}; update it"
        )
    for section, key in (("student", "network"), ("method", "name")):
        if isinstance(given := table.get(section), dict):
            fields = dict(given)
            if not isinstance(name := fields.pop(key, None), str):
                raise ConfigError(
                    f"{where}: expected [{section}] {key} = a name, got {name!r}; see `describe`"
                )
            table[section] = {"name": name, "fields": fields}
    config: RunConfig = decode(table, RunConfig, where)
    if config.teacher.kind != "none" and not config.teacher.path:
        raise ConfigError(f"{where}: expected [teacher] path beside kind = {config.teacher.kind!r}, got none")
    return absolute(config, folder)


def absolute(config: RunConfig, folder: Path) -> RunConfig:
    """Relative paths of `data` and `teacher` made absolute, from `folder`."""

    def path(text: str) -> str:
        return str((folder / Path(text).expanduser()).resolve()) if text else ""

    data = config.data
    validation = data.validation if isinstance(data.validation, Cut) else path(data.validation)
    data = dataclasses.replace(
        data,
        train=tuple(map(path, data.train)),
        unlabelled=tuple(map(path, data.unlabelled)),
        validation=validation,
        pairs=path(data.pairs),
        cache=path(data.cache),
    )
    teacher = dataclasses.replace(config.teacher, path=path(config.teacher.path))
    return dataclasses.replace(config, data=data, teacher=teacher)


def config_table(config: RunConfig) -> dict[str, Any]:
    """The TOML table of a run, as `load_config` reads it."""
    table: dict[str, Any] = {"version": config.version}
    for name in ("data", "teacher", "student", "method", "augment", "budget", "optimiser"):
        value = getattr(config, name)
        if isinstance(value, Choice):
            key = "network" if name == "student" else "name"
            table[name] = {key: value.name, **value.fields}
        else:
            table[name] = dataclasses.asdict(value)
    return table


def _override(table: dict[str, Any], text: str) -> None:
    """Put `a.b=value` into the table; the value is TOML, or a string when it is not."""
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"expected --set section.key=value, got {text!r}")
    for part in parts[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {text}: {part!r} is a value, not a section")
        table = inner
    table[parts[-1]] = parse_value(value.strip())
