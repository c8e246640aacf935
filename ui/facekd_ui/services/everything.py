"""One of each service, for one session at one desk."""

from dataclasses import dataclass

from facekd_ui.services.account import Account
from facekd_ui.services.accounts import Accounts
from facekd_ui.services.audit import Audit
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.cameras import Cameras
from facekd_ui.services.comparison import Comparing
from facekd_ui.services.crowd import Crowd
from facekd_ui.services.deployment import Deploying
from facekd_ui.services.enrolment import Enrolment
from facekd_ui.services.groups import Groups
from facekd_ui.services.imports import Imports
from facekd_ui.services.maintenance import Maintenance
from facekd_ui.services.merging import Merging
from facekd_ui.services.model_import import ModelImport
from facekd_ui.services.model_shelf import Models
from facekd_ui.services.people import People
from facekd_ui.services.photo import Photo
from facekd_ui.services.promises import Promises
from facekd_ui.services.recognition import Recognition
from facekd_ui.services.recording import Recording
from facekd_ui.services.records import Records
from facekd_ui.services.shared import Shared
from facekd_ui.services.training import Training
from facekd_ui.session import Session

SERVICES: dict[str, type[Service]] = {
    kind.name: kind
    for kind in (
        Account,
        Accounts,
        Audit,
        Cameras,
        Comparing,
        Crowd,
        Deploying,
        Enrolment,
        Groups,
        Imports,
        Maintenance,
        Merging,
        ModelImport,
        Models,
        People,
        Photo,
        Promises,
        Recognition,
        Recording,
        Records,
        Shared,
        Training,
    )
}
"""Every service by name; a test walks their methods against the matrix of rights."""


@dataclass(frozen=True, slots=True)
class Services:
    """What pages and commands are given."""

    account: Account
    accounts: Accounts
    audit: Audit
    cameras: Cameras
    comparison: Comparing
    crowd: Crowd
    deployment: Deploying
    enrolment: Enrolment
    groups: Groups
    imports: Imports
    maintenance: Maintenance
    merging: Merging
    model_import: ModelImport
    models: Models
    people: People
    photo: Photo
    promises: Promises
    recognition: Recognition
    recording: Recording
    records: Records
    shared: Shared
    training: Training

    @classmethod
    def of(cls, desk: Desk, session: Session) -> "Services":
        """The services of a session; made anew after each login."""
        return cls(
            account=Account(desk, session),
            accounts=Accounts(desk, session),
            audit=Audit(desk, session),
            cameras=Cameras(desk, session),
            comparison=Comparing(desk, session),
            crowd=Crowd(desk, session),
            deployment=Deploying(desk, session),
            enrolment=Enrolment(desk, session),
            groups=Groups(desk, session),
            imports=Imports(desk, session),
            maintenance=Maintenance(desk, session),
            merging=Merging(desk, session),
            model_import=ModelImport(desk, session),
            models=Models(desk, session),
            people=People(desk, session),
            photo=Photo(desk, session),
            promises=Promises(desk, session),
            recognition=Recognition(desk, session),
            recording=Recording(desk, session),
            records=Records(desk, session),
            shared=Shared(desk, session),
            training=Training(desk, session),
        )
