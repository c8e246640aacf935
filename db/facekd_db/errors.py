"""What the store raises on purpose. Each message says what was expected, what came, and what to do."""

from datetime import datetime


class StoreError(Exception):
    """Base of every expected failure of the store; its message is meant for the person at the keyboard."""

    exit_status = 1


class StoreUnavailable(StoreError):
    """The database does not answer; nothing was written, and the caller may try again later."""


class StoreBusy(StoreUnavailable):
    """Another client holds what this transaction needs; running the same work again helps (`Store.run`)."""


class StoreMissing(StoreUnavailable):
    """The database that was used here is not there any more; an empty one must not be taken for it."""


class StoreFull(StoreError):
    """The disk or the server has no room; nothing was written."""


class StoreDamaged(StoreError):
    """The database file is not a database any more, or lacks a row that must be there."""


class BadStoreUrl(StoreError):
    """The address of the database cannot be used as it stands."""

    exit_status = 2


class SchemaTooNew(StoreError):
    """The database was made by a newer program; it is left as it is."""

    exit_status = 2


class SchemaTooOld(StoreError):
    """The database needs an upgrade (`Store.upgrade`) before this program may use it."""

    exit_status = 2


class NotFound(StoreError):
    """What was asked for is not (or no longer) in the store."""


class Conflict(StoreError):
    """Two writers met: a unique value is taken, or the record changed since it was read."""


class LastAdministrator(Conflict):
    """The change would leave no administrator who can log in."""


class KeyMissing(StoreError):
    """This computer does not hold the store key that the database's faces are encrypted with."""


class Damaged(StoreError):
    """One encrypted row does not open: a flipped bit, or a row that was moved to another person or model."""


class LoginRefused(StoreError):
    """The name or the password is wrong. One message for both, so that nobody learns which names exist."""


class LockedOut(LoginRefused):
    """Too many wrong passwords for this name; `until` (UTC) says from when on the next try counts."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class SessionEnded(StoreError):
    """The session is over; `reason` is `idle`, `expired`, `ended`, `disabled` or `unknown`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
