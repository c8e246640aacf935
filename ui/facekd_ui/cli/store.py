"""`store`: make, check, move, back up and bring back the database."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import (
    Bar,
    logged_in,
    open_desk,
    open_store,
    operator_name,
    password,
    require_store,
)
from facekd_ui.cli.output import Output

if TYPE_CHECKING:
    from facekd_db.copying import CopyReport


def add_to(commands: Commands) -> None:
    """Add `store` with its sub-commands."""
    group = commands.group("store", "the database")
    init = group.add(
        "init", "make the database and its first administrator",
        ("facekd-cli store init --as ada", "a file in the home folder"),
        ("facekd-cli store init --as ada --db-url mysql://...", "on a server, with an account that may make tables"),
    )  # fmt: skip
    init.set_defaults(run=run_init)
    upgrade = group.add(
        "upgrade", "bring the database up to this program's schema",
        ("facekd-cli store upgrade", "needs no operator: the database's own account decides"),
    )  # fmt: skip
    upgrade.set_defaults(run=run_upgrade)
    check = group.add(
        "check",
        "look whether everything is sound",
        ("facekd-cli store check --as ada", "exit status 1 when it is not"),
    )
    check.set_defaults(run=run_check)
    copy = group.add(
        "copy", "copy everything into another database, verified row by row",
        ("facekd-cli store copy --as ada mysql://facekd@db/facekd?ssl_ca=ca.pem", "from the file to a server"),
    )  # fmt: skip
    copy.add_argument("target", metavar="URL", help="address of the other database; it must be empty")
    copy.add_argument("--replace", action="store_true", help="empty the other database first")
    copy.set_defaults(run=run_copy)
    backup = group.add(
        "backup", "write everything into a new file",
        ("facekd-cli store backup --as ada monday.facekd", "faces stay encrypted; keep the key apart"),
    )  # fmt: skip
    backup.add_argument("path", type=Path, metavar="FILE")
    backup.set_defaults(run=run_backup)
    restore = group.add(
        "restore",
        "bring a backup back",
        ("facekd-cli store restore --as ada monday.facekd --replace", "logs everybody out"),
    )
    restore.add_argument("path", type=Path, metavar="FILE")
    restore.add_argument("--replace", action="store_true", help="replace what the database holds now")
    restore.set_defaults(run=run_restore)
    _add_key(group.group("key", "the key that faces are encrypted with"))


def _add_key(group: Commands) -> None:
    export = group.add(
        "export",
        "write the key into a private file",
        ("facekd-cli store key export --as ada key.txt", "keep it safe"),
    )
    export.add_argument("path", type=Path, metavar="FILE")
    export.set_defaults(run=run_key_export)
    bring = group.add(
        "import",
        "take the key from such a file",
        ("facekd-cli store key import --as ada key.txt", "on another computer"),
    )
    bring.add_argument("path", type=Path, metavar="FILE")
    bring.set_defaults(run=run_key_import)
    rotate = group.add(
        "rotate", "make a new key; older backups cannot be read any more",
        ("facekd-cli store key rotate --as ada", "other computers need the new key"),
    )  # fmt: skip
    rotate.set_defaults(run=run_key_rotate)


def run_init(args: argparse.Namespace, out: Output) -> int:
    """Refused where there are accounts already."""
    from facekd_ui.services.logins import Logins

    name = operator_name(args)
    secret = password(name, question="Password of {name}, the first administrator: ")
    store = open_store(args)
    try:
        store.upgrade()
        logins = Logins(store, open_desk(args, store).name)
        session = logins.create_first(name, secret)
        logins.log_out(session)
        out.document(
            {"database": store.where, "administrator": session.operator.name, "id": session.operator.id}
        )
        out.say(f"made {store.where}; administrator {session.operator.name}")
        if store.keys is not None and store.keys.warning:
            out.note(store.keys.warning)
    finally:
        store.close()
    return 0


def run_upgrade(args: argparse.Namespace, out: Output) -> int:
    """What the window does at each start."""
    store = open_store(args)
    try:
        require_store(store)
        store.upgrade()
        store.run(lambda t: t.audit.record("store.upgrade"))
    finally:
        store.close()
    out.document({"database": store.where, "upgraded": True})
    out.say(f"{store.where} is up to date")
    return 0


def run_check(args: argparse.Namespace, out: Output) -> int:
    """Every photograph's template is opened once."""
    with logged_in(args) as services:
        checks = services.maintenance.check()
    out.document({"checks": [{"name": c.name, "ok": c.ok, "detail": str(c.detail)} for c in checks]})
    out.table(
        "", ("check", "ok", "found"), [(c.name, "yes" if c.ok else "NO", str(c.detail)) for c in checks]
    )
    return 0 if all(check.ok for check in checks) else 1


def run_copy(args: argparse.Namespace, out: Output) -> int:
    """All or nothing."""
    with logged_in(args) as services, out.progress("Copying", None) as advance:
        report = services.maintenance.copy(args.target, replace=args.replace, watch=Bar(advance))
    return _copied(report, "copied", out)


def run_backup(args: argparse.Namespace, out: Output) -> int:
    """A file that restores anywhere, whatever database it came from."""
    with logged_in(args) as services, out.progress("Backing up", None) as advance:
        report = services.maintenance.backup(args.path, Bar(advance))
    return _copied(report, f"written to {args.path}", out)


def run_restore(args: argparse.Namespace, out: Output) -> int:
    """Needs the password once more."""
    with logged_in(args) as services, out.progress("Restoring", None) as advance:
        secret = password(operator_name(args), question="Password of {name} again: ")
        report = services.maintenance.restore(args.path, secret, replace=args.replace, watch=Bar(advance))
    return _copied(report, "restored", out)


def run_key_export(args: argparse.Namespace, out: Output) -> int:
    """Needs the password once more."""
    with logged_in(args) as services:
        secret = password(operator_name(args), question="Password of {name} again: ")
        key_id = services.maintenance.export_key(args.path, secret)
    out.document({"path": str(args.path), "key": key_id})
    out.say(f"{args.path}: key {key_id[:8]}; whoever holds it and the database can see the faces")
    return 0


def run_key_import(args: argparse.Namespace, out: Output) -> int:
    """Into the keyring of this computer, or its key file."""
    with logged_in(args) as services:
        key_id = services.maintenance.import_key(args.path)
    out.document({"key": key_id})
    out.say(f"this computer holds the key {key_id[:8]} now")
    return 0


def run_key_rotate(args: argparse.Namespace, out: Output) -> int:
    """Needs the password once more."""
    with logged_in(args) as services:
        secret = password(operator_name(args), question="Password of {name} again: ")
        done = services.maintenance.rotate_key(secret)
    out.document({"keys": done})
    out.say(f"{done} keys are wrapped by a new store key; export it for other computers")
    return 0


def _copied(report: "CopyReport", what: str, out: Output) -> int:
    out.document({"rows": report.total, "tables": report.rows})
    out.say(f"{report.total} rows {what} and compared one by one")
    return 0
