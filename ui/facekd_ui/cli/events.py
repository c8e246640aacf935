"""`events export`: who was where, as a table to take along."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from facekd.errors import InputError
from facekd_db.records import EventFilter
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import Bar, logged_in
from facekd_ui.cli.output import Output


def add_to(commands: Commands) -> None:
    """Add `events export`."""
    group = commands.group("events", "records of who was seen")
    export = group.add(
        "export", "write events into a CSV or XLSX file",
        ("facekd-cli events export --as ada --out march.xlsx --since 2026-03-01", "for a spreadsheet"),
        ("facekd-cli events export --as ada --out bob.csv --person 'Bob Stone'", "of one person"),
    )  # fmt: skip
    export.add_argument("--out", type=Path, required=True, metavar="F.csv|F.xlsx", help="the ending decides")
    export.add_argument(
        "--since", type=_moment, metavar="WHEN", help="from then on; local time unless it says so"
    )
    export.add_argument("--until", type=_moment, metavar="WHEN", help="before then")
    export.add_argument("--person", metavar="WHO", help="id, code or exact name")
    export.add_argument("--camera", metavar="NAME", help="seen by that camera")
    export.add_argument(
        "--state",
        action="append",
        choices=("known", "uncertain", "unknown", "erased"),
        help="may be repeated",
    )
    export.set_defaults(run=run_export)


def run_export(args: argparse.Namespace, out: Output) -> int:
    """Newest first."""
    with logged_in(args) as services:
        camera_id = None
        if args.camera is not None:
            ids = {camera.name: camera.id for camera in services.records.cameras()}
            if args.camera not in ids:
                known = ", ".join(sorted(ids)) or "none yet"
                raise InputError(f"expected a camera of the records ({known}), got {args.camera!r}")
            camera_id = ids[args.camera]
        person_id = services.people.find(args.person).id if args.person is not None else None
        which = EventFilter(args.since, args.until, person_id, camera_id, frozenset(args.state or ()))
        with out.progress("Writing", services.records.count(which)) as advance:
            done = services.records.export(args.out, which, Bar(advance))
    out.document({"path": str(done.path), "rows": done.rows, "format": done.path.suffix.lower().lstrip(".")})
    out.say(f"{done.path}: {done.rows} events")
    return 0


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a date or time like 2026-03-01 or 2026-03-01T08:00, got {text!r}"
        ) from error
