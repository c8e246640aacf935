"""Errors in words, in the language of the window. What nobody expected says so and stands in the log."""

from facekd.errors import FacekdError
from facekd.quality import Reason
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
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.errors import ServiceError

REASONS: dict[Reason, Text] = {
    Reason.NO_FACE: T("no face found"),
    Reason.SEVERAL_FACES: T("more than one face"),
    Reason.TOO_SMALL: T("face too small"),
    Reason.LOW_SCORE: T("face not clear enough"),
    Reason.BLURRED: T("too blurred"),
    Reason.TOO_DARK: T("too dark"),
    Reason.TOO_BRIGHT: T("too bright"),
    Reason.EXTREME_POSE: T("head turned too far"),
    Reason.UNREADABLE: T("cannot be read"),
    Reason.OTHER_PERSON: T("looks like somebody else"),
}
"""Why a photograph is not taken, in words."""

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
            return T("The key that opens the faces is not on this computer. {detail}", detail=str(error))
        case Conflict():
            return T("This was changed by somebody else, or is taken already. {detail}", detail=str(error))
        case NotFound():
            return T("It is not there any more. {detail}", detail=str(error))
        case FacekdError() | StoreError():
            return sentence(str(error))
    return T("FaceKD made a mistake ({what}). It stands in the log.", what=type(error).__name__)


def sentence(words: str) -> str:
    """With a capital letter and a full stop."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "?", ":")) else ".")
