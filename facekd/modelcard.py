"""The card beside each model file: what goes in, what comes out, where it is from, how good it was measured.

`NAME.toml` beside `NAME.onnx`. The `id` is the SHA-256 of the model file, so a card fits exactly one file.
An unknown key is refused by name, because a misspelt key would otherwise be a silently wrong normalisation.
"""

import hashlib
import itertools
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from facekd.config_table import ConfigError, decode
from facekd.errors import ModelFileError

Kind = Literal["detector", "embedder", "classifier"]
"""What a model answers: boxes of faces, an embedding of one, or the logits of classes."""


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network's input tensor holds: (pixel - mean) * scale, pixels 0..255, planar."""

    size: tuple[int, int]  # height, width; 0 = any (detectors)
    colour: Literal["rgb", "bgr"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)  # in the order of `colour`, pixel units
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A measured figure with its sample size and 95 % interval."""

    value: float
    n: int
    lo: float
    hi: float


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cosine at which pairs of different people were accepted with rate `far`, with its 95 % interval."""

    far: float
    value: float
    lo: float
    hi: float
    n: int  # impostor pairs


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's text; `name` is the file's stem, not a key of the file."""

    id: str
    kind: Kind
    input: InputSpec
    licence: str
    origin: str
    dim: int | None = None  # embedders: length of the embedding; classifiers: number of classes
    stages: tuple[str, ...] = ()  # tensors that a student may learn from
    trained_on: str = ""
    method: str = ""
    limits: str = ""
    metrics: dict[str, Metric] = {}
    threshold: tuple[Threshold, ...] = ()
    name: str = ""


def file_digest(data: bytes) -> str:
    """The model id of a file's bytes: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_card(path: Path) -> ModelCard:
    """The card in `path`. Raises ModelFileError for TOML errors, unknown or missing keys and wrong values."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFileError(f"{path}: the model card cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelFileError(f"{path}: the model card is not valid TOML: {error}") from error
    return card_from(table, path)


def card_from(table: dict[str, Any], path: Path) -> ModelCard:
    """The card from its parsed TOML; `path` serves the messages and gives the name."""
    if "name" in table:
        raise ModelFileError(f"{path}: unknown key 'name' in the model card; the file's name is the name")
    try:
        card: ModelCard = decode(table, ModelCard, f"{path}: the model card")
    except ConfigError as error:
        raise ModelFileError(str(error)) from error
    if not re.fullmatch(r"[0-9a-f]{64}", card.id):
        raise ModelFileError(
            f"{path}: expected `id` to be the SHA-256 of the model file (64 hex digits), got {card.id!r}"
        )
    if card.kind != "detector" and not (card.dim and card.dim > 0 and min(card.input.size) > 0):
        raise ModelFileError(
            f"{path}: expected `dim` above 0 and a fixed `input.size` in the card of a model of kind {card.kind}, "
            f"got {card.dim} and {list(card.input.size)}"
        )
    rows = sorted(card.threshold, key=lambda row: row.far)
    falling = all(low.value >= high.value and low.far < high.far for low, high in itertools.pairwise(rows))
    if not (falling and all(0 < row.far <= 1 for row in rows)):
        raise ModelFileError(
            f"{path}: expected [[threshold]] rows with different `far` between 0 and 1 whose `value` falls as `far` "
            f"rises, got {[(row.far, row.value) for row in rows]}"
        )
    return msgspec.structs.replace(card, name=path.stem)
