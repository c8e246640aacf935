"""`python -m facekd`: the process that trains. People use `facekd-cli`; it and the window start this one.

`train`, `resume` and `export` speak the protocol of `facekd.protocol` on stdout and hear commands on stdin; the other
commands print one JSON document. Exit status: 0 it ran (a stop is no failure), 1 it failed, 2 wrong configuration or
data.
"""

import argparse
import ctypes
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

# Before torch or OpenCV is loaded: thread pools that spin while they wait starve the other processes of a run.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# torch's C++ side has remarks on efficiency that nobody can act on; its errors still come as exceptions.
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")

from facekd.config import RunConfig, load_config
from facekd.errors import FacekdError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


def build_parser() -> argparse.ArgumentParser:
    """The child's own command line."""
    parser = argparse.ArgumentParser(prog="python -m facekd", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a new run")
    train.add_argument("config", type=Path)
    train.add_argument("--out", type=Path, help="the run folder")
    train.add_argument("--runs", type=Path, help="folder of runs, where --out is not given")
    train.add_argument("--seed", type=int)
    train.add_argument("--seeds", type=int, metavar="N", help="train N times, with seeds from --seed on")
    train.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", dest="overrides")
    resume = commands.add_parser("resume", help="go on with a run")
    resume.add_argument("folder", type=Path)
    for one in (train, resume):
        one.add_argument("--detached", action="store_true", help="the end of stdin does not mean stop")
    help_ = commands.add_parser("help", help="be a further process of a run (started by the first one)")
    help_.add_argument("folder", type=Path)
    help_.add_argument("--resume", action="store_true")
    export = commands.add_parser("export", help="write a finished run's model")
    export.add_argument("folder", type=Path)
    export.add_argument("--weights", choices=("last", "best"), default="last")
    export.add_argument("--int8", action="store_true")
    describe = commands.add_parser("describe", help="what can be chosen, as JSON Schema")
    describe.add_argument("--onnx", type=Path, help="the tensors of this file that can be stages")
    commands.add_parser("devices", help="where a run could train, best first")
    estimate = commands.add_parser("estimate", help="time, memory and disk of a run, by a few real steps")
    estimate.add_argument("config", type=Path)
    estimate.add_argument("--out", type=Path, required=True, help="folder for pictures to be shown")
    presets = commands.add_parser("presets", help="ready configurations")
    presets.add_argument("name", nargs="?")
    compare = commands.add_parser("compare", help="several runs in one table and as curves")
    compare.add_argument("folders", type=Path, nargs="+")
    compare.add_argument("--out", type=Path)
    classify = commands.add_parser("classify", help="top-1 and top-5 of a classifier")
    classify.add_argument("--data", type=Path, required=True)
    classify.add_argument("--model", type=Path, required=True)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = build_parser().parse_args(argv)
    logging.basicConfig(format="%(levelname)s: %(message)s", level="WARNING", stream=sys.stderr)
    from facekd.distil.training.progress import claim_stdout  # torch-free, but not needed for --help

    stdout = claim_stdout()
    if args.command in ("train", "resume", "export", "help"):
        return _session(args, stdout)
    try:
        document = _document(args)
    except FacekdError as error:
        print(f"facekd: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_status
    stdout.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
    return 0


def _document(args: argparse.Namespace) -> Any:
    """The answer of a command that prints one document. Imports stay here: most of these need no torch."""
    if args.command == "compare":
        from facekd.distil.training.compare import compare

        return compare(args.folders, args.out)
    if args.command == "classify":
        from facekd.distil.training.classification import evaluate

        return evaluate(args.data, args.model)
    if args.command == "devices":
        from facekd.distil.training.devices import devices

        return {"devices": devices()}
    if args.command == "estimate":
        from facekd.distil.training.estimate import estimate

        return estimate(load_config(args.config), args.out)
    if args.command == "presets":
        from facekd.distil.training.describe import preset_toml, presets

        return {"name": args.name, "toml": preset_toml(args.name)} if args.name else {"presets": presets()}
    from facekd.distil.training.describe import describe, describe_onnx

    return describe_onnx(args.onnx) if args.onnx else describe()


def _session(args: argparse.Namespace, stdout: BinaryIO) -> int:
    from facekd.distil.training.group import leave_group

    _keep_freed_memory()
    status = _trained(args, stdout)
    if status == 0:  # after a failure the others may never come
        leave_group()
    return status


def _keep_freed_memory() -> None:
    """Make glibc keep what a step frees for the next step.

    As it comes, it gives large blocks back at once, and every step faults them in anew: 9 to 12 % of a step's time on
    the CPU that docs/training.md measures, with the same peak of memory.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is not None and hasattr(libc, "mallopt"):  # musl has none
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 28)
        libc.mallopt(M_TRIM_THRESHOLD, 1 << 30)


def _trained(args: argparse.Namespace, stdout: BinaryIO) -> int:
    from facekd.distil.training.progress import Commands
    from facekd.distil.training.session import Session, stop_on_signals

    leads = int(os.environ.get("RANK", "0")) == 0
    commands = Commands()
    stop_on_signals(commands, leads=leads)
    session = Session(stdout if leads else None, commands)
    if args.command == "help":
        return session.help(args.folder, resume=args.resume)
    if args.command == "export":
        return session.export(args.folder, args.weights, int8=args.int8)
    # By torchrun or its like: nobody speaks to us, and stdin may be at its end.
    launched = "WORLD_SIZE" in os.environ
    if leads and not (args.detached or launched):
        commands.listen(sys.stdin.buffer)
    if args.command == "resume":
        return session.resume(args.folder)
    return _train(args, session)


def _train(args: argparse.Namespace, session: Any) -> int:
    from facekd.distil.training import runfolder
    from facekd.protocol import Error

    try:
        config = load_config(args.config, tuple(args.overrides))
        config = _with_seed(config, args.seed)
        folder = args.out or runfolder.new_folder(args.runs or args.config.resolve().parent / "runs", config)
    except FacekdError as error:
        session.channel.emit(Error("config", str(error)))
        print(f"facekd: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if args.seeds:
        first = config.budget.seed
        return int(session.train_seeds(config, folder, range(first, first + args.seeds)))
    return int(session.train(config, folder))


def _with_seed(config: RunConfig, seed: int | None) -> RunConfig:
    if seed is None:
        return config
    return dataclasses.replace(config, budget=dataclasses.replace(config.budget, seed=seed))


if __name__ == "__main__":
    status = main()
    # Everything is written and closed. Past this line the interpreter would take torch apart, and where several
    # processes trained, gloo's threads now and then abort that (torch 2.13: status -6 after a complete run).
    sys.stderr.flush()
    os._exit(status)
