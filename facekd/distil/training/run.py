"""From a configuration to the objects of a run. The only place that reads the registries of methods and networks."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from facekd.config import AugmentConfig, Choice, RunConfig, config_from, config_table
from facekd.config_table import ConfigError, decode
from facekd.distil.data.augment import Augment
from facekd.distil.data.knowledge import Knowledge
from facekd.distil.data.readers import Data, cache_folder, open_data
from facekd.distil.data.views import Order, Views
from facekd.distil.losses import class_centres
from facekd.distil.methods import METHODS
from facekd.distil.methods.base import Method, MethodConfig, Task
from facekd.distil.networks import NETWORKS
from facekd.distil.teachers import Teacher
from facekd.distil.training.group import Group, share_batchnorm
from facekd.distil.training.teacher import open_teacher, teacher_classes
from facekd.modelcard import InputSpec

CUT_SEED = 0
"""Who is kept for validation does not depend on the run's seed: seeds must be comparable."""
VIEW_SEED = 0
"""Nor do the fixed views, so that all seeds share one cache of knowledge."""
NO_CHANGE = AugmentConfig(0.0, 0, *[0.0] * (len(dataclasses.fields(AugmentConfig)) - 2))

Advance = Callable[[str, int, int], bool]
"""(what is done, how far, of how much) -> whether to go on."""


@dataclass(slots=True)
class Run:
    """Everything that the loop needs."""

    config: RunConfig  # complete
    device: torch.device
    group: Group
    data: Data
    images: Tensor  # [n, S, S, 3] uint8 on the device
    labels: Tensor  # [n] int64 on the device
    views: Views
    order: Order
    teacher: Teacher | None
    method: Method


def complete(config: RunConfig) -> RunConfig:
    """The configuration with every default written out, those of network and method too. Raises ConfigError."""
    config = config.resolved()
    network = dataclasses.asdict(network_config(config.student))
    method = dataclasses.asdict(method_config(config.method, config.data.task))
    config = dataclasses.replace(
        config, student=Choice(config.student.name, network), method=Choice(config.method.name, method)
    )
    # Once through the form of the file: a run from its folder must have the same numbers, 0 and 0.0 included, or the
    # digests of its caches would differ.
    return config_from(config_table(config), "configuration", Path())


def network_config(choice: Choice) -> Any:
    """The fields of `[student]` as the network's own dataclass. Raises ConfigError."""
    kind = NETWORKS.get(choice.name)
    if kind is None:
        raise ConfigError(f"[student] network: expected one of {', '.join(NETWORKS)}, got {choice.name!r}")
    return decode(choice.fields, kind.Config, f"[student] {choice.name}")


def method_config(choice: Choice, task: str) -> MethodConfig:
    """The fields of `[method]`, on top of its preset or of the task's default. Raises ConfigError."""
    method = METHODS.get(choice.name)
    if method is None:
        raise ConfigError(f"[method] name: expected one of {', '.join(METHODS)}, got {choice.name!r}")
    fields = dict(choice.fields)
    preset = fields.pop("preset", None)
    if preset is None:
        start = method.default_config("face" if task == "face" else "classification")
    elif preset in method.presets:
        start = method.presets[preset]
    else:
        known = ", ".join(method.presets) or "none"
        raise ConfigError(f"[method] preset: {choice.name} has {known}, got {preset!r}")
    given = {**dataclasses.asdict(start), **fields}
    return cast("MethodConfig", decode(given, method.Config, f"[method] {choice.name}"))


def choose_device(name: str) -> torch.device:
    """The device of `[budget]`; `auto` prefers an accelerator. Raises ConfigError when it is absent."""
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda"):
        if not torch.cuda.is_available():
            raise ConfigError("[budget] device: cuda was asked for, but torch sees no such device; use cpu")
        device = torch.device(name if ":" in name else f"cuda:{local}")
        torch.cuda.set_device(device)
        return device
    if name == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("[budget] device: mps was asked for, but torch sees no such device; use cpu")
    return torch.device(name)


