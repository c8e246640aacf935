"""Frozen records that cross the border of this package. Times are aware and UTC; vectors and pictures are bytes.

A record is a copy: changing the store never changes a record that was read before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from facekd_db.person_records import *  # noqa: F403 - whoever wants a record asks for it here

T = TypeVar("T")
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Role(StrEnum):
    """What an operator is trusted with; the rights themselves are a table in the services."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    ENGINEER = "engineer"
    AUDITOR = "auditor"


# --- faces ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Crop:
    """An encoded photograph of a face, aligned to 112 x 112. Decrypted."""

    id: int
    person_id: int
    image: bytes  # PNG or JPEG
    rejects: bool  # True: an operator said that this face is NOT the person
    source: str  # "camera", "file", ...
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """One embedding of one crop by one model. Decrypted."""

    id: int
    person_id: int
    crop_id: int | None  # None when only templates are kept
    model_id: str  # sha256 of the model file
    dim: int
    vector: bytes  # little-endian float32, 4 * dim bytes
    rejects: bool  # True: a probe that resembles this one must not be given the person's name


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to be stored; `dim` times four is the length of `vector`."""

    person_id: int
    model_id: str
    dim: int
    vector: bytes
    crop_id: int | None = None
    rejects: bool = False


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """An encrypted row that did not open and was put into quarantine."""

    table: str  # "template" or "crop"
    id: int
    person_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Opened(Generic[T]):
    """What could be decrypted, and what could not."""

    rows: tuple[T, ...]
    damaged: tuple[DamagedRow, ...]


@dataclass(frozen=True, slots=True)
class GalleryState:
    """Which state of the people on file this is, and which model speaks for them."""

    revision: int  # grows with every change that recognition must see
    model_id: str | None  # the active embedder; None before one was chosen


@dataclass(frozen=True, slots=True)
class Model:
    """A model file that the store has seen."""

    id: str  # sha256 of the file
    name: str
    kind: str  # "detector" or "embedder"
    dim: int | None
    card: str  # the card's text
    added_at: datetime


# --- operators --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator:
    """An account. Its password's hash never leaves the store in a record."""

    id: int
    name: str
    role: Role
    enabled: bool
    must_change_password: bool  # the password is a one-time password
    one_time_until: datetime | None
    version: int
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A login that lasts until it is ended, idle for too long, or too old."""

    id: int
    operator_id: int
    client: str  # the computer
    started_at: datetime
    last_seen_at: datetime
    idle_s: int
    expires_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What a successful login returns."""

    operator: Operator
    session: Session
    token: str  # secret; the store keeps only its hash


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act of one operator. Names no person by name: `subject` is kind and id, so that erasing is possible."""

    sequence: int  # counts from 1 without gaps
    at: datetime
    operator_id: int | None
    operator: str  # name at that time; "" for the program itself
    act: str
    subject: str  # "person:12", "operator:3", ...
    detail: Mapping[str, Json]
    previous: str  # hash of the row before
    hash: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome of a check of the audit chain."""

    rows: int
    head: str  # hash of the last row; note it elsewhere to notice a chain that was rewritten as a whole
    broken: int | None = None  # sequence of the first row that does not fit
    why: str = ""


# --- records ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Camera:
    """A source of pictures. The address may hold a password and is encrypted at rest."""

    id: int
    name: str
    kind: str  # "device", "stream", "file", "folder"
    address: str
    enabled: bool
    version: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face that was seen, on its way into the store.

    Sightings of the same person at the same camera that are closer than the interval become one event;
    for unknown faces `track` says which belong together.
    """

    at: datetime
    camera_id: int
    state: str  # "known", "uncertain" or "unknown"
    track: str  # unique per run of the program and track
    person_id: int | None = None
    score: float | None = None
    image: bytes | None = None  # encoded crop
    detail: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody was somewhere from `at` to `last_at`."""

    id: int
    at: datetime
    last_at: datetime
    camera_id: int
    camera: str
    state: str
    person_id: int | None
    person: str | None  # name; None for unknown and for people who were erased
    score: float | None  # the best
    sightings: int
    has_image: bool
    detail: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; an empty filter means all."""

    since: datetime | None = None
    until: datetime | None = None
    person_id: int | None = None
    camera_id: int | None = None
    states: frozenset[str] = frozenset()
    name: str = ""  # part of the person's name


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that all computers share."""

    key: str
    value: Json
    version: int
    updated_at: datetime
    updated_by: int | None
