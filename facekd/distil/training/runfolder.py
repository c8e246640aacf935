"""The run folder (contracts section 3): what each file is called, and how the small ones are written."""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import facekd
from facekd.config import RunConfig, config_table, load_config
from facekd.config_table import ConfigError, toml_text
from facekd.distil.training.checkpoint import write_bytes

CONFIG = "config.toml"
ENVIRONMENT = "environment.json"
METRICS = "metrics.json"
CHECKPOINT = "checkpoint"
CLASSES = "classes.json"
MODEL = "student.onnx"
CARD = "student.toml"
PACKAGES = ("torch", "numpy", "onnx", "onnxruntime", "safetensors", "opencv-python-headless", "msgspec")


def new_folder(runs: Path, config: RunConfig) -> Path:
    """`<utc>-<method>-<student>-<seed>` below `runs`; a number is added when it exists already."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    words = (now, config.method.name, config.student.name, str(config.budget.seed))
    name = "-".join(re.sub(r"[^\w.]+", "_", word) for word in words)
    folder = runs / name
    for number in range(2, 1000):
        if not folder.exists():
            break
        folder = runs / f"{name}-{number}"
    return folder


def prepare_folder(folder: Path, config: RunConfig) -> None:
    """Make the folder with the complete configuration and the environment.

    Raises:
        ConfigError: there is a run in it already.
    """
    if (folder / CONFIG).exists():
        raise ConfigError(
            f"{folder}: there is a run in this folder already; resume it, or choose another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    header = "Complete: every default is written out. Train it again with `facekd-cli train config.toml`."
    write_bytes(folder / CONFIG, toml_text(config_table(config), header).encode())
    write_json(folder / ENVIRONMENT, environment())


def read_config(folder: Path) -> RunConfig:
    """The configuration of an existing run. Raises ConfigError."""
    if not (folder / CONFIG).is_file():
        raise ConfigError(f"{folder}: expected a run folder with {CONFIG} in it, found none")
    return load_config(folder / CONFIG)


def config_changes(before: Mapping[str, Any] | None, config: RunConfig) -> list[str]:
    """`section.key: old -> new` of every value that differs from a checkpoint's; none when an old one has none."""
    if before is None:
        return []
    found = []
    for section, values in json.loads(json.dumps(config_table(config))).items():  # as a checkpoint holds it
        old = before.get(section)
        if isinstance(values, dict) and isinstance(old, dict):
            keys = [key for key in {**old, **values} if old.get(key) != values.get(key)]
            found += [f"{section}.{key}: {old.get(key)!r} -> {values.get(key)!r}" for key in keys]
        elif old != values:
            found.append(f"{section}: {old!r} -> {values!r}")
    return found


def environment() -> dict[str, Any]:
    """Versions, commit and hardware, so that a figure can be traced."""
    return {
        "facekd": facekd.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "system": platform.platform(),
        "processor": processor(),
        "cores": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "command": sys.argv[1:],
    }


def read_json(path: Path) -> Any:
    """A JSON file's content. Raises ConfigError when it is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: expected JSON written by a run, but it cannot be read ({error})"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """A JSON file, complete or not there at all. NaN and infinity become null."""
    write_bytes(path, json.dumps(_finite(value), ensure_ascii=False, indent=1).encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the source tree, when this is one; `+` when files differ from it."""
    root = Path(facekd.__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--dirty=+"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def processor() -> str:
    """The name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
