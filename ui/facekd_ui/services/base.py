"""What every service stands on: the desk that it works at, the session that it works for, and the check of rights."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from facekd_db.errors import SessionEnded
from facekd_db.records import Json
from facekd_db.store import Store, Tables
from facekd_ui.i18n.relayed import relayed
from facekd_ui.services.errors import Forbidden, Invalid, Locked
from facekd_ui.services.networks import Networks
from facekd_ui.services.stored_gallery import GalleryCache
from facekd_ui.session import RIGHTS, Session

T_co = TypeVar("T_co")


@dataclass(frozen=True, slots=True)
class Desk:
    """One computer: its store, its home folder, its networks. Services of every session share it."""

    store: Store
    home: Path
    networks: Networks
    name: str  # how this computer is called in the audit log
    gallery: GalleryCache

    @classmethod
    def build(cls, store: Store, home: Path, networks: Networks, name: str) -> "Desk":
        """The desk with an empty cache; nothing is opened yet."""
        return cls(store, home, networks, name, GalleryCache(store, networks))


class Service:
    """Base of the services. Each public method of a subclass checks its right first, against the store as it is now.

    The line in `RIGHTS` is `name.method`; a method without a line is a TypeError when the class is defined, so no
    method can be forgotten. Refusals go into the audit log. Public methods do not call each other: each is one act.
    """

    name: ClassVar[str]

    def __init__(self, desk: Desk, session: Session) -> None:
        self._desk = desk
        self._store = desk.store
        self._session = session

    def __init_subclass__(cls) -> None:
        for attribute, value in list(vars(cls).items()):
            if attribute.startswith("_") or not callable(value):
                continue
            act = f"{cls.name}.{attribute}"
            if act not in RIGHTS:
                raise TypeError(f"expected a line for {act} in facekd_ui.session.RIGHTS, found none; add one")
            setattr(cls, attribute, _checked(act, value))

    def _check(self, act: str) -> None:
        session = self._session
        if session.locked:  # before anything else: it holds while the store is away, too
            raise Locked
        with self._store.reading() as t:
            stored, operator = t.sessions.touch(session.token, active=False)
        session.operator, session.stored = operator, stored
        try:
            session.require(act)
        except Forbidden:
            self._store.run(lambda t: self._audit(t, "refused", detail={"act": act}))
            raise

    def _write(self, work: Callable[[Tables], T_co]) -> T_co:
        """Runs `work` in a transaction, again when another client was in the way.

        A job may outlast the idle time of its session, but not the account: that is looked at in the transaction.
        """

        def as_operator(t: Tables) -> T_co:
            if not t.operators.get(self._session.operator.id).enabled:
                raise SessionEnded("the account was switched off; log in again", "disabled")
            return work(t)

        with plain_values():
            return self._store.run(as_operator)

    def _audit(
        self, t: Tables, act: str, subject: str = "", detail: Mapping[str, Json] | None = None
    ) -> None:
        operator = self._session.operator
        t.audit.record(act, operator_id=operator.id, operator=operator.name, subject=subject, detail=detail)

    @property
    def _by(self) -> int:
        return self._session.operator.id


@contextmanager
def plain_values() -> Iterator[None]:
    """The store's ValueError for a name too long or a day out of order is the typist's, not the programmer's."""
    try:
        yield
    except ValueError as e:
        raise Invalid(relayed(e)) from e


def _checked(act: str, method: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(method):
        raise TypeError(f"{act} is a generator and would check its right too late; return a list")

    @functools.wraps(method)
    def checked(self: Service, *args: Any, **kwargs: Any) -> Any:
        self._check(act)
        return method(self, *args, **kwargs)

    return checked
