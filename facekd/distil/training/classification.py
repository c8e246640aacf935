"""`evaluate classification`: top-1 and top-5 of an exported classifier. Needs no torch."""

import json
from pathlib import Path

import numpy as np
import onnx

from facekd.config_table import ConfigError
from facekd.distil.data.imageset import default_cache
from facekd.distil.data.readers import open_for_evaluation
from facekd.errors import ModelFileError
from facekd.modelcard import InputSpec
from facekd.onnx_session import Session

BATCH = 64


def evaluate(data: Path, model: Path, threads: int | None = None) -> dict[str, float]:
    """`top1`, `top5` and `n` of a run folder's `student.onnx`, or of such a file, on labelled images.

    Raises:
        InputError: data or model do not exist, or have other classes.
    """
    path = model / "student.onnx" if model.is_dir() else model
    classes, spec = read_classifier(path)
    images = open_for_evaluation(data, "classification", spec.size[0], classes, default_cache())
    known = np.flatnonzero(images.labels >= 0)
    if not len(known):
        raise ConfigError(f"{data}: expected labelled images, found none")
    session = Session(path.read_bytes(), str(path), threads=threads)
    mean, scale = np.asarray(spec.mean, np.float32), np.asarray(spec.scale, np.float32)
    first = among = 0
    for begin in range(0, len(known), BATCH):
        rows = known[begin : begin + BATCH]
        batch = (images.images[rows].astype(np.float32) - mean) * scale
        (logits,) = session.run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
        hits = order == images.labels[rows][:, None]
        first, among = first + int(hits[:, 0].sum()), among + int(hits.any(1).sum())
    return {"top1": first / len(known), "top5": among / len(known), "n": len(known)}


def read_classifier(path: Path) -> tuple[tuple[str, ...], InputSpec]:
    """The classes of an exported classifier, in the order of its logits, and how it wants its pixels."""
    if not path.is_file():
        raise ModelFileError(
            f"{path}: expected a run folder with student.onnx, or an .onnx file; found neither"
        )
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf raises its own kinds
        raise ModelFileError(f"{path}: expected an ONNX file, but it cannot be read ({error})") from error
    facts = {entry.key: entry.value for entry in model.metadata_props}
    if "classes" not in facts or "input" not in facts:
        raise ModelFileError(
            f"{path}: expected a classifier exported by facekd, which names its classes; this file does not"
        )
    spec = json.loads(facts["input"])
    return tuple(json.loads(facts["classes"])), InputSpec(
        tuple(spec["size"]), spec["colour"], tuple(spec["mean"]), tuple(spec["scale"])
    )
