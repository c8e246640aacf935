"""MySQL commits every change of a table at once, so an upgrade that died halfway leaves tables behind."""

import sqlalchemy as sa
from alembic import op

from facekd_db.errors import StoreError


def clear(names: tuple[str, ...]) -> None:
    """Drops tables of an upgrade that was never recorded, so that it can run again.

    Raises:
        StoreError: one of them holds more than the single row that an upgrade writes: it is somebody else's.
    """
    connection = op.get_bind()
    there = [name for name in reversed(names) if sa.inspect(connection).has_table(name)]
    for name in there:
        rows = connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(2)).all()
        if len(rows) > 1:
            raise StoreError(
                f"expected an empty database for the store, found a table {name!r} with rows; use another database"
            )
    for name in there:
        op.drop_table(name)
