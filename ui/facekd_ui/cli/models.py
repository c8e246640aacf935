"""`models`: the model files at hand, their cards, and bringing in new ones."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from facekd.detect import Detector
from facekd.embed import SIDE, Embedder
from facekd.errors import ModelFileError
from facekd.modelcard import Kind
from facekd.models import ModelFile, Registry, open_model_file
from facekd.onnx_session import Session
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.output import Output


def add_to(commands: Commands) -> None:
    """Add `models` with its sub-commands."""
    group = commands.group("models", "list, check and import model files")
    listing = group.add(
        "list", "list the models at hand", ("facekd-cli models list", "names, kinds, licences")
    )
    listing.set_defaults(run=run_list)
    verify = group.add(
        "verify", "check digest, card, shapes and a first run of a model",
        ("facekd-cli models verify face.onnx", "one file"),
        ("facekd-cli models verify", "all models at hand"),
    )  # fmt: skip
    verify.add_argument("model", nargs="?", type=Path, metavar="M.onnx", help="default: every model at hand")
    verify.set_defaults(run=run_verify)
    bring = group.add(
        "import", "copy a model and its card into the home folder",
        ("facekd-cli models import face.onnx", "its card face.toml lies beside it"),
    )  # fmt: skip
    bring.add_argument("model", type=Path, metavar="M.onnx", help="an .onnx file with its card beside it")
    bring.set_defaults(run=run_import)


def run_list(args: argparse.Namespace, out: Output) -> int:
    """Usable models, and what lies beside them unusable."""
    registry = Registry.from_environment(args.home)
    models = list(registry)
    out.document({"models": [_card(model) for model in models]})
    rows = [
        (m.card.name, m.card.kind, m.card.id[:12], m.card.licence, f"{m.path.stat().st_size / 1e6:.1f} MB")
        for m in models
    ]
    if rows:
        out.table("", ("name", "kind", "id", "licence", "size"), rows)
    else:
        out.say(registry.missing(["detector", "embedder"]))
    for _, reason in registry.broken():
        out.note(f"passed over: {reason}")
    return 0


def run_verify(args: argparse.Namespace, out: Output) -> int:
    """Exit status 1 when a model is not what its card says."""
    registry = Registry.from_environment(args.home)
    checks: list[dict[str, Any]] = []
    if args.model:
        checks.append(_check(open_model_file(args.model)))
    else:
        checks.extend(
            {"model": str(path), "ok": False, "detail": reason} for path, reason in registry.broken()
        )
        checks.extend(_check(model) for model in registry)
    out.document({"checks": checks})
    out.table(
        "", ("model", "ok", "detail"), [(c["model"], "yes" if c["ok"] else "NO", c["detail"]) for c in checks]
    )
    return 0 if all(check["ok"] for check in checks) else 1


def run_import(args: argparse.Namespace, out: Output) -> int:
    """Import only what runs."""
    source = open_model_file(args.model)
    check = _check(source)
    if not check["ok"]:
        raise ModelFileError(check["detail"])
    model = Registry.from_environment(args.home).import_file(args.model)
    out.document(_card(model))
    out.say(
        f"imported {model.card.name} ({model.card.kind}, id {model.card.id[:12]}) into {model.path.parent}"
    )
    return 0


def _check(model: ModelFile) -> dict[str, Any]:
    try:
        provider = _TRIALS[model.card.kind](model)
    except ModelFileError as error:
        return {"model": model.card.name, "ok": False, "detail": str(error)}
    return {
        "model": model.card.name,
        "ok": True,
        "detail": f"digest and shapes fit the card; ran on {provider}",
    }


def _try_detector(model: ModelFile) -> str:
    detector = Detector(model)
    detector.detect(np.zeros((96, 128, 3), np.uint8))
    return detector.provider


def _try_embedder(model: ModelFile) -> str:
    embedder = Embedder(model)
    embedder.embed(np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8))
    return embedder.provider


def _try_classifier(model: ModelFile) -> str:
    card = model.card
    session = Session(model.read(), model.path.name)
    (logits,) = session.run(np.zeros((2, 3, *card.input.size), np.float32))
    if logits.shape != (2, card.dim):
        raise ModelFileError(
            f"{model.path}: expected {card.dim} logits an image, as the card's `dim` says, got {list(logits.shape)}"
        )
    return session.provider


_TRIALS: dict[Kind, Callable[[ModelFile], str]] = {
    "detector": _try_detector,
    "embedder": _try_embedder,
    "classifier": _try_classifier,
}


def _card(model: ModelFile) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(model.card)
    return {"name": fields.pop("name"), "path": str(model.path), **fields}
