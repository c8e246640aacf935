"""Queries on accounts. Who may call which of them is decided in the services."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from facekd_db.columns import folded
from facekd_db.errors import Conflict, LastAdministrator, NotFound
from facekd_db.queries import Queries, unique
from facekd_db.records import Operator, Role
from facekd_db.schema import operator, session

NAME_MAX = 100


class Operators(Queries):
    """Queries on table `operator`. Accounts are switched off, never removed: the audit log refers to them."""

    def add(
        self, name: str, role: Role, password_hash: str, *, one_time_until: datetime | None = None
    ) -> Operator:
        """Adds an account.

        Args:
            password_hash: from `passwords.Hasher.hash`.
            one_time_until: the password must be changed at the first login, which must come before this moment.

        Raises:
            Conflict: the name is taken, case and width aside.
            ValueError: the name is empty or longer than 100 characters.
        """
        name = name.strip()
        if not 1 <= len(name) <= NAME_MAX:
            raise ValueError(
                f"expected a name of 1 to {NAME_MAX} characters for the account, got {len(name)}"
            )
        with unique(lambda: _taken(name)):
            key = self._insert(
                operator,
                name=name,
                name_key=folded(name),
                role=role.value,
                password_hash=password_hash,
                enabled=True,
                must_change_password=one_time_until is not None,
                one_time_until=one_time_until,
                version=1,
                created_at=self._now,
            )
        return self.get(key)

    def get(self, operator_id: int, *, newest: bool = False) -> Operator:
        """The account; `newest` also sees what others committed during this transaction. Raises NotFound."""
        query = sa.select(operator).where(operator.c.id == operator_id)
        row = self._c.execute(query.with_for_update() if newest else query).first()
        if row is None:
            raise NotFound(f"there is no account {operator_id}")
        return _operator(row)

    def all(self) -> tuple[Operator, ...]:
        """Every account, sorted by name."""
        return tuple(
            _operator(row) for row in self._c.execute(sa.select(operator).order_by(operator.c.name_key))
        )

    def any(self) -> bool:
        """Whether there is an account at all; without one the program runs its first start."""
        return self._c.execute(sa.select(operator.c.id).limit(1)).first() is not None

    def with_hash(self, name: str) -> tuple[Operator, str] | None:
        """The account of that name with its password's hash; only logging in needs it."""
        row = self._c.execute(sa.select(operator).where(operator.c.name_key == folded(name))).first()
        return None if row is None else (_operator(row), row.password_hash)

    def change_role(self, operator_id: int, role: Role, version: int) -> Operator:
        """Raises Conflict, NotFound, LastAdministrator. Open sessions have the new role at once."""
        return self._change(
            operator_id, version, {"role": role.value}, stays_admin=role is Role.ADMINISTRATOR
        )

    def rename(self, operator_id: int, name: str, version: int) -> Operator:
        """Raises Conflict when the name is taken or the account changed, NotFound."""
        with unique(lambda: _taken(name)):
            return self._change(
                operator_id, version, {"name": name.strip(), "name_key": folded(name)}, stays_admin=True
            )

    def switch(self, operator_id: int, enabled: bool, version: int) -> Operator:
        """Switches an account on or off; off ends its sessions. Raises Conflict, NotFound, LastAdministrator."""
        changed = self._change(operator_id, version, {"enabled": enabled}, stays_admin=enabled)
        if not enabled:
            open_ones = sa.update(session).where(
                session.c.operator_id == operator_id, session.c.ended_at.is_(None)
            )
            self._c.execute(open_ones.values(ended_at=self._now, end_reason="disabled"))
        return changed

    def set_password(
        self, operator_id: int, password_hash: str, *, one_time_until: datetime | None = None
    ) -> Operator:
        """Replaces the password's hash; with `one_time_until` it must be changed at the next login."""
        values = {
            "password_hash": password_hash,
            "must_change_password": one_time_until is not None,
            "one_time_until": one_time_until,
            "version": operator.c.version + 1,
        }
        if not self._c.execute(
            sa.update(operator).where(operator.c.id == operator_id).values(**values)
        ).rowcount:
            raise NotFound(f"there is no account {operator_id}")
        return self.get(operator_id)

    def rehash(self, operator_id: int, password_hash: str) -> None:
        """Replaces the hash of an unchanged password by a stronger one."""
        self._c.execute(
            sa.update(operator).where(operator.c.id == operator_id).values(password_hash=password_hash)
        )

    def logged_in(self, operator_id: int) -> None:
        """Notes the time of a login."""
        self._c.execute(
            sa.update(operator).where(operator.c.id == operator_id).values(last_login_at=self._now)
        )

    def _change(
        self, operator_id: int, version: int, values: dict[str, object], *, stays_admin: bool
    ) -> Operator:
        # Locking every administrator's row lets two clients not demote each other at the same moment.
        admins = self._c.execute(
            sa.select(operator.c.id)
            .where(operator.c.role == Role.ADMINISTRATOR.value, operator.c.enabled)
            .with_for_update()
        ).scalars()
        if not stays_admin and set(admins) == {operator_id}:
            raise LastAdministrator(
                "this is the last administrator who can log in; make another account administrator first"
            )
        statement = sa.update(operator).where(operator.c.id == operator_id, operator.c.version == version)
        if not self._c.execute(statement.values(**values, version=version + 1)).rowcount:
            now = self.get(operator_id, newest=True)
            raise Conflict(
                f"the account {now.name} was changed by somebody else (version {now.version}; you had version "
                f"{version}); look at the new state and apply your change again"
            )
        return self.get(operator_id)


def _taken(name: str) -> Conflict:
    return Conflict(f"an account named {name!r} exists already; choose another name")


def _operator(row: sa.Row[Any]) -> Operator:
    return Operator(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        enabled=bool(row.enabled),
        must_change_password=bool(row.must_change_password),
        one_time_until=row.one_time_until,
        version=row.version,
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )
