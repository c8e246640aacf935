"""`facekd-cli`: the application's work for scripts and terminals.

One module a command group; each has `add_to(commands)`, which adds its sub-parsers and sets `run`, a function
`(args, out) -> exit status`. Exit status: 0 it ran, 1 it failed or was refused, 2 bad arguments, input,
configuration or a missing dependency. Nothing here imports Qt or torch.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import facekd
from facekd.errors import FacekdError
from facekd_db.errors import StoreError
from facekd_ui.cli import (
    audit,
    doctor,
    enrol,
    evaluate,
    events,
    models,
    operators,
    people,
    pictures,
    recognise,
    store,
    threshold,
    train,
)
from facekd_ui.cli.commands import Commands, example_text
from facekd_ui.cli.output import Output
from facekd_ui.home import default_home

GROUPS: tuple[ModuleType, ...] = (
    pictures,
    recognise,
    enrol,
    people,
    events,
    operators,
    audit,
    store,
    evaluate,
    threshold,
    train,
    models,
    doctor,
)

EXAMPLES = example_text(
    ("facekd-cli detect holiday.jpg", "find the faces in a picture"),
    ("facekd-cli verify ada1.jpg ada2.jpg", "are these two the same person?"),
    ("facekd-cli recognise door.mp4 --gallery people/", "name the faces in a video"),
    ("facekd-cli store init --as ada", "make the database and its first administrator"),
    ("facekd-cli enrol --as ada --folder people/", "put everyone in a folder on file"),
    ("facekd-cli doctor", "is everything in place?"),
)


def _global_options(*, defaults: bool) -> argparse.ArgumentParser:
    """Options that may stand before or after the command.

    The copy after the command must not overwrite what stood before it, hence no defaults there.
    """
    absent = argparse.SUPPRESS
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("for every command")
    group.add_argument(
        "--home", type=Path, metavar="DIR", default=default_home() if defaults else absent,
        help="folder for settings, models and runs (or FACEKD_HOME; default: %(default)s)" if defaults
        else "folder for settings, models and runs",
    )  # fmt: skip
    group.add_argument(
        "--db-url", metavar="URL", default=None if defaults else absent,
        help="the database (or FACEKD_DB_URL; default: what the settings name, else a file in the home folder)",
    )  # fmt: skip
    group.add_argument(
        "--as", dest="as_operator", metavar="NAME", default=None if defaults else absent,
        help="operator to act as where the store is touched; password from a prompt or FACEKD_PASSWORD",
    )  # fmt: skip
    group.add_argument(
        "--threads", type=_thread_count, metavar="N", default=None if defaults else absent,
        help="threads for the networks (default: all cores)",
    )  # fmt: skip
    group.add_argument(
        "--json", action="store_true", default=False if defaults else absent,
        help="print JSON on stdout, everything else on stderr",
    )  # fmt: skip
    group.add_argument(
        "--quiet", action="store_true", default=False if defaults else absent,
        help="no progress bars and no remarks",
    )  # fmt: skip
    return parser


def _thread_count(text: str) -> int:
    cores = os.cpu_count() or 1
    if not text.isdecimal() or not 1 <= int(text) <= 4 * cores:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {4 * cores}, got {text!r}")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="facekd-cli",
        description="Find, compare and recognise faces.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_global_options(defaults=True)],
    )
    parser.add_argument("--version", action="version", version=f"facekd {facekd.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands = Commands(subparsers, parents=[_global_options(defaults=False)])
    for group in GROUPS:
        group.add_to(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = build_parser().parse_args(argv)
    out = Output(json=args.json, quiet=args.quiet)
    logging.basicConfig(format="%(levelname)s: %(message)s", level="ERROR" if args.quiet else "WARNING")
    try:
        status: int = args.run(args, out)
    except (FacekdError, StoreError) as error:
        print(f"facekd-cli: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # The reader of stdout has gone (`facekd-cli detect x | head`): nothing left to say, and Python must not
        # complain about it when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("facekd-cli: stopped", file=sys.stderr)
        return 1
    return status
