"""`enrol`: put people on file, one by name or a whole folder."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facekd.errors import InputError
from facekd.images import list_pictures
from facekd_db.records import PersonFields
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import Bar, logged_in
from facekd_ui.cli.networks import add_options
from facekd_ui.cli.output import Output

if TYPE_CHECKING:
    from facekd_ui.services.everything import Services
    from facekd_ui.services.examination import Shot
    from facekd_ui.services.imports import ImportReport, ImportRow
    from facekd_ui.services.people import GivenConsent


def add_to(commands: Commands) -> None:
    """Add `enrol`."""
    parser = commands.add(
        "enrol", "put people on file from photographs",
        ("facekd-cli enrol --as ada --name 'Bob Stone' b1.jpg b2.jpg", "one person"),
        ("facekd-cli enrol --as ada --folder people/ --dry-run", "what people/NAME/*.jpg would become"),
        ("facekd-cli enrol --as ada --folder people/", "everyone in it; run it again to resume"),
    )  # fmt: skip
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="photographs of one person, or folders"
    )
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--name", help="the person's name; photographs of somebody on file are added to that person"
    )
    who.add_argument(
        "--folder", type=Path, metavar="DIR", help="a folder with a folder of photographs per person"
    )
    parser.add_argument("--code", help="the person's code, such as a staff number; unique")
    parser.add_argument("--department", default="", help="where the person works")
    parser.add_argument("--new", action="store_true", help="a new person, although the name is on file")
    parser.add_argument(
        "--somebody-else", action="store_true",
        help="not whoever on file the face resembles; you looked, and the audit log says so",
    )  # fmt: skip
    parser.add_argument(
        "--consent-by", metavar="NAME", help="who agreed to recognition, just now, to the text in force"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --folder: say what would be done, write nothing"
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, out: Output) -> int:
    """One document, whatever became of the photographs."""
    if bool(args.name) != bool(args.files):
        raise InputError(
            "expected either --name NAME with photographs, or --folder DIR alone; see enrol --help"
        )
    with logged_in(args) as services:
        consent = _consent(services, args.consent_by)
        if args.name:
            people = [_one(args, services, consent)]
        else:
            report = _folder(args, services, consent, out)
            people = [_row_json(row) for row in report.rows]
            if not report.complete:
                out.note("stopped before its end; run it again to go on")
    out.document({"people": people})
    _say(people, out)
    return 0


def _one(args: argparse.Namespace, services: "Services", consent: "GivenConsent | None") -> dict[str, Any]:
    from facekd_ui.services.enrolment import refused_as
    from facekd_ui.services.errors import LooksAlike, NothingUsable

    shots = services.enrolment.examine_files(_files(args.files))
    fields = PersonFields(args.name, code=args.code, department=args.department)
    known = None if args.new else _on_file(services, args)
    try:
        if known is None:
            done = services.enrolment.enrol(fields, shots, consent, somebody_else=args.somebody_else)
        else:
            done = services.enrolment.add_photos(known, shots, somebody_else=args.somebody_else)
    except NothingUsable as error:
        return _person_json(known, args.name, 0, error.refused)
    except LooksAlike as error:
        refused = [refused_as(error.alike[0], shot) if shot.usable else shot for shot in shots]
        return _person_json(known, args.name, 0, refused)
    return _person_json(done.person.id, done.person.name, done.templates, done.refused)


def _on_file(services: "Services", args: argparse.Namespace) -> int | None:
    """The id of the one person of that code or, without a code, of that name."""
    from facekd_db.errors import NotFound

    try:
        person = services.people.find(args.code or args.name)
    except NotFound:
        return None
    if person.deleted_at is not None or person.name.casefold() != args.name.strip().casefold():
        return None  # the code of somebody else: the store refuses it with the reason
    return person.id


def _folder(
    args: argparse.Namespace, services: "Services", consent: "GivenConsent | None", out: Output
) -> "ImportReport":
    with out.progress("Looking" if args.dry_run else "Enrolling", None) as advance:
        if args.dry_run:
            return services.imports.plan(args.folder, Bar(advance))
        return services.imports.run(args.folder, consent, Bar(advance))


def _files(paths: Sequence[Path]) -> list[Path]:
    return [file for path in paths for file in (list_pictures(path) if path.is_dir() else [path])]


def _consent(services: "Services", given_by: str | None) -> "GivenConsent | None":
    if given_by is None:
        return None
    from facekd_ui.services.people import GivenConsent

    return GivenConsent("en", services.shared.consent_text("en"), given_by, datetime.now(UTC))


def _person_json(
    person_id: int | None, name: str, templates: int, refused: Sequence["Shot"]
) -> dict[str, Any]:
    return {
        "id": person_id,
        "name": name,
        "templates": templates,
        "refused": [
            {"file": shot.file, "reason": shot.reasons[0].value, "detail": shot.detail} for shot in refused
        ],
    }


def _row_json(row: "ImportRow") -> dict[str, Any]:
    return {
        "id": row.person_id,
        "name": row.name,
        "templates": row.photos,
        "refused": [
            {"file": each.file, "reason": each.reason.value, "detail": each.detail} for each in row.refused
        ],
        "fate": row.fate.value,
        "why": row.why,
    }


def _say(people: Sequence[dict[str, Any]], out: Output) -> None:
    rows = [(p["id"] or "-", p["name"], p["templates"], len(p["refused"])) for p in people]
    out.table("", ("id", "person", "photographs taken", "refused"), rows)
    for person in people:
        for each in person["refused"]:
            detail = f" ({each['detail']})" if each["detail"] else ""
            out.note(f"not taken: {person['name']}: {each['file']}: {each['reason']}{detail}")
        if person.get("why"):
            out.note(f"not enrolled: {person['name']}: {person['why']}")
