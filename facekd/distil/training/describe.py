"""What can be chosen, as data: JSON Schema of every section, method and network; the window's form is built from it."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec

import facekd
from facekd.config import AUGMENTS, LEARNING_RATES, SECTIONS, VERSION, WEIGHT_DECAYS, Choice, RunConfig
from facekd.config_table import ConfigError, toml_text
from facekd.distil.methods import METHODS
from facekd.distil.networks import NETWORKS
from facekd.distil.teachers.onnx_network import default_stages, read_graph
from facekd.errors import ModelFileError
from facekd.protocol import PROTOCOL


def describe() -> dict[str, Any]:
    """Sections, methods and networks with their schemas, defaults and presets."""
    return {
        "facekd": facekd.__version__,
        "protocol": PROTOCOL,
        "version": VERSION,
        "sections": {name: schema(kind) for name, kind in SECTIONS.items()},
        "defaults": {
            "augment": {task: dataclasses.asdict(augment) for task, augment in AUGMENTS.items()},
            "learning_rate": LEARNING_RATES,
            "weight_decay": WEIGHT_DECAYS,
        },
        "methods": {
            name: {
                "title": method.title,
                "help": first_line(method.__doc__),
                "tasks": list(method.tasks),
                "needs_teacher": method.needs_teacher,
                "schema": schema(method.Config),
                "defaults": {task: dataclasses.asdict(method.default_config(task)) for task in method.tasks},
                "presets": {key: dataclasses.asdict(value) for key, value in method.presets.items()},
            }
            for name, method in METHODS.items()
        },
        "networks": {
            name: {"title": network.title, "side": network.side, "schema": schema(network.Config)}
            for name, network in NETWORKS.items()
        },
    }


def describe_onnx(path: Path) -> dict[str, Any]:
    """The tensors of an ONNX file that can be a teacher's stages, and those taken when none are named.

    Raises ModelFileError when the file cannot be read or is no network of one image input and one vector output.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: the model file cannot be read ({error.strerror})") from error
    graph = read_graph(data, str(path))
    tensors = [dataclasses.asdict(one) for one in graph.maps]
    return {"file": str(path), "dim": graph.width, "tensors": tensors, "default": list(default_stages(graph))}


def schema(kind: type) -> dict[str, Any]:
    """JSON Schema of a configuration dataclass: ranges, choices, help and defaults of every field, in order."""
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = str(top["$ref"]).rsplit("/", 1)[-1]
    found = dict(parts.pop(name))
    found["additionalProperties"] = False
    if parts:
        found["$defs"] = parts
    return found


def presets() -> dict[str, dict[str, Any]]:
    """`method/preset` -> title and the whole configuration; `default` where a method has none of its own."""
    out = {}
    for name, method in METHODS.items():
        for task in method.tasks:
            out[f"{name}/default-{'face' if task == 'face' else 'image'}"] = _preset(name, task, None)
        for key in method.presets:
            out.setdefault(
                f"{name}/{key}", _preset(name, "face" if key.endswith("face") else method.tasks[0], key)
            )
    return out


def preset_toml(name: str) -> str:
    """A preset as a configuration to be edited: data and teacher are examples. Raises ConfigError."""
    known = presets()
    if name not in known:
        raise ConfigError(f"expected a preset among {', '.join(known)}, got {name!r}")
    header = f"{name}: {known[name]['title']}. Put your own paths under [data] and [teacher]."
    return toml_text(known[name]["config"], header)


def _preset(name: str, task: str, preset: str | None) -> dict[str, Any]:
    from facekd.config import BudgetConfig, DataConfig, OptimiserConfig, TeacherConfig, config_table
    from facekd.distil.training.run import complete

    method = METHODS[name]
    face = task == "face"
    data = DataConfig(
        "packed", ("faces.npz",) if face else ("images.npz",), "face" if face else "classification"
    )
    teacher = TeacherConfig()
    if method.needs_teacher:
        teacher = TeacherConfig("onnx", "teacher.onnx") if face else TeacherConfig("run", "runs/teacher")
    network = next(key for key, one in NETWORKS.items() if (one.side == 112) == face)
    fields = {} if preset is None else {"preset": preset}
    config = RunConfig(
        data,
        Choice(network),
        Choice(name, fields),
        teacher,
        budget=BudgetConfig(),
        optimiser=OptimiserConfig("muon") if face else OptimiserConfig(),
    )
    return {"title": method.title, "task": task, "config": config_table(complete(config))}


def first_line(text: str | None) -> str:
    """The summary line of a docstring."""
    return (text or "").strip().split("\n", 1)[0]
