"""Words for what services deal in: roles, reasons, and the acts of the audit log. No Qt.

The tests walk through the code for acts and details of the audit log and fail on one that has no word here.
"""

from collections.abc import Mapping, Sequence

from facekd.quality import Reason
from facekd_db.records import Json, Role
from facekd_ui.i18n.relayed import said
from facekd_ui.i18n.text import T, Text, current_language, listed

ROLES: dict[Role, Text] = {
    Role.OPERATOR: T("Operator"),
    Role.ADMINISTRATOR: T("Administrator"),
    Role.ENGINEER: T("Engineer"),
    Role.AUDITOR: T("Auditor"),
}

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
"""Why a photograph is not taken."""

FACE_STATES: dict[str, Text] = {
    "known": T("known"),
    "uncertain": T("uncertain"),
    "unknown": T("unknown"),
    "erased": T("erased"),
}
"""States of a face in a record; the last: its person was erased."""

FAMILIES: dict[str, Text] = {
    "log": T("Logging in and out"),
    "lock": T("Locking"),
    "unlock": T("Unlocking"),
    "password": T("Passwords"),
    "account": T("Accounts"),
    "person": T("People"),
    "people": T("Imports"),
    "group": T("Groups"),
    "photo": T("Photographs looked at"),
    "record": T("Records"),
    "setting": T("Settings"),
    "model": T("Recognisers"),
    "quarantine": T("Damaged rows"),
    "camera": T("Cameras"),
    "audit": T("The audit log"),
    "store": T("The database"),
    "training": T("Training"),
    "refused": T("Refusals"),
}
"""Beginning of an act -> the group that it belongs to, for filtering."""

ACTS: dict[str, Text] = {
    "account.create": T("Made an account"),
    "account.end_sessions": T("Ended sessions"),
    "account.first": T("Made the first account"),
    "account.new_password": T("Gave a new password"),
    "account.off": T("Switched an account off"),
    "account.on": T("Switched an account on"),
    "account.rename": T("Renamed an account"),
    "account.role": T("Changed a role"),
    "account.unlock": T("Lifted a lockout"),
    "audit.export": T("Exported the audit log"),
    "audit.verify": T("Checked the audit log"),
    "camera.add": T("Added a camera"),
    "camera.change": T("Changed a camera"),
    "group.add": T("Added a group"),
    "group.remove": T("Removed a group"),
    "group.rename": T("Renamed a group"),
    "lock": T("Locked the window"),
    "login": T("Logged in"),
    "login.refused": T("Login refused"),
    "logout": T("Logged out"),
    "model.activate": T("Chose a recogniser"),
    "model.cancel": T("Gave a deployment up"),
    "model.deploy": T("Began to deploy a recogniser"),
    "model.import": T("Brought in a model"),
    "model.override": T("Overrode the gate with a second person"),
    "model.purge": T("Removed an earlier recogniser's templates"),
    "model.roll_back": T("Rolled the recogniser back"),
    "model.switch": T("Switched the recogniser"),
    "password.change": T("Changed their password"),
    "password.refused": T("Password refused"),
    "people.export": T("Exported people"),
    "people.import": T("Imported people"),
    "person.add": T("Added a person"),
    "person.add_photos": T("Added photos"),
    "person.change": T("Changed a person"),
    "person.delete": T("Deleted a person"),
    "person.erase": T("Erased a person"),
    "person.give_consent": T("Recorded a consent"),
    "person.hold": T("Changed a legal hold"),
    "person.join": T("Put a person into a group"),
    "person.leave": T("Took a person out of a group"),
    "person.look": T("Looked at a person"),
    "person.merge": T("Merged two people"),
    "person.merged_into": T("Was merged into another"),
    "person.not_this": T("Said: not this person"),
    "person.remove_photos": T("Removed photos"),
    "person.restore": T("Brought a person back"),
    "person.unmerge": T("Took two people apart"),
    "person.withdraw_consent": T("Withdrew a consent"),
    "photo.compare": T("Compared two photographs"),
    "photo.name": T("Named a photograph"),
    "quarantine": T("Set a damaged row aside"),
    "recording.start": T("Began to record"),
    "records.expire": T("Removed old records"),
    "records.export": T("Exported records"),
    "refused": T("Was refused"),
    "setting.change": T("Changed a setting"),
    "store.backup": T("Made a backup"),
    "store.check": T("Checked the database"),
    "store.copy": T("Copied the database"),
    "store.export_key": T("Exported the key to the faces"),
    "store.import_key": T("Imported a key to the faces"),
    "store.restore": T("Restored a backup"),
    "store.rotate_key": T("Changed the key to the faces"),
    "store.upgrade": T("Upgraded the database"),
    "training.delete": T("Deleted a training run"),
    "training.measure": T("Measured a training run"),
    "training.send": T("Sent a student to the models"),
    "training.start": T("Started a training run"),
    "training.stop": T("Stopped a training run"),
    "unlock": T("Unlocked the window"),
}
"""Acts of the audit log."""

