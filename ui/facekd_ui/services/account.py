"""One's own account."""

from facekd_db.login import change_password, prove
from facekd_db.records import Operator
from facekd_ui.services.base import Service, plain_values
from facekd_ui.services.passwords import require_good


class Account(Service):
    """What everybody may do with the account they are logged in with."""

    name = "account"

    def me(self) -> Operator:
        """The account as it is now, role included; SessionEnded when it was switched off meanwhile."""
        return self._session.operator

    def active(self) -> None:
        """Keyboard or mouse was used: the idle lock is postponed. Called at most every few seconds."""
        with self._store.transaction() as t:
            self._session.stored, self._session.operator = t.sessions.touch(self._session.token)

    def change_password(self, old: str, new: str) -> Operator:
        """Replaces one's own password; a one-time password included. Other sessions of the account end.

        Raises:
            LoginRefused, LockedOut: the old password is wrong.
            WeakPassword, Invalid: the new one would be guessed, or is the old one.
        """
        require_good(new, self._session.operator.name)
        with plain_values():
            operator = change_password(self._store, self._session.operator.id, old, new)
        self._write(lambda t: t.sessions.end_all(operator.id, but=self._session.stored.id))
        self._session.operator = operator
        return operator

    def prove(self, password: str) -> None:
        """Asks for the password again before something that cannot be undone. Raises LoginRefused, LockedOut."""
        prove(self._store, self._session.operator.id, password)
