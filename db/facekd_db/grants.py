"""The least that the program's own account on a MySQL or MariaDB server needs."""

import re

from facekd_db.schema import audit, erasure, metadata

_NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9_.:%/-]{1,255}")
APPEND_ONLY = (audit.name, erasure.name)
"""What the program may add to and read, but neither change nor delete: the server itself refuses."""


def statements(user: str, host: str, database: str) -> tuple[str, ...]:
    """GRANT statements for an existing account, to be run by the server's administrator after the upgrade.

    The account may not make, change or drop tables, and may not touch the audit log other than by adding to it.

    Raises:
        ValueError: a name that does not belong into a statement.
    """
    for text, allowed in ((user, _NAME), (database, _NAME), (host, _HOST)):
        if not allowed.fullmatch(text):
            raise ValueError(f"expected a plain name of letters, digits and _, got {text!r}")
    account = f"'{user}'@'{host}'"
    rights = {table.name: "SELECT, INSERT, UPDATE, DELETE" for table in metadata.sorted_tables}
    rights |= dict.fromkeys(APPEND_ONLY, "SELECT, INSERT")
    rights |= {"alembic_version": "SELECT", "audit_head": "SELECT, UPDATE"}
    return tuple(f"GRANT {what} ON `{database}`.`{table}` TO {account}" for table, what in rights.items())
