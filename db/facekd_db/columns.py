"""Column types that mean the same on SQLite, MySQL and MariaDB."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers only INTEGER keys by itself."""

BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def raw(length: int) -> sa.types.TypeEngine[bytes]:
    """Bytes of at most so many."""
    return sa.LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql", "mariadb")


LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",  # the newer default of MySQL is unknown to MariaDB
}
"""Options of every table; SQLite ignores them."""


def exact(length: int) -> sa.types.TypeEngine[str]:
    """Text compared and sorted by code point, on every server alike (SQLite does so by itself)."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware time, stored in UTC with microseconds. A naive one is refused: nobody knows what it means."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name == "mysql" else sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got {value.isoformat()}; use datetime.now(UTC)")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


def folded(text: str) -> str:
    """The form in which text is searched and compared: width, case and outer blanks do not count."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def contains(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether a folded column holds `text` literally: % and _ in it stand for themselves."""
    literal = folded(text).replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return column.like(f"%{literal}%", escape="!")