def set_threads(config: RunConfig, group: Group) -> None:
    """Share the cores out: on a CPU, processes of one thread beat one process of many (docs/training.md)."""
    cores = os.cpu_count() or 1
    torch.set_num_threads(config.budget.threads or max(1, cores // group.world))


def input_spec(side: int) -> InputSpec:
    """How every student of this trainer wants its pixels: RGB, (x - 127.5) / 127.5."""
    return InputSpec((side, side), "rgb", (127.5,) * 3, (1 / 127.5,) * 3)


def build_student(choice: Choice, task: str, classes: int) -> nn.Module:
    """The student's network, randomly initialised; a face network ends at its embedding."""
    config = network_config(choice)
    return NETWORKS[choice.name].build(config, classes if task == "classification" else 0)


def build_run(
    config: RunConfig, group: Group, device: torch.device, advance: Advance, data: Data | None = None
) -> Run:
    """Read the data, load the teacher, ask it for the class centres, and build the method.

    Args:
        config: complete.
        group: the processes; the first one fills the caches of decoded images.
        device: where everything lives.
        advance: progress of reading and asking.
        data: read already; None reads what the configuration names.

    Raises:
        ConfigError, InputError, MethodError: what does not exist or does not fit together.
    """
    data = data if data is not None else _read(config, group, advance)
    train, seed = data.train, config.budget.seed
    side = train.side
    images = torch.from_numpy(train.images).to(device)
    method_type = METHODS[config.method.name]
    needs_maps = method_type.preparation is not Method.preparation
    teacher = open_teacher(config.teacher, device, pooled=not needs_maps)
    if teacher is not None and config.data.task == "classification":
        remarks = _compare_classes(teacher_classes(config.teacher), train.classes)
        data = dataclasses.replace(data, remarks=(*data.remarks, *remarks))
    fixed = bool(config.budget.views)
    views = Views(images, Augment(config.augment), config.budget.views, VIEW_SEED if fixed else seed + 1)
    order = Order(len(train), config.budget.batch_size, seed, group.rank, group.world)
    centres = _centres(config, group, images, data, teacher, device, advance)
    torch.manual_seed(seed)
    student = build_student(config.student, config.data.task, len(train.classes))
    task = Task(config.data.task, len(train.classes), input_spec(side), centres)
    method = method_type(student, teacher, task, method_config(config.method, config.data.task))
    if config.optimiser.batchnorm == "sync" and group.world > 1:
        share_batchnorm(method)
    method.to(device)
    if config.optimiser.channels_last:
        method.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    torch.manual_seed(seed + 1000 * group.rank + 1)
    labels = torch.from_numpy(train.labels).to(device)
    return Run(config, device, group, data, images, labels, views, order, teacher, method)


def _read(config: RunConfig, group: Group, advance: Advance) -> Data:
    """The first process decodes; the others find its cache."""
    done = 0

    def count(n: int) -> None:
        nonlocal done
        done += n
        advance("reading images", done, 0)

    data = open_data(config.data, CUT_SEED, count) if group.is_first else None
    group.barrier()
    return data if data is not None else open_data(config.data, CUT_SEED)


def _compare_classes(theirs: Sequence[str], ours: Sequence[str]) -> list[str]:
    """A remark when the teacher's classes have other names. Raises ConfigError when only their order differs."""
    differing = next((k for k, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), None)
    if differing is None:  # how many there are is the method's question
        return []
    words = f"class {differing} is {theirs[differing]!r} to the teacher and {ours[differing]!r} in the data"
    if sorted(theirs) == sorted(ours):
        raise ConfigError(f"[teacher]: expected the data's classes in the data's order, but {words}")
    return [f"{words}: make sure that both lists mean the same classes; the wrong-teacher rate will tell"]


def _centres(
    config: RunConfig,
    group: Group,
    images: Tensor,
    data: Data,
    teacher: Teacher | None,
    device: torch.device,
    advance: Advance,
) -> Tensor | None:
    """For faces [K, D]: the teacher's class centres from the unvaried images; kept like all its answers."""
    train = data.train
    if config.data.task != "face" or teacher is None or not teacher.embedding_dim or not train.classes:
        return None
    plain = Views(images, Augment(NO_CHANGE), 1, 0)
    knowledge = Knowledge(cache_folder(config.data), teacher, plain, train.digest)
    knowledge.build(group.rank, group.world, lambda done, of: advance("class centres", done, of))
    group.barrier()
    rows = np.flatnonzero(train.labels >= 0)
    embedding = knowledge.output(rows, np.zeros_like(rows), torch.device("cpu")).embedding
    assert embedding is not None
    centres: Tensor = class_centres(embedding, torch.from_numpy(train.labels[rows]), len(train.classes))
    return centres.to(device)
