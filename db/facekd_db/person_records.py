"""Records of people: who they are, in what groups, what they agreed to, and what stays of those who were erased.

Everybody imports them from `facekd_db.records`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

__all__ = [
    "Consent",
    "ConsentText",
    "Erasure",
    "Group",
    "Merge",
    "Person",
    "PersonFields",
    "PersonFilter",
    "PersonSort",
    "PersonSummary",
]


@dataclass(frozen=True, slots=True)
class PersonFields:
    """What people edit of a person. Names need not be unique (namesakes exist); a code is."""

    name: str
    code: str | None = None
    department: str = ""
    note: str = ""
    valid_from: date | None = None  # first day on which the person is recognised; None: from now on
    valid_until: date | None = None  # last day; None: for ever


@dataclass(frozen=True, slots=True)
class Person:
    """A person on file."""

    id: int
    fields: PersonFields
    version: int  # hand it back with a change; another version in the store means Conflict
    created_at: datetime
    updated_at: datetime
    updated_by: int | None  # operator id
    deleted_at: datetime | None = None  # soft deletion: not recognised any more, may be restored ...
    erase_after: datetime | None = None  # ... until this moment
    on_hold: bool = False  # a legal hold: never erased while it lasts

    @property
    def name(self) -> str:
        return self.fields.name


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A row of the table of people."""

    person: Person
    crops: int  # enrolled photographs
    crop_id: int | None  # the first of them, for the thumbnail
    consented: bool  # a consent to recognition that was not withdrawn
    last_seen: datetime | None
    groups: tuple[str, ...] = ()  # names, sorted
    last_camera: str = ""  # where that was
    withdrawn: bool = False  # they agreed once and do not any more


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people; an empty filter means everybody who is not deleted."""

    search: str = ""  # part of name, code or department; case and width aside
    department: str | None = None
    group_id: int | None = None
    consented: bool | None = None  # whether a consent to recognition stands
    valid_on: date | None = None  # whose validity includes this day
    deleted: bool = False  # those who can still be brought back, instead

    def __bool__(self) -> bool:
        return self != PersonFilter()


@dataclass(frozen=True, slots=True)
class Group:
    """What an organisation sorts its people by."""

    id: int
    name: str
    people: int  # in it, deleted ones aside


@dataclass(frozen=True, slots=True)
class Merge:
    """Two records that were put together because they are one person."""

    id: int
    kept_id: int
    absorbed_id: int  # deleted since; restoring that record takes the two apart again
    kept: str  # names
    absorbed: str
    merged_at: datetime
    undo_until: datetime | None


class PersonSort(StrEnum):
    """Columns by which the table of people can be sorted."""

    NAME = "name"
    CODE = "code"
    DEPARTMENT = "department"
    CREATED = "created"
    UPDATED = "updated"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Erasure:
    """The certificate that stays after a person was erased: no name, no biometrics."""

    id: int
    person_id: int
    erased_at: datetime
    erased_by: int | None
    reason: str
    crops: int
    templates: int
    events: int


@dataclass(frozen=True, slots=True)
class ConsentText:
    """A text that people agreed to, kept word for word."""

    id: int
    language: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to what, when, and which text they had read."""

    id: int
    person_id: int
    text_id: int
    purpose: str  # "recognition" or "training"
    given_by: str  # who agreed: the person, or a guardian
    given_at: datetime
    recorded_by: int | None
    withdrawn_at: datetime | None = None
