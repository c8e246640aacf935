"""How the tables of `schema.py` are declared: names of constraints, and the columns that many of them have."""

import sqlalchemy as sa

from facekd_db.columns import BIG_ID, MYSQL, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING)


def numbered(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """A table whose rows the database numbers; ids of erased people are never given to others."""
    return sa.Table(name, metadata, *parts, sqlite_autoincrement=True, **MYSQL)


def natural(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """A table with a key of its own."""
    return sa.Table(name, metadata, *parts, **MYSQL)


def number() -> sa.Column[int]:
    """The key that the database gives."""
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def to(name: str, target: str, *, ondelete: str | None = None, nullable: bool = False) -> sa.Column[int]:
    """The key of a row of another table."""
    return sa.Column(name, BIG_ID, sa.ForeignKey(target, ondelete=ondelete), nullable=nullable)


def to_model(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """The id of a model."""
    return sa.Column(name, sa.String(64), sa.ForeignKey("model.id"), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """A time in UTC."""
    return sa.Column(name, UtcDateTime(), nullable=nullable)
