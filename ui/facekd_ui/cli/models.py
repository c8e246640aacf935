"""`models`: the model files at hand, their cards, and bringing in new ones; `model_changes` puts them to use."""

import argparse
from pathlib import Path
from typing import Any

from facekd.errors import ModelFileError
from facekd.models import ModelFile, Registry, open_model_file
from facekd_ui.cli import model_changes
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import logged_in
from facekd_ui.cli.model_changes import card_json
from facekd_ui.cli.output import Output
from facekd_ui.services.model_trials import try_out


def add_to(commands: Commands) -> None:
    """Add `models` with its sub-commands."""
    group = commands.group("models", "list, check and import model files")
    listing = group.add(
        "list", "list the models at hand", ("facekd-cli models list", "names, kinds, licences"),
        ("facekd-cli models list --as ada", "and which one is in use, and which one a rollback brings back"),
    )  # fmt: skip
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
    model_changes.add_to(group)


def run_list(args: argparse.Namespace, out: Output) -> int:
    """Usable models, and what lies beside them unusable."""
    registry = Registry.from_environment(args.home)
    models = list(registry)
    roles = _roles(args)
    out.document(
        {
            "models": [
                {**_card(model), **({"role": roles.get(model.card.id)} if roles else {})} for model in models
            ]
        }
    )
    rows = [
        (
            m.card.name,
            m.card.kind,
            m.card.id[:12],
            m.card.licence,
            f"{m.path.stat().st_size / 1e6:.1f} MB",
            roles.get(m.card.id, ""),
        )
        for m in models
    ]
    if rows:
        out.table("", ("name", "kind", "id", "licence", "size", "role"), rows)
    else:
        out.say(registry.missing(["detector", "embedder"]))
    for _, reason in registry.broken():
        out.note(f"passed over: {reason}")
    return 0


def _roles(args: argparse.Namespace) -> dict[str, str]:
    """Which model is in use, being deployed, or what a rollback brings back: told to an operator who may know."""
    if not args.as_operator:
        return {}
    with logged_in(args) as services:
        standing = services.deployment.state()
    found = {
        "in use": standing.active,
        "being deployed": standing.staging,
        "rollback": standing.rollback,
    }
    return {row.model_id: role for role, row in found.items() if row is not None}


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
        provider = try_out(model)
    except ModelFileError as error:
        return {"model": model.card.name, "ok": False, "detail": str(error)}
    return {
        "model": model.card.name,
        "ok": True,
        "detail": f"digest and shapes fit the card; ran on {provider}",
    }


def _card(model: ModelFile) -> dict[str, Any]:
    return {"path": str(model.path), **card_json(model.card)}
