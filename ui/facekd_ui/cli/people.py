"""`people`: look up, rename, delete, restore and erase."""

import argparse
from dataclasses import replace

from facekd_db.records import PersonFilter, PersonSort
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import logged_in, operator_name, password
from facekd_ui.cli.output import Output
from facekd_ui.cli.shown import moment, person_json, summary_json

WHO = "id, code or exact name"


def add_to(commands: Commands) -> None:
    """Add `people` with its sub-commands."""
    group = commands.group("people", "look up and correct the people on file")
    listing = group.add(
        "list", "list people", ("facekd-cli people list --as ada --search sto", "name, code or department")
    )
    listing.add_argument("--search", default="", metavar="TEXT", help="part of name, code or department")
    listing.add_argument("--deleted", action="store_true", help="those who can still be restored")
    listing.add_argument("--sort", choices=[each.value for each in PersonSort], default="name")
    listing.add_argument("--descending", action="store_true", help="the other way round")
    listing.add_argument("--limit", type=int, default=100, metavar="N", help="at most (default: %(default)s)")
    listing.add_argument("--offset", type=int, default=0, metavar="N", help="leave out the first N")
    listing.set_defaults(run=run_list)
    show = group.add("show", "show one person", ("facekd-cli people show --as ada 12", "everything on file"))
    show.add_argument("who", metavar="WHO", help=WHO)
    show.set_defaults(run=run_show)
    rename = group.add(
        "rename",
        "give a person another name",
        ("facekd-cli people rename --as ada 12 'Bob Stone-Hill'", "by id"),
    )
    rename.add_argument("who", metavar="WHO", help=WHO)
    rename.add_argument("name", metavar="NAME", help="the new name")
    rename.set_defaults(run=run_rename)
    delete = group.add(
        "delete", "delete a person; can be undone until the retention period ends",
        ("facekd-cli people delete --as ada 12", "not recognised from now on"),
    )  # fmt: skip
    delete.add_argument("who", metavar="WHO", help=WHO)
    delete.set_defaults(run=run_delete)
    restore = group.add(
        "restore", "undo a deletion", ("facekd-cli people restore --as ada 12", "recognised again at once")
    )
    restore.add_argument("who", metavar="WHO", help=WHO)
    restore.set_defaults(run=run_restore)
    erase = group.add(
        "erase", "erase a person for good, with photographs, templates and name",
        ("facekd-cli people erase --as ada 12 --reason request", "cannot be undone; leaves a certificate"),
    )  # fmt: skip
    erase.add_argument("who", metavar="WHO", help=WHO)
    erase.add_argument(
        "--reason",
        default="request",
        help="for the certificate; must not name the person (default: %(default)s)",
    )
    erase.set_defaults(run=run_erase)


def run_list(args: argparse.Namespace, out: Output) -> int:
    """A page, and how many there are."""
    with logged_in(args) as services:
        which = PersonFilter(args.search, deleted=args.deleted)
        total = services.people.count(which)
        rows = services.people.page(
            which,
            sort=PersonSort(args.sort),
            descending=args.descending,
            limit=args.limit,
            offset=args.offset,
        )
    out.document({"people": [summary_json(row) for row in rows], "total": total})
    out.table(
        "", ("id", "name", "code", "department", "photographs"),
        [(r.person.id, r.person.name, r.person.fields.code or "", r.person.fields.department, r.crops) for r in rows],
    )  # fmt: skip
    out.say(f"{len(rows)} of {total} people")
    return 0


def run_show(args: argparse.Namespace, out: Output) -> int:
    """Everything but the pictures."""
    with logged_in(args) as services:
        file = services.people.get(services.people.find(args.who).id)
    document = {
        **person_json(file.person),
        "photos": [
            {"id": photo.id, "source": photo.source, "created_at": moment(photo.created_at)}
            for photo in file.photos
        ],
        "damaged_photos": file.damaged,
        "templates": file.templates,
        "rejections": file.rejections,
        "consents": [
            {
                "purpose": consent.purpose,
                "given_by": consent.given_by,
                "given_at": moment(consent.given_at),
                "withdrawn_at": moment(consent.withdrawn_at),
            }
            for consent in file.consents
        ],
        "last_seen": moment(file.latest[0].last_at) if file.latest else None,
    }
    out.document(document)
    out.table("", ("", ""), [(key, value) for key, value in document.items() if not isinstance(value, list)])
    out.say(f"{len(file.photos)} photographs, {len(file.consents)} consents")
    return 0


def run_rename(args: argparse.Namespace, out: Output) -> int:
    """The other fields stay."""
    with logged_in(args) as services:
        person = services.people.find(args.who)
        done = services.people.change(person.id, replace(person.fields, name=args.name), person.version)
    out.document(person_json(done))
    out.say(f"person {done.id} is called {done.name} now")
    return 0


def run_delete(args: argparse.Namespace, out: Output) -> int:
    """Says what goes, and until when it can be undone."""
    with logged_in(args) as services:
        person = services.people.find(args.who)
        what = services.people.deletion(person.id)
        done = services.people.delete(person.id, person.version)
    out.document(
        {**person_json(done), "photos": what.photos, "templates": what.templates, "events": what.events}
    )
    out.say(
        f"{done.name} is not recognised any more: {what.photos} photographs and {what.templates} templates are out of "
        f"use; {what.events} events stay. Undo until {done.erase_after:%Y-%m-%d} with people restore {done.id}"
    )
    return 0


def run_restore(args: argparse.Namespace, out: Output) -> int:
    """By id or code: deleted people are not found by name."""
    with logged_in(args) as services:
        person = services.people.find(args.who)
        done = services.people.restore(person.id, person.version)
    out.document(person_json(done))
    out.say(f"{done.name} is on file again")
    return 0


def run_erase(args: argparse.Namespace, out: Output) -> int:
    """Needs the password once more, from the same place."""
    with logged_in(args) as services:
        person = services.people.find(args.who)
        name = operator_name(args)
        certificate = services.people.erase(
            person.id, args.reason, password(name, question="Password of {name} again: ")
        )
    out.document(
        {
            "certificate": certificate.id,
            "person_id": certificate.person_id,
            "erased_at": moment(certificate.erased_at),
            "reason": certificate.reason,
            "photos": certificate.crops,
            "templates": certificate.templates,
            "events": certificate.events,
        }
    )
    out.say(
        f"person {certificate.person_id} is erased: {certificate.crops} photographs, "
        f"{certificate.templates} templates; "
        f"{certificate.events} events stay without a name (certificate {certificate.id})"
    )
    return 0
