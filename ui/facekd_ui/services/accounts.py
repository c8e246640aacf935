"""Accounts of others: administrators make, change and switch them off. None is ever removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from facekd_db.errors import NotFound
from facekd_db.passwords import one_time_password
from facekd_db.records import Operator, Role, Session
from facekd_db.store import Tables
from facekd_ui.services.base import Service
from facekd_ui.services.shared import whole_of


@dataclass(frozen=True, slots=True)
class NewPassword:
    """An account with its one-time password, which is shown once and stored nowhere."""

    operator: Operator
    password: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A row of the table of operators."""

    operator: Operator
    sessions: int  # that are open now
    locked_until: datetime | None  # too many wrong passwords


class Accounts(Service):
    """Each change takes the `version` that was read; Conflict says who was quicker."""

    name = "accounts"

    def all(self) -> tuple[AccountRow, ...]:
        """Every account, sorted by name."""
        with self._store.reading() as t:
            open_sessions = t.sessions.open()
            return tuple(
                AccountRow(
                    operator,
                    sum(each.operator_id == operator.id for each in open_sessions),
                    t.lockouts.locked_until(operator.name),
                )
                for operator in t.operators.all()
            )

    def create(self, name: str, role: Role) -> NewPassword:
        """A new account with a one-time password. Raises Conflict when the name is taken, Invalid."""
        password, hashed = self._fresh()

        def create(t: Tables) -> Operator:
            until = t.now + timedelta(hours=whole_of(t, "account.one_time_hours"))
            operator = t.operators.add(name, role, hashed, one_time_until=until)
            self._audit(t, "account.create", _subject(operator.id), {"role": role})
            return operator

        return NewPassword(self._write(create), password)

    def rename(self, operator_id: int, name: str, version: int) -> Operator:
        """Raises Conflict when the name is taken or the account changed."""

        def rename(t: Tables) -> Operator:
            self._audit(t, "account.rename", _subject(operator_id))
            return t.operators.rename(operator_id, name, version)

        return self._write(rename)

    def change_role(self, operator_id: int, role: Role, version: int) -> Operator:
        """Open sessions have the new role at once. Raises Conflict, LastAdministrator."""

        def change(t: Tables) -> Operator:
            self._audit(t, "account.role", _subject(operator_id), {"role": role})
            return t.operators.change_role(operator_id, role, version)

        return self._write(change)

    def switch(self, operator_id: int, enabled: bool, version: int) -> Operator:
        """Switches an account on or off; off ends its sessions. Raises Conflict, LastAdministrator."""

        def switch(t: Tables) -> Operator:
            self._audit(t, "account.on" if enabled else "account.off", _subject(operator_id))
            return t.operators.switch(operator_id, enabled, version)

        return self._write(switch)

    def new_password(self, operator_id: int) -> NewPassword:
        """A one-time password for somebody who forgot theirs; their sessions end and a lockout is lifted."""
        password, hashed = self._fresh()

        def replace(t: Tables) -> Operator:
            until = t.now + timedelta(hours=whole_of(t, "account.one_time_hours"))
            operator = t.operators.set_password(operator_id, hashed, one_time_until=until)
            t.sessions.end_all(operator_id)
            t.lockouts.clear(operator.name)
            self._audit(t, "account.new_password", _subject(operator_id))
            return operator

        return NewPassword(self._write(replace), password)

    def sessions(self, operator_id: int) -> Sequence[Session]:
        """Open sessions of an account, newest first."""
        with self._store.reading() as t:
            return t.sessions.open(operator_id)

    def end_sessions(self, operator_id: int, session_id: int | None = None) -> int:
        """Ends one session or all of an account, apart from one's own; returns how many were asked to end.

        Raises NotFound for a session that is not one of that account's open ones.
        """

        def end(t: Tables) -> int:
            self._audit(t, "account.end_sessions", _subject(operator_id), {"session": session_id})
            if session_id is None:
                return t.sessions.end_all(operator_id, but=self._session.stored.id)
            if session_id not in {each.id for each in t.sessions.open(operator_id)}:
                raise NotFound(
                    f"expected an open session of this account, got {session_id}; look at the list again"
                )
            t.sessions.end(session_id)
            return 1

        return self._write(end)

    def unlock(self, operator_id: int) -> None:
        """Forgets the wrong passwords of an account."""

        def unlock(t: Tables) -> None:
            t.lockouts.clear(t.operators.get(operator_id).name)
            self._audit(t, "account.unlock", _subject(operator_id))

        self._write(unlock)

    def _fresh(self) -> tuple[str, str]:
        password = one_time_password()
        return password, self._store.hasher().hash(password)


def _subject(operator_id: int) -> str:
    return f"operator:{operator_id}"
