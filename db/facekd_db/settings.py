"""Queries on settings that all computers share."""

import json
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import Conflict
from facekd_db.queries import Queries, unique
from facekd_db.records import Json, Setting
from facekd_db.schema import setting


class Settings(Queries):
    """Queries on table `setting`: JSON values by key."""

    def get(self, key: str, default: Json = None) -> Json:
        """The value, or `default` when it was never set."""
        found = self.find(key)
        return default if found is None else found.value

    def find(self, key: str) -> Setting | None:
        """The setting with its version, or None when it was never set."""
        row = self._c.execute(sa.select(setting).where(setting.c.key == key)).first()
        return None if row is None else _setting(row)

    def all(self) -> tuple[Setting, ...]:
        """Every setting, sorted by key."""
        return tuple(_setting(row) for row in self._c.execute(sa.select(setting).order_by(setting.c.key)))

    def put(self, key: str, value: Json, *, version: int | None = None, by: int | None = None) -> Setting:
        """Sets a value.

        Args:
            version: of the setting that was read, 0 for one that was not there; None overwrites whatever is there.

        Raises:
            Conflict: somebody else changed it since.
        """
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        values = {"value": text, "updated_at": self._now, "updated_by": by}
        if version != 0:
            statement = sa.update(setting).where(setting.c.key == key)
            if version is not None:
                statement = statement.where(setting.c.version == version)
            if self._c.execute(statement.values(**values, version=setting.c.version + 1)).rowcount:
                return self._stored(key)
        if version:
            raise _conflict(key)
        with unique(lambda: _conflict(key)):
            self._c.execute(sa.insert(setting).values(key=key, version=1, **values))
        return self._stored(key)

    def _stored(self, key: str) -> Setting:
        return _setting(self._c.execute(sa.select(setting).where(setting.c.key == key)).one())


def _conflict(key: str) -> Conflict:
    return Conflict(f"the setting {key!r} was changed by somebody else; look at it and set it again")


def _setting(row: sa.Row[Any]) -> Setting:
    return Setting(row.key, json.loads(row.value), row.version, row.updated_at, row.updated_by)