SUBJECTS: dict[str, Text] = {
    "camera": T("camera"),
    "crop": T("photo"),
    "group": T("group"),
    "event_image": T("picture of a record"),
    "model": T("recogniser"),
    "operator": T("account"),
    "person": T("person"),
    "run": T("training run"),
    "session": T("session"),
    "setting": T("setting"),
    "template": T("template"),
}
"""What an act was done to, as "person:12" begins."""

DETAILS: dict[str, Text] = {
    "absorbed": T("taken in"),
    "act": T("act"),
    "before": T("before"),
    "broken": T("breaks at row"),
    "client": T("at"),
    "complete": T("to the end"),
    "consents": T("consents"),
    "desk": T("at"),
    "enabled": T("switched on"),
    "event": T("record"),
    "events": T("records"),
    "faces": T("faces"),
    "failed": T("failed"),
    "fields": T("fields"),
    "format": T("format"),
    "group": T("group"),
    "idle": T("after idling"),
    "kept": T("kept"),
    "key": T("key"),
    "keys": T("keys"),
    "known": T("known name"),
    "name": T("name"),
    "laid_aside": T("laid aside"),
    "left_out": T("to be enrolled anew"),
    "on_hold": T("on hold"),
    "people": T("people"),
    "person": T("person"),
    "photos": T("photos"),
    "pictures": T("pictures"),
    "purpose": T("purpose"),
    "reason": T("reason"),
    "refused": T("turned down"),
    "replaced_audit_head": T("last hash of the log before"),
    "replaced_audit_rows": T("rows of the log before"),
    "restored": T("brought back"),
    "role": T("role"),
    "rows": T("rows"),
    "second": T("second person"),
    "session": T("session"),
    "source": T("from"),
    "state": T("answer"),
    "templates": T("templates"),
    "text": T("text"),
    "undo": T("undo"),
    "unreadable": T("unreadable"),
    "unlike": T("said to be another than"),
    "value": T("value"),
    "why": T("why"),
}
"""Keys of an act's detail."""

_VALUES: dict[str, Text] = {
    **{role.value: text for role, text in ROLES.items()},
    "known": T("the same person"),
    "uncertain": T("perhaps"),
    "unknown": T("not shown"),
    "file": T("file"),
    "camera": T("camera"),
    "recognition": T("recognition"),
    "training": T("training"),
    "retention": T("retention"),
}


def act_words(act: str) -> str:
    """The act in the language in use; as it is stored where a newer program wrote it."""
    return str(ACTS.get(act, act))


def subject_words(subject: str) -> str:
    """ "person 12" of "person:12"."""
    kind, mark, which = subject.partition(":")
    return f"{SUBJECTS.get(kind, kind)} {which}" if mark else subject


def detail_words(detail: Mapping[str, Json]) -> str:
    """ "photos 3, refused 1"; what is empty is left out."""
    parts = [
        f"{DETAILS.get(key, key)} {_value(value)}"
        for key, value in detail.items()
        if value not in (None, "", [], {})
    ]
    return str(listed(parts))


def _value(value: Json) -> str:
    if isinstance(value, bool):
        return str(T("yes") if value else T("no"))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        return str(_VALUES[value]) if value in _VALUES else said(value, current_language())
    if isinstance(value, Mapping):
        return detail_words(value)
    if isinstance(value, Sequence):
        return " ".join(map(_value, value))
    return str(value)
