"""Logging in, out, and again. These need no session, because they make it."""

import logging
from datetime import timedelta

from facekd_db.errors import Conflict, StoreError
from facekd_db.login import log_in
from facekd_db.records import Login, Role
from facekd_db.store import Store, Tables
from facekd_ui.services.base import plain_values
from facekd_ui.services.passwords import require_good
from facekd_ui.services.shared import whole_of
from facekd_ui.session import Session

log = logging.getLogger(__name__)


class Logins:
    """The door of the application.

    Args:
        store: the store whose accounts count.
        desk: this computer's name, for the audit log.
    """

    def __init__(self, store: Store, desk: str) -> None:
        self._store = store
        self._desk = desk

    def is_first_run(self) -> bool:
        """Whether there is no account yet, so that the first administrator is to be made."""
        with self._store.reading() as t:
            return not t.operators.any()

    def create_first(self, name: str, password: str) -> Session:
        """Makes the first administrator and logs in.

        Raises:
            WeakPassword: it would be guessed too easily.
            Conflict: there is an account already; another computer was quicker.
        """
        require_good(password, name)
        hashed = self._store.hasher().hash(password)

        def create(t: Tables) -> None:
            t.gallery.lock()  # two computers that start at the same time make one administrator, not two
            if t.operators.any():
                raise Conflict("expected a store without accounts, found some; log in with one of them")
            operator = t.operators.add(name, Role.ADMINISTRATOR, hashed)
            t.audit.record(
                "account.first",
                operator_id=operator.id,
                operator=operator.name,
                subject=f"operator:{operator.id}",
                detail={"desk": self._desk},
            )

        with plain_values():
            self._store.run(create)
        return self.log_in(name, password)

    def log_in(self, name: str, password: str, *, may_idle: bool = False) -> Session:
        """A session that ends by idling or by age, as the shared settings say.

        Args:
            may_idle: for scripts, whose work is not seen by keyboard and mouse: only age ends it.

        Raises:
            LoginRefused, LockedOut: one message and one time for unknown name and wrong password.
        """
        done = self._log_in(name, password, may_idle=may_idle)
        return Session(done.operator, done.token, done.session)

    def log_out(self, session: Session) -> None:
        """Ends the session; one that is over stays as it is."""

        def end(t: Tables) -> None:
            t.sessions.end(session.stored.id, "ended")
            self._record(t, session, "logout")

        self._store.run(end)

    def lock(self, session: Session, *, idle: bool = False) -> None:
        """Locks the window at once, whether or not the store is there: the session answers nothing until `unlock`."""
        if session.locked:
            return
        session.locked = True
        try:
            self._store.run(lambda t: self._record(t, session, "lock", idle=idle))
        except StoreError as error:
            log.warning("the window is locked, and the audit log does not know it: %s", error)

    def unlock(self, session: Session, password: str) -> None:
        """Opens the window again for the same operator, with a session that begins anew.

        Raises:
            LoginRefused, LockedOut: as `log_in`; wrong passwords count towards the same lockout.
        """
        done = self._log_in(session.operator.name, password, may_idle=False)

        def replace(t: Tables) -> None:
            t.sessions.end(session.stored.id, "ended")
            self._record(t, session, "unlock")

        self._store.run(replace)
        session.operator, session.token, session.stored = done.operator, done.token, done.session
        session.locked = False

    def _log_in(self, name: str, password: str, *, may_idle: bool) -> Login:
        with self._store.reading() as t:
            lifetime = timedelta(hours=whole_of(t, "session.lifetime_hours"))
            idle = timedelta(minutes=whole_of(t, "session.idle_minutes"))
        idle = lifetime if may_idle else idle
        return log_in(self._store, name, password, client=self._desk, idle=idle, lifetime=lifetime)

    def _record(self, t: Tables, session: Session, act: str, **detail: bool) -> None:
        t.audit.record(
            act,
            operator_id=session.operator.id,
            operator=session.operator.name,
            subject=f"session:{session.stored.id}",
            detail={"client": self._desk, **detail},
        )
