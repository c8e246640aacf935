"""Checkpoints: tensors as safetensors, everything else as JSON, complete or not there at all. Never pickle.

`state.json` names its tensor file, so the one replacement of `state.json` switches from the old pair to the new;
a process killed at any moment leaves one whole pair behind.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from facekd.errors import FacekdError

FORMAT = 1
STATE = "state.json"
BEST = "best.safetensors"
LAST = "last.safetensors"
"""The finished student alone, without teacher, head, connectors or branches."""
PREPARATION = "preparation.safetensors"


class CheckpointError(FacekdError):
    """There is no checkpoint, or it cannot be used."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class State:
    """What a run needs to go on as if nothing had happened."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]  # JSON values


def write_state(folder: Path, state: State) -> Path:
    """Write a checkpoint and return the path of its JSON file. Raises OSError when the disk is full."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"state-{secrets.token_hex(6)}.safetensors"
    try:
        write_tensors(folder / name, state.tensors)
        text = json.dumps({"format": FORMAT, "tensors": name, **state.facts}, allow_nan=True)
        write_bytes(folder / STATE, text.encode())
    except OSError:
        (folder / name).unlink(missing_ok=True)
        raise
    for old in folder.glob("state-*.safetensors"):
        if old.name != name:
            old.unlink(missing_ok=True)
    return folder / STATE


def read_state(folder: Path) -> State:
    """The last complete checkpoint in a run's `checkpoint` folder. Raises CheckpointError."""
    path = folder / STATE
    try:
        facts = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: expected a checkpoint to resume from, found none; train anew"
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: the checkpoint cannot be read ({error})") from error
    if facts.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: checkpoint of format {facts.get('format')}, this program reads {FORMAT}"
        )
    return State(read_tensors(folder / str(facts["tensors"])), facts)


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Named tensors as safetensors; the file appears complete or not at all."""
    # safetensors refuses tensors that share memory or have gaps; contiguous copies have neither
    write_bytes(path, save({name: _plain(tensor) for name, tensor in tensors.items()}))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file. Raises CheckpointError when it is missing or damaged."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: the weights cannot be read ({error}); use another checkpoint"
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """A file that appears complete or not at all, on the disk when this returns."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous(memory_format=torch.contiguous_format)


def pack_optimiser(optimiser: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The optimiser's tensors by name, and its other numbers. Learning rates follow from the step."""
    tensors: dict[str, Tensor] = {}
    others: dict[str, Any] = {}
    for number, values in optimiser.state_dict()["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{number}.{key}"] = value
            elif value is not None:
                others[f"{number}.{key}"] = value
    return tensors, others


def unpack_optimiser(
    optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor], others: dict[str, Any]
) -> None:
    """Put back what `pack_optimiser` gave. Raises CheckpointError when it belongs to another network."""
    table = optimiser.state_dict()
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**tensors, **others}.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    try:
        optimiser.load_state_dict({"state": state, "param_groups": table["param_groups"]})
    except (ValueError, KeyError) as error:
        raise CheckpointError(
            f"the checkpoint's optimiser does not fit this configuration: {error}"
        ) from error
    # torch moves the state to the parameter's type, but not into its memory format
    for parameter, values in optimiser.state.items():
        for key, value in values.items():
            if isinstance(value, Tensor) and value.ndim == 4 and value.shape == parameter.shape:
                values[key] = torch.empty_like(parameter, memory_format=torch.preserve_format).copy_(value)


def load_weights(module: nn.Module, tensors: dict[str, Tensor], where: str) -> None:
    """Load a state dict strictly. Raises CheckpointError when names or shapes differ."""
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()
        raise CheckpointError(
            f"{where}: the weights do not fit this network: {' '.join(first[:2])}"
        ) from error


def random_states() -> dict[str, Tensor]:
    """The generators that networks may use (dropout); order and views are functions of the epoch."""
    states = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["random.cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(tensors: dict[str, Tensor]) -> None:
    """Put back what `random_states` gave."""
    if "random.cpu" in tensors:
        torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])
