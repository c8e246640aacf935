"""`evaluate classification`: top-1 and top-5 of an exported classifier. Needs no torch."""

import json
from pathlib import Path

import numpy as np
import onnx

from facekd.config_table import ConfigError
from facekd.distil.data.imageset import default_cache
from facekd.distil.data.readers import open_for_evaluation
from facekd.errors import ModelFileError
from facekd.models import ModelFile, open_model_file
from facekd.onnx_session import Session

BATCH = 64
CLASSES = "classes"
"""Key of the metadata of an exported classifier: the names of its classes as JSON."""


def evaluate(data: Path, model: Path, threads: int | None = None) -> dict[str, float]:
    """`top1`, `top5` and `n` of a run folder's `student.onnx`, or of such a file, on labelled images.

    Raises:
        InputError: data or model do not exist, or have other classes.
    """
    path = model / "student.onnx" if model.is_dir() else model
    found, classes = open_classifier(path)
    spec = found.card.input
    images = open_for_evaluation(data, "classification", spec.size[0], classes, default_cache())
    known = np.flatnonzero(images.labels >= 0)
    if not len(known):
        raise ConfigError(f"{data}: expected labelled images, found none")
    session = Session(found.read(), str(path), threads=threads)
    mean, scale = np.asarray(spec.mean, np.float32), np.asarray(spec.scale, np.float32)
    channels = slice(None) if spec.colour == "rgb" else slice(None, None, -1)
    first = among = 0
    for begin in range(0, len(known), BATCH):
        rows = known[begin : begin + BATCH]
        batch = (images.images[rows][..., channels].astype(np.float32) - mean) * scale
        (logits,) = session.run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
        order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
        hits = order == images.labels[rows][:, None]
        first, among = first + int(hits[:, 0].sum()), among + int(hits.any(1).sum())
    return {"top1": first / len(known), "top5": among / len(known), "n": len(known)}


def open_classifier(path: Path) -> tuple[ModelFile, tuple[str, ...]]:
    """A classifier by its card, and its classes in the order of its logits.

    Raises ModelFileError: no such file or card, a model of another kind, or one that does not name its classes.
    """
    if not path.is_file():
        raise ModelFileError(
            f"{path}: expected a run folder with student.onnx, or an .onnx file; found neither"
        )
    model = open_model_file(path)
    if model.card.kind != "classifier":
        raise ModelFileError(
            f"{path}: expected a classifier, got a model of kind {model.card.kind}"
            + ("; see `facekd-cli evaluate verification`" if model.card.kind == "embedder" else "")
        )
    classes = named_classes(path)
    if len(classes) != model.card.dim:
        raise ModelFileError(
            f"{path}: expected the names of its {model.card.dim} classes inside the file, as `facekd-cli export` "
            f"writes them, found {len(classes) or 'none'}"
        )
    return model, classes


def named_classes(path: Path) -> tuple[str, ...]:
    """The classes that an ONNX file names in its metadata, in the order of its logits; empty: none."""
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf raises its own kinds
        raise ModelFileError(f"{path}: expected an ONNX file, but it cannot be read ({error})") from error
    named = next((entry.value for entry in model.metadata_props if entry.key == CLASSES), "[]")
    return tuple(json.loads(named))
