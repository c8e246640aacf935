"""The card of an exported student: what it takes, where it comes from, how good it was, and where its lines lie."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from facekd.config import RunConfig
from facekd.config_table import toml_text
from facekd.distil.data.imageset import ImageSet
from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.training import runfolder
from facekd.distil.training.checkpoint import write_bytes
from facekd.distil.training.rights import kept_rights, student_data, student_licence, student_limits
from facekd.distil.training.runtime import open_network
from facekd.evaluation.intervals import wilson_interval
from facekd.evaluation.lines import Lines, few_each, measure_lines
from facekd.modelcard import InputSpec, file_digest
from facekd.models import open_model_file

BATCH = 128


def write_card(
    model: Path,
    config: RunConfig,
    spec: InputSpec,
    dim: int,
    weights: str,
    folder: Path,
    validation: ImageSet | None,
) -> None:
    """Write the card beside an exported model.

    Args:
        model: the ONNX file. dim: length of its answer. spec: what it is fed. weights: which, in words.
        config, folder: of the run.
        validation: images that were not learned from; a recogniser's thresholds come from their people.
    """
    data = model.read_bytes()
    rights = kept_rights(folder, config)
    table: dict[str, Any] = {
        "id": file_digest(data),
        "kind": "embedder" if config.data.task == "face" else "classifier",
        "licence": student_licence(config.data, rights),
        "origin": f"facekd run {folder.name}, weights of the {weights} epoch",
        "dim": dim,
        "trained_on": student_data(config.data, rights),
        "method": config.method.name + (f", teacher {rights.name}" if rights else ", no teacher"),
        "limits": student_limits(config.data, rights),
        "input": {
            "size": list(spec.size),
            "colour": spec.colour,
            "mean": list(spec.mean),
            "scale": list(spec.scale),
        },
    }
    text = toml_text(table)
    metrics = _metrics(folder, weights)
    if config.data.task == "face" and validation is not None:
        lines = _lines(data, spec, validation)
        metrics |= {key: msgspec.to_builtins(metric) for key, metric in lines.metrics.items()}
        for row in lines.thresholds:
            text += "\n[[threshold]]\n" + toml_text(msgspec.to_builtins(row))
    for key, figure in metrics.items():
        text += f'\n[metrics."{key}"]\n' + toml_text(figure)
    write_bytes(model.with_suffix(".toml"), text.encode())
    open_model_file(model)  # reads the card as everybody will


def _metrics(folder: Path, weights: str) -> dict[str, dict[str, float]]:
    """Shares among the validation figures with their n and 95 % interval."""
    path = folder / runfolder.METRICS
    if not path.is_file() or "int8" in weights:
        return {}
    found = runfolder.read_json(path).get("best" if weights == "best" else "last") or {}
    val = found.get("val") or {}
    n = int(val.get("n", 0))
    shares = {key: float(val[key]) for key in ("accuracy", "top1", "top5") if key in val}
    out = {}
    for key, value in shares.items():
        lo, hi = wilson_interval(round(value * n), n) if n else (0.0, 1.0)
        out[f"validation {key}"] = {"value": value, "n": n, "lo": lo, "hi": hi}
    return out


def _lines(network: bytes, spec: InputSpec, validation: ImageSet) -> Lines:
    """What pairs of the validation people say; nothing where they are fewer than two."""
    known = np.flatnonzero(validation.labels >= 0)
    if len(np.unique(validation.labels[known])) < 2:
        return Lines(0, 0, (), {})
    rows = known[few_each(validation.labels[known])]
    session = open_network(network)
    (name,) = (each.name for each in session.get_inputs())
    prepare = Preprocess(spec)
    parts = []
    for start in range(0, len(rows), BATCH):
        images = torch.from_numpy(validation.images[rows[start : start + BATCH]]).permute(0, 3, 1, 2).float()
        parts.append(session.run(None, {name: prepare(images).contiguous().numpy()})[0])
    vectors = np.concatenate(parts).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return measure_lines(vectors, validation.labels[rows])
