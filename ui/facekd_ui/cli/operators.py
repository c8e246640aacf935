"""`operators`: accounts. Passwords are never arguments, where other programs of the computer could read them."""

import argparse
from typing import TYPE_CHECKING

from facekd.errors import InputError
from facekd_db.records import Operator, Role
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import NEW_PASSWORD, logged_in, operator_name, password
from facekd_ui.cli.output import Output
from facekd_ui.cli.shown import moment, operator_json

if TYPE_CHECKING:
    from facekd_ui.services.everything import Services

ROLES = [role.value for role in Role]


def add_to(commands: Commands) -> None:
    """Add `operators` with its sub-commands."""
    group = commands.group("operators", "accounts of those who work with FaceKD")
    listing = group.add(
        "list", "list accounts", ("facekd-cli operators list --as ada", "names, roles, sessions")
    )
    listing.set_defaults(run=run_list)
    create = group.add(
        "create", "create an account with a one-time password",
        ("facekd-cli operators create --as ada bob --role operator", "the password is shown once"),
    )  # fmt: skip
    create.add_argument("name", metavar="NAME")
    create.add_argument("--role", choices=ROLES, default=Role.OPERATOR.value, help="default: %(default)s")
    create.set_defaults(run=run_create)
    role = group.add(
        "role", "give an account another role", ("facekd-cli operators role --as ada bob auditor", "")
    )
    role.add_argument("who", metavar="NAME")
    role.add_argument("role", choices=ROLES)
    role.set_defaults(run=run_role)
    for verb, enabled in (("disable", False), ("enable", True)):
        switch = group.add(
            verb, f"switch an account {'on' if enabled else 'off; its sessions end'}",
            (f"facekd-cli operators {verb} --as ada bob", ""),
        )  # fmt: skip
        switch.add_argument("who", metavar="NAME")
        switch.set_defaults(run=run_switch, enabled=enabled)
    reset = group.add(
        "reset-password", "give an account a one-time password",
        ("facekd-cli operators reset-password --as ada bob", "shown once; sessions end, a lockout is lifted"),
    )  # fmt: skip
    reset.add_argument("who", metavar="NAME")
    reset.set_defaults(run=run_reset)
    end = group.add(
        "end-sessions",
        "log an account out everywhere",
        ("facekd-cli operators end-sessions --as ada bob", ""),
    )
    end.add_argument("who", metavar="NAME")
    end.set_defaults(run=run_end_sessions)
    own = group.add(
        "password", "change your own password",
        ("facekd-cli operators password --as bob", f"asks for the new one, or takes it from {NEW_PASSWORD}"),
    )  # fmt: skip
    own.set_defaults(run=run_password)


def run_list(args: argparse.Namespace, out: Output) -> int:
    """Every account."""
    with logged_in(args) as services:
        rows = services.accounts.all()
    out.document(
        {
            "operators": [
                {**operator_json(r.operator), "sessions": r.sessions, "locked_until": moment(r.locked_until)}
                for r in rows
            ]
        }
    )
    out.table(
        "", ("id", "name", "role", "may log in", "sessions", "last login"),
        [
            (r.operator.id, r.operator.name, r.operator.role.value, "yes" if r.operator.enabled else "NO", r.sessions,
             moment(r.operator.last_login_at) or "never")
            for r in rows
        ],
    )  # fmt: skip
    return 0


def run_create(args: argparse.Namespace, out: Output) -> int:
    """The one-time password is in the document, and nowhere else."""
    with logged_in(args) as services:
        made = services.accounts.create(args.name, Role(args.role))
    out.document({**operator_json(made.operator), "one_time_password": made.password})
    out.say(f"{made.operator.name} ({made.operator.role}): one-time password {made.password}, shown only now")
    return 0


def run_role(args: argparse.Namespace, out: Output) -> int:
    """Holds at once, in open sessions too."""
    with logged_in(args) as services:
        account = _named(services, args.who)
        done = services.accounts.change_role(account.id, Role(args.role), account.version)
    return _changed(done, out)


def run_switch(args: argparse.Namespace, out: Output) -> int:
    """Accounts are never removed: the audit log refers to them."""
    with logged_in(args) as services:
        account = _named(services, args.who)
        done = services.accounts.switch(account.id, args.enabled, account.version)
    return _changed(done, out)


def run_reset(args: argparse.Namespace, out: Output) -> int:
    """As `create` shows it."""
    with logged_in(args) as services:
        made = services.accounts.new_password(_named(services, args.who).id)
    out.document({**operator_json(made.operator), "one_time_password": made.password})
    out.say(f"{made.operator.name}: one-time password {made.password}, shown only now")
    return 0


def run_end_sessions(args: argparse.Namespace, out: Output) -> int:
    """All of them, apart from one's own."""
    with logged_in(args) as services:
        account = _named(services, args.who)
        ended = services.accounts.end_sessions(account.id)
    out.document({**operator_json(account), "ended": ended})
    out.say(f"{ended} sessions of {account.name} ended")
    return 0


def run_password(args: argparse.Namespace, out: Output) -> int:
    """Also the way from a one-time password to one's own."""
    name = operator_name(args)
    old = password(name)
    new = password(name, NEW_PASSWORD, "New password of {name}: ")
    with logged_in(args) as services:
        done = services.account.change_password(old, new)
    out.document(operator_json(done))
    out.say(f"the password of {done.name} is changed")
    return 0


def _named(services: "Services", name: str) -> Operator:
    wanted = name.strip().casefold()
    for row in services.accounts.all():
        if row.operator.name.casefold() == wanted:
            return row.operator
    raise InputError(f"expected the name of an account, got {name!r}; see facekd-cli operators list")


def _changed(operator: Operator, out: Output) -> int:
    out.document(operator_json(operator))
    out.say(f"{operator.name}: {operator.role}, {'may log in' if operator.enabled else 'switched off'}")
    return 0
