"""Errors in words, in the language of the window. What nobody expected says so and stands in the log."""

from facekd.errors import FacekdError
from facekd_db.errors import (
    Conflict,
    KeyMissing,
    LastAdministrator,
    LockedOut,
    LoginRefused,
    NotFound,
    SchemaTooNew,
    SessionEnded,
    StoreBusy,
    StoreError,
    StoreUnavailable,
)
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.errors import ServiceError
from facekd_ui.services.words import REASONS as REASONS  # pages say both

_AFTER_THE_PASSWORD = (
    T("this account is switched off; ask an administrator"),
    T("the one-time password is too old; ask an administrator for a new one"),
)


def explain(error: Exception) -> Text | str:
    """One sentence for the person at the screen: what happened and what to do."""
    match error:
        case ServiceError():
            return error.text
        case LockedOut():
            return T("Too many tries. Wait and try again.")
        case LoginRefused():
            known = {text.source: text for text in _AFTER_THE_PASSWORD}
            return known.get(str(error), T("Name or password is wrong."))
        case LastAdministrator():
            return T("The last administrator cannot be switched off.")
        case SessionEnded():
            return T("Your session has ended. Log in again.")
        case SchemaTooNew():
            return T("This database belongs to a newer FaceKD. Update this computer.")
        case StoreBusy():
            return T("Another computer is using the database right now. Try again.")
        case StoreUnavailable():
            return T("The database does not answer. Nothing was written.")
        case KeyMissing():
            return T("The key that opens the faces is not on this computer. {detail}", detail=relayed(error))
        case Conflict():
            return T(
                "This was changed by somebody else, or is taken already. {detail}", detail=relayed(error)
            )
        case NotFound():
            return T("It is not there any more. {detail}", detail=relayed(error))
        case FacekdError() | StoreError():
            return relayed(error)
    return T("FaceKD made a mistake ({what}). It stands in the log.", what=type(error).__name__)
