"""Bringing the schema up to date, and refusing one that this program does not know."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from facekd_db.errors import SchemaTooNew, SchemaTooOld, StoreBusy

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""The migrations that this program knows, in order; a test compares them with the files."""
HEAD = REVISIONS[-1]
LOCK_S = 60


def current(connection: sa.Connection) -> str | None:
    """The schema's revision, or None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check(connection: sa.Connection, where: str) -> None:
    """Raises SchemaTooNew or SchemaTooOld unless the schema is the one that this program works with."""
    found = current(connection)
    if found == HEAD:
        return
    refuse_newer(found, where)
    raise SchemaTooOld(
        f"expected schema {HEAD} in {where}, got {found or 'an empty database'}; "
        "upgrade it once (facekd-cli store upgrade) with an account that may change tables"
    )


def refuse_newer(found: str | None, where: str) -> None:
    """Raises SchemaTooNew for a revision that is not among those known here."""
    if found is not None and found not in REVISIONS:
        raise SchemaTooNew(
            f"{where} has schema {found}, which is newer than this program (it knows up to {HEAD}); "
            "nothing was changed; update the program on this computer"
        )


def to_revision(engine: sa.Engine, revision: str, where: str) -> None:
    """Runs the migrations up or down to a revision ("base" for none at all); one client at a time.

    Raises:
        SchemaTooNew: the database was made by a newer program.
        StoreBusy: another client is upgrading it and does not finish.
    """
    # Alembic takes over a second to import, and is needed once per upgrade only.
    from alembic import command
    from alembic.config import Config

    with engine.connect() as connection, _alone(connection, where):
        refuse_newer(current(connection), where)
        config = Config()
        config.set_main_option("script_location", "facekd_db:migrations")
        config.attributes["connection"] = connection
        known = -1 if (now := current(connection)) is None else REVISIONS.index(now)
        wanted = -1 if revision == "base" else REVISIONS.index(revision)
        (command.upgrade if wanted >= known else command.downgrade)(config, revision)
        connection.commit()


@contextmanager
def _alone(connection: sa.Connection, where: str) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        with connection.begin():  # BEGIN IMMEDIATE: others wait, and a failed upgrade leaves nothing behind
            yield
        return
    # MySQL commits around every change of a table, so a lock of its own must keep the others away.
    name = f"facekd_upgrade_{connection.engine.url.database}"[:64]
    if connection.execute(sa.text("SELECT GET_LOCK(:name, :s)"), {"name": name, "s": LOCK_S}).scalar() != 1:
        raise StoreBusy(f"another computer is upgrading {where}; wait for it and try again")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.text("SELECT RELEASE_LOCK(:name)"), {"name": name})
        connection.rollback()
