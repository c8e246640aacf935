"""What Alembic runs: `facekd_db.migrate` hands over an open connection."""

import sqlalchemy as sa
from alembic import context

from facekd_db.schema import metadata

connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=True,
    transactional_ddl=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
