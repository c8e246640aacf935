"""`train`, `resume`, `export`, `compare`, `describe`, `presets`: what happens in the training process, for terminals.

Nothing here loads torch: `python -m facekd` is started, its events are shown as they come, and Ctrl-C is passed on as
`stop`, which ends with a checkpoint.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facekd.protocol import Done, Error, Stopped
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.output import Output
from facekd_ui.cli.training_child import follow
from facekd_ui.services.training_child import TrainingFailed, TrainingRefused, ask

MOST_SEEDS = 1000


def add_to(commands: Commands) -> None:
    """Add the training commands."""
    train = commands.add(
        "train",
        "train a student as a configuration says",
        ("facekd-cli train run.toml", "a run folder appears below HOME/runs"),
        (
            "facekd-cli train run.toml --set budget.epochs=5 --out runs/trial",
            "change a value, name the folder",
        ),
        ("facekd-cli train run.toml --seeds 3", "three runs, with mean and deviation"),
    )
    train.add_argument("config", type=Path, metavar="CONFIG", help="TOML; see `presets` for complete ones")
    train.add_argument(
        "--out", type=Path, metavar="DIR", help="the run folder (default: HOME/runs/TIME-METHOD-...)"
    )
    train.add_argument("--seed", type=_seed, metavar="N", help="instead of [budget] seed")
    train.add_argument(
        "--seeds", type=_count, metavar="N", help="train N times, seeds counted up from the first"
    )
    train.add_argument(
        "--set", action="append", default=[], dest="overrides", metavar="a.b=value",
        help="change one value of the configuration; may be repeated",
    )  # fmt: skip
    train.set_defaults(run=run_train)
    resume = commands.add(
        "resume", "go on with a stopped or killed run", ("facekd-cli resume runs/trial", "")
    )
    resume.add_argument(
        "folder", type=Path, metavar="DIR", help="the run folder; its config.toml decides, as it did before"
    )
    # Not offered, but people try it: they shall read why, not what argparse makes of it.
    resume.add_argument("--set", action="append", default=[], dest="overrides", help=argparse.SUPPRESS)
    resume.set_defaults(run=run_resume)
    export = commands.add(
        "export",
        "write a finished run's model as ONNX with its card",
        ("facekd-cli export runs/trial --int8", "also quantised to 8 bits"),
    )
    export.add_argument("folder", type=Path, metavar="DIR", help="the run folder")
    export.add_argument(
        "--weights", choices=("last", "best"), default="last",
        help="the last epoch's are the result; the best on the validation images on demand (default: %(default)s)",
    )  # fmt: skip
    export.add_argument("--int8", action="store_true", help="also write a quantised model")
    export.set_defaults(run=run_export)
    compare = commands.add(
        "compare", "several runs in one table and as curves", ("facekd-cli compare runs/*", "")
    )
    compare.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="run folders")
    compare.add_argument(
        "--out", type=Path, metavar="DIR", help="write CSV tables and PNG and SVG curves here"
    )
    compare.set_defaults(run=run_compare)
    describe = commands.add("describe", "list methods and networks with all their fields")
    describe.add_argument(
        "--onnx", type=Path, metavar="F.onnx", help="the tensors of a file that can be stages"
    )
    describe.set_defaults(run=run_describe)
    presets = commands.add(
        "presets",
        "ready configurations to start from",
        ("facekd-cli presets", "their names"),
        ("facekd-cli presets ccskd/default-face > run.toml", "one of them, complete"),
    )
    presets.add_argument("name", nargs="?", metavar="NAME", help="print this one as TOML")
    presets.set_defaults(run=run_presets)


def add_classification(group: Commands) -> None:
    """Add `evaluate classification` to the group of `evaluate`."""
    parser = group.add(
        "classification",
        "top-1 and top-5 of an exported classifier",
        ("facekd-cli evaluate classification --data test.npz --model runs/trial", "a run's student.onnx"),
    )
    parser.add_argument(
        "--data", type=Path, required=True, metavar="D", help="packed npz, folder, CIFAR or Tiny-ImageNet"
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="RUN|M.onnx", help="run folder or ONNX file"
    )
    parser.set_defaults(run=run_classification)


def run_train(args: argparse.Namespace, out: Output) -> int:
    """Train a new run."""
    words = ["train", str(args.config), "--runs", str(args.home / "runs")]
    words += ["--out", str(args.out)] if args.out else []
    words += ["--seed", str(args.seed)] if args.seed is not None else []
    words += ["--seeds", str(args.seeds)] if args.seeds else []
    for text in args.overrides:
        words += ["--set", text]
    if args.threads:
        words += ["--set", f"budget.threads={args.threads}"]
    return _follow(words, args, out)


def run_resume(args: argparse.Namespace, out: Output) -> int:
    """Go on with a run, as it was begun: other values are another run."""
    if args.overrides:
        config = args.folder / "config.toml"
        raise TrainingRefused(
            f"resume takes no --set, because the schedules of a run belong to its first configuration; start a new run "
            f"with: facekd-cli train {config} --set {args.overrides[0]} (only to get past an error, such as too large "
            f"a batch, change {config} and resume)"
        )
    return _follow(["resume", str(args.folder)], args, out)


def run_export(args: argparse.Namespace, out: Output) -> int:
    """Export a finished run."""
    words = ["export", str(args.folder), "--weights", args.weights, *(["--int8"] if args.int8 else [])]
    return _follow(words, args, out)


def run_compare(args: argparse.Namespace, out: Output) -> int:
    """Compare runs."""
    words = ["compare", *map(str, args.folders), *(["--out", str(args.out)] if args.out else [])]
    document = ask(words, args.home)
    out.document(document)
    for title, rows in (("Runs", document["runs"]), ("By recipe", document["summary"])):
        columns = list(rows[0])
        cells = [["" if row[key] is None else _cell(row[key]) for key in columns] for row in rows]
        out.table(title, columns, cells)
    for file in document["files"]:
        out.note(f"wrote {file}")
    return 0


def run_describe(args: argparse.Namespace, out: Output) -> int:
    """List what can be chosen."""
    if args.onnx:
        document = ask(["describe", "--onnx", str(args.onnx)], args.home)
        out.document(document)
        taken = set(document["default"])
        rows = [
            (
                t["name"],
                t["stride"],
                t["channels"],
                "yes" if t["signed"] else "no",
                "*" if t["name"] in taken else "",
            )
            for t in document["tensors"]
        ]
        out.table(f"Stages of {args.onnx.name}", ("tensor", "stride", "channels", "signed", "default"), rows)
        return 0
    document = ask(["describe"], args.home)
    out.document(document)
    for kind in ("methods", "networks"):
        for name, one in document[kind].items():
            fields = [
                (key, _range(field), _cell(field.get("default", "")), field.get("description", ""))
                for key, field in one["schema"]["properties"].items()
            ]
            out.table(
                f"{kind[:-1]} {name}: {one['title']}", ("field", "range", "default", "what it is"), fields
            )
    return 0


def run_presets(args: argparse.Namespace, out: Output) -> int:
    """List presets, or print one."""
    document = ask(["presets", *([args.name] if args.name else [])], args.home)
    out.document(document)
    if args.name:
        out.say(document["toml"])
        return 0
    rows = [(name, one["title"], one["task"]) for name, one in document["presets"].items()]
    out.table("Presets", ("name", "method", "task"), rows)
    return 0


def run_classification(args: argparse.Namespace, out: Output) -> int:
    """Measure a classifier."""
    document = ask(["classify", "--data", str(args.data), "--model", str(args.model)], args.home)
    out.document(document)
    out.say(
        f"top-1 {100 * document['top1']:.2f} %, top-5 {100 * document['top5']:.2f} % of {document['n']:,} images"
    )
    return 0


def _follow(words: Sequence[str], args: argparse.Namespace, out: Output) -> int:
    """Let the training process work and say how it ended."""
    finals, run, status = follow(words, args.home, quiet=out.quiet)
    last = finals[-1] if finals else None
    if isinstance(last, Error):
        raise (TrainingRefused if last.kind in ("config", "data") else TrainingFailed)(last.text)
    if last is None:
        raise TrainingFailed(
            f"the training process ended with status {status} and without a last word; what it said stands above"
        )
    if isinstance(last, Stopped):
        out.document({"run": run, "stopped": True, "epoch": last.epoch, "checkpoint": last.checkpoint})
        out.say(f"stopped in epoch {last.epoch}; go on with: facekd-cli resume {run}")
        return 0
    document: dict[str, Any] = {"run": run, "stopped": False, "model": last.model, "sha256": last.sha256}
    document["metrics"] = last.metrics
    done = [event for event in finals if isinstance(event, Done)]
    if len(done) > 1:
        summary = json.loads((Path(run).parent / "summary.json").read_text("utf-8"))
        document["summary"] = summary
        for key, value in summary["last"].items():
            if key != "n":
                out.say(
                    f"{key} {value['mean']:.4f} +- {value['std']:.4f} over {len(done)} seeds (last epoch)"
                )
    out.document(document)
    out.table(
        f"{last.model}", ("figure", "value"), [(key, _cell(value)) for key, value in last.metrics.items()]
    )
    return 0


def _range(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " ".join(map(str, field["enum"]))
    bounds = [
        f"{sign} {field[key]:g}"
        for sign, key in (
            (">=", "minimum"),
            (">", "exclusiveMinimum"),
            ("<=", "maximum"),
            ("<", "exclusiveMaximum"),
        )
        if key in field
    ]
    return f"{field.get('type', '')} {' '.join(bounds)}".strip()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:.5g}"
    return str(value)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {2**31 - 1}, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST_SEEDS}, got {text!r}")
    return int(text)
