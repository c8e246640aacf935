"""What the services refuse. Each carries a `Text`, so that the window can say it in its language."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from facekd.errors import FacekdError
from facekd_db.records import Role
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.words import REASONS, ROLES

if TYPE_CHECKING:  # both modules need these errors themselves
    from facekd_ui.services.examination import Alike, Shot


class ServiceError(FacekdError):
    """Base of every refusal of a service."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class Invalid(ServiceError):
    """What was handed in cannot be used as it stands."""

    exit_status = 2


class Forbidden(ServiceError):
    """The role does not carry this act; it is in the audit log that it was tried."""

    def __init__(self, act: str, role: Role, allowed: Collection[Role]) -> None:
        who = listed(ROLES[each] for each in sorted(allowed))
        super().__init__(T("You may not do this as {role}; it takes {who}.", role=ROLES[role], who=who))
        self.act = act


class Locked(ServiceError):
    """The window is locked."""

    def __init__(self) -> None:
        super().__init__(T("The window is locked. Unlock it with your password first."))


class PasswordChangeNeeded(ServiceError):
    """The password is a one-time password: nothing else may be done before it is replaced."""

    def __init__(self) -> None:
        super().__init__(T("Your password is valid once only. Choose one of your own first."))


class WeakPassword(Invalid):
    """The new password would be guessed too easily."""


class ConsentNeeded(Invalid):
    """This organisation enrols nobody without a recorded consent."""

    def __init__(self) -> None:
        super().__init__(
            T("Expected a consent to recognition, got none. Record who agreed to which text first.")
        )


class NothingUsable(ServiceError):
    """No photograph of a person could be enrolled; `refused` says why."""

    def __init__(self, refused: "tuple[Shot, ...]") -> None:
        reasons = listed(REASONS[reason] for reason in sorted({shot.reasons[0] for shot in refused}))
        super().__init__(
            T("No photograph could be used ({reasons}).", reasons=reasons)
            if refused
            else T("No photograph could be used: there was none.")
        )
        self.refused = refused


class LooksAlike(ServiceError):
    """The face looks like somebody already on file; saying that it is somebody else goes on."""

    def __init__(self, alike: "tuple[Alike, ...]") -> None:
        names = listed(each.name for each in alike)
        super().__init__(T("This looks like {names}, already on file.", names=names))
        self.alike = alike
