"""Alembic migrations, one file each, shipped with the package; `facekd_db.migrate` runs them."""
