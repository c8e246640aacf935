"""Who may do what: the whole matrix of rights, and the session that it is asked about.

Every public method of a service has a line in `RIGHTS`; a class with a method that has none cannot be defined
(`services.base.Service`). What each role is for:

- operator: works at the desk: watches, enrols, looks things up, corrects wrong names.
- administrator: answers for the data: accounts, shared settings, erasing, the database.
- engineer: answers for the recognition: sees faces named, changes nobody's data.
- auditor: reads everything that was recorded, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from facekd_db.records import Operator, Role
from facekd_db.records import Session as StoredSession
from facekd_ui.services.errors import Forbidden, PasswordChangeNeeded


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a method."""

    roles: frozenset[Role]
    with_one_time_password: bool = False  # also before a one-time password was changed


_O, _A, _E, _U = Role.OPERATOR, Role.ADMINISTRATOR, Role.ENGINEER, Role.AUDITOR
EVERYONE = Rule(frozenset(Role))
ALWAYS = Rule(frozenset(Role), with_one_time_password=True)
ADMIN = Rule(frozenset({_A}))
DESK = Rule(frozenset({_O, _A}))
WATCHES = Rule(frozenset({_O, _A, _E}))
READS = Rule(frozenset({_O, _A, _U}))
AUDITS = Rule(frozenset({_A, _U}))
TUNES = Rule(frozenset({_A, _E}))
TRAINS = Rule(frozenset({_A, _E}))

RIGHTS: Mapping[str, Rule] = {
    # one's own account
    "account.me": ALWAYS,
    "account.active": ALWAYS,
    "account.change_password": ALWAYS,
    "account.prove": EVERYONE,
    # accounts of others
    "accounts.all": ADMIN,
    "accounts.create": ADMIN,
    "accounts.rename": ADMIN,
    "accounts.change_role": ADMIN,
    "accounts.switch": ADMIN,
    "accounts.new_password": ADMIN,
    "accounts.sessions": ADMIN,
    "accounts.end_sessions": ADMIN,
    "accounts.unlock": ADMIN,
    # people
    "people.page": READS,
    "people.count": READS,
    "people.ids": READS,
    "people.departments": READS,
    "people.find": READS,
    "people.get": READS,
    "people.thumbnails": READS,
    "people.change": DESK,
    "people.deletion": DESK,
    "people.delete": DESK,
    "people.restore": DESK,
    "people.remove_photos": DESK,
    "people.give_consent": DESK,
    "people.withdraw_consent": DESK,
    "people.hold": ADMIN,
    "people.erase": ADMIN,
    "people.erasures": AUDITS,
    "groups.all": READS,
    "groups.within": READS,
    "groups.add": DESK,
    "groups.rename": DESK,
    "groups.remove": DESK,
    "merging.plan": DESK,
    "merging.lookalikes": DESK,
    "merging.merge": DESK,
    "merging.undo": DESK,
    "merging.of": READS,
    "crowd.deletion": DESK,
    "crowd.delete": DESK,
    "crowd.restore": DESK,
    "crowd.change": DESK,
    "crowd.change_back": DESK,
    "crowd.put_into": DESK,
    "crowd.take_out": DESK,
    "crowd.give_consent": DESK,
    "crowd.export": READS,
    # enrolment
    "enrolment.examine_files": DESK,
    "enrolment.examine": DESK,
    "enrolment.alike": DESK,
    "enrolment.enrol": DESK,
    "enrolment.add_photos": DESK,
    "imports.plan": DESK,
    "imports.run": DESK,
    "imports.pending": DESK,
    "imports.forget": DESK,
    # recognition
    "recognition.live": WATCHES,
    "recognition.faces": WATCHES,
    "recognition.not_this_person": DESK,
    "photo.name_everyone": WATCHES,
    "photo.compare": WATCHES,
    "cameras.all": WATCHES,
    "cameras.use": WATCHES,
    "cameras.add": ADMIN,
    "cameras.change": ADMIN,
    # records
    "recording.start": WATCHES,
    "recording.send_waiting": WATCHES,
    "records.page": READS,
    "records.count": READS,
    "records.get": READS,
    "records.image": READS,
    "records.tally": READS,
    "records.hours": READS,
    "records.why": READS,
    "records.cameras": READS,
    "records.not_this_person": DESK,
    "records.export": READS,
    # training
    "training.own_people": TRAINS,
    "training.teachers": TRAINS,
    "training.stages": TRAINS,
    "training.measure": TRAINS,
    "training.compare": TRAINS,
    "training.save": TRAINS,
    "training.duplicate": TRAINS,
    "training.queue": TRAINS,
    "training.start": TRAINS,
    "training.stop": TRAINS,
    "training.delete": TRAINS,
    "training.send": TRAINS,
    # the line for a name
    "promises.overview": TRAINS,
    "promises.at": TRAINS,
    "promises.choose": ADMIN,
    # the recogniser
    "models.shelf": TUNES,
    "models.time": TUNES,
    "models.terms": TUNES,
    "models.names": TUNES,
    "models.line": TUNES,
    "model_import.look": TUNES,
    "model_import.guess": TUNES,
    "model_import.bring": TUNES,
    "comparison.run": TUNES,
    "comparison.latest": TUNES,
    "comparison.verdict": TUNES,
    "comparison.pictures": TUNES,
    "deployment.state": TUNES,
    "deployment.history": TUNES,
    "deployment.plan": ADMIN,
    "deployment.stage": ADMIN,
    "deployment.switch": ADMIN,
    "deployment.cancel": ADMIN,
    "deployment.roll_back": ADMIN,
    "deployment.purge": ADMIN,
    "deployment.override": ADMIN,
    # what all computers share
    "shared.all": EVERYONE,
    "shared.consent_text": EVERYONE,
    "shared.put": ADMIN,
    "audit.page": AUDITS,
    "audit.verify": AUDITS,
    "audit.export": AUDITS,
    # the database
    "maintenance.check": AUDITS,
    "maintenance.copy": ADMIN,
    "maintenance.backup": ADMIN,
    "maintenance.restore": ADMIN,
    "maintenance.rotate_key": ADMIN,
    "maintenance.export_key": ADMIN,
    "maintenance.import_key": ADMIN,
}
"""Service and method -> who may call it."""


class Session:
    """Who works at this desk now. Threads may share it; the operator in it is replaced as a whole."""

    def __init__(self, operator: Operator, token: str, stored: StoredSession) -> None:
        self.operator = operator
        self.token = token
        self.stored = stored
        self.locked = False  # the window is locked: nothing is answered until `Logins.unlock`

    @property
    def role(self) -> Role:
        """The role as the store last said it."""
        return self.operator.role

    def may(self, act: str) -> bool:
        """Whether the role carries `act`, a key of `RIGHTS`; for hiding what would be refused."""
        return self.role in RIGHTS[act].roles

    def require(self, act: str) -> None:
        """Raises PasswordChangeNeeded or Forbidden unless the act may go on now."""
        rule = RIGHTS[act]
        if self.operator.must_change_password and not rule.with_one_time_password:
            raise PasswordChangeNeeded
        if self.role not in rule.roles:
            raise Forbidden(act, self.role, rule.roles)
