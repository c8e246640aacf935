"""`audit`: check the log of who did what, and take it along."""

import argparse
from pathlib import Path

from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import Bar, logged_in
from facekd_ui.cli.output import Output


def add_to(commands: Commands) -> None:
    """Add `audit` with its sub-commands."""
    group = commands.group("audit", "the log of who did what")
    verify = group.add(
        "verify", "check that no row was changed, removed or slipped in",
        ("facekd-cli audit verify --as uma", "exit status 1 when the chain is broken"),
    )  # fmt: skip
    verify.set_defaults(run=run_verify)
    export = group.add(
        "export",
        "write every row as a JSON line",
        ("facekd-cli audit export --as uma --out audit.jsonl", "with hashes"),
    )
    export.add_argument("--out", type=Path, required=True, metavar="F.jsonl")
    export.set_defaults(run=run_export)


def run_verify(args: argparse.Namespace, out: Output) -> int:
    """Note the head elsewhere: it also shows a log that was rewritten as a whole."""
    with logged_in(args) as services:
        report = services.audit.verify()
    intact = report.broken is None
    out.document(
        {"ok": intact, "rows": report.rows, "head": report.head, "broken": report.broken, "why": report.why}
    )
    out.say(
        f"{report.rows} rows, unbroken; head {report.head}"
        if intact
        else f"the chain breaks at row {report.broken}: {report.why}"
    )
    return 0 if intact else 1


def run_export(args: argparse.Namespace, out: Output) -> int:
    """Newest first."""
    with logged_in(args) as services, out.progress("Writing", None) as advance:
        done = services.audit.export(args.out, Bar(advance))
    out.document(
        {"path": str(done.path), "rows": done.rows, "head": done.report.head, "broken": done.report.broken}
    )
    out.say(f"{done.path}: {done.rows} rows")
    return 0
