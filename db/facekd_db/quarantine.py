"""What happens to an encrypted row that does not open: it is set aside, and said so, and the rest goes on."""

import logging
from collections.abc import Sequence

import sqlalchemy as sa

from facekd_db.audit import Audit
from facekd_db.gallery import Gallery
from facekd_db.queries import Context
from facekd_db.records import DamagedRow
from facekd_db.schema import crop, template

log = logging.getLogger(__name__)
_TABLES = {"crop": crop, "template": template}


def set_aside(context: Context, damaged: Sequence[DamagedRow]) -> None:
    """Marks rows so that nobody reads them again, with an audit row for each.

    The rows stay where they are: a backup of the key or of the row can still heal them.
    """
    for row in damaged:
        log.error("%s %d is set aside: %s", row.table, row.id, row.why)
        table = _TABLES[row.table]
        marked = context.connection.execute(
            sa.update(table)
            .where(table.c.id == row.id, table.c.quarantined_at.is_(None))
            .values(quarantined_at=context.now)
        ).rowcount
        if marked:
            Audit(context).record(
                "quarantine",
                subject=f"{row.table}:{row.id}",
                detail={"person": row.person_id, "why": row.why},
            )
    Gallery(context).bump()
