"""The tables, as they are after all migrations. A test compares them with what the migrations make.

Families: accounts (operator, session, lockout, setting, audit), gallery (keys, person, groups, merges, consent, model,
crop, template), records (camera, event). Names are singular; every table has a surrogate key or a natural one.
"""

import sqlalchemy as sa

from facekd_db.columns import BIG_ID, BLOB, LONG_TEXT, MYSQL, UtcDateTime, exact, raw

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
ROLES = ("operator", "administrator", "engineer", "auditor")
STATES = ("known", "uncertain", "unknown", "erased")

metadata = sa.MetaData(naming_convention=NAMING)


def _table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    # Ids of erased people are never given to others.
    return sa.Table(name, metadata, *parts, sqlite_autoincrement=True, **MYSQL)


def _natural(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *parts, **MYSQL)


def _id() -> sa.Column[int]:
    return sa.Column("id", BIG_ID, primary_key=True, autoincrement=True)


def _to(name: str, target: str, *, ondelete: str | None = None, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG_ID, sa.ForeignKey(target, ondelete=ondelete), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


# --- accounts ---------------------------------------------------------------------------------------------

operator = _table(
    "operator",
    _id(),
    sa.Column("name", exact(100), nullable=False),
    sa.Column("name_key", exact(100), nullable=False, unique=True),  # folded: Ada and ADA are one account
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    _time("one_time_until", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    _time("created_at"),
    _time("last_login_at", nullable=True),
    sa.CheckConstraint(f"role IN {ROLES}", name="role"),
)

session = _table(
    "session",
    _id(),
    _to("operator_id", "operator.id"),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("client", sa.String(255), nullable=False),
    _time("started_at"),
    _time("last_seen_at"),
    sa.Column("idle_s", sa.Integer, nullable=False),
    _time("expires_at"),
    _time("ended_at", nullable=True),
    sa.Column("end_reason", sa.String(16)),
    sa.Index(None, "operator_id", "ended_at"),
)

lockout = _natural(  # by hash of the folded name, so that unknown names are counted like known ones
    "lockout",
    sa.Column("name_hash", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    _time("last_failure_at"),
    _time("locked_until", nullable=True),
)

setting = _natural(
    "setting",
    sa.Column("key", exact(100), primary_key=True),
    sa.Column("value", LONG_TEXT, nullable=False),  # JSON
    sa.Column("version", sa.Integer, nullable=False),
    _time("updated_at"),
    _to("updated_by", "operator.id", nullable=True),
)

audit = _natural(
    "audit",
    sa.Column("sequence", BIG_ID, primary_key=True, autoincrement=False),
    _time("at"),
    sa.Column("operator_id", BIG_ID),  # no foreign key: the row must not change when anything else does
    sa.Column("operator", exact(100), nullable=False),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("detail", LONG_TEXT, nullable=False),  # JSON
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index(None, "at"),
    sa.Index(None, "subject"),
)

audit_head = _natural(  # one row; locked by whoever appends, so that the chain never forks
    "audit_head",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", BIG_ID, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# --- gallery ----------------------------------------------------------------------------------------------

gallery = _natural(  # one row
    "gallery",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("revision", BIG_ID, nullable=False),
    sa.Column("model_id", sa.String(64), sa.ForeignKey("model.id")),
)

model = _natural(
    "model",
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("dim", sa.Integer),
    sa.Column("card", LONG_TEXT, nullable=False),
    _time("added_at"),
)

person = _table(
    "person",
    _id(),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("name_key", exact(200), nullable=False),  # folded; sorted and compared by it
    sa.Column("code", exact(100), unique=True),
    sa.Column("department", exact(200), nullable=False),
    sa.Column("note", LONG_TEXT, nullable=False),
    sa.Column("search", exact(600), nullable=False),  # folded name, code and department
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("version", sa.Integer, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    _to("updated_by", "operator.id", nullable=True),
    sa.Column("deleted", sa.Boolean, nullable=False),  # leads the indexes; deleted_at says since when
    _time("deleted_at", nullable=True),
    _time("erase_after", nullable=True),
    sa.Column("on_hold", sa.Boolean, nullable=False),
    sa.Index(None, "deleted", "name_key", "id"),
    sa.Index(None, "deleted", "code", "id"),
    sa.Index(None, "deleted", "department", "id"),
    sa.Index(None, "deleted", "created_at", "id"),
    sa.Index(None, "deleted", "updated_at", "id"),
    sa.Index(None, "erase_after"),
)

person_group = _table(  # what an organisation sorts its people by: staff, night shift, visitors
    "person_group",
    _id(),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("name_key", exact(100), nullable=False, unique=True),  # folded
    _time("created_at"),
)

membership = _table(
    "membership",
    _id(),
    _to("person_id", "person.id", ondelete="CASCADE"),
    _to("group_id", "person_group.id", ondelete="CASCADE"),
    sa.UniqueConstraint("person_id", "group_id"),
    sa.Index(None, "group_id", "person_id"),
)

person_merge = _table(  # two records that were one person; goes when it is undone or one of them is erased
    "person_merge",
    _id(),
    _to("kept_id", "person.id", ondelete="CASCADE"),
    _to("absorbed_id", "person.id", ondelete="CASCADE"),
    _time("merged_at"),
    _to("merged_by", "operator.id", nullable=True),
    sa.Column("fields", LONG_TEXT, nullable=False),  # JSON: what the fields were and became, for the way back
    sa.UniqueConstraint("absorbed_id"),
    sa.Index(None, "kept_id"),
)

merge_item = _table(  # what changed hands in a merge, and to whom it goes back
    "merge_item",
    _id(),
    _to("merge_id", "person_merge.id", ondelete="CASCADE"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("row_id", BIG_ID, nullable=False),
    sa.Column("owner_id", BIG_ID, nullable=False),
    sa.Index(None, "merge_id", "kind"),
)

store_key = _natural(  # the keys themselves lie outside the database
    "store_key",
    sa.Column("id", sa.String(32), primary_key=True),  # fingerprint
    _time("created_at"),
    _time("retired_at", nullable=True),
)

data_key = _table(  # one per person, wrapped by the store key; one without a person for everything else
    "data_key",
    _id(),
    _to("person_id", "person.id", ondelete="CASCADE", nullable=True),
    sa.Column("store_key_id", sa.String(32), sa.ForeignKey("store_key.id"), nullable=False),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("wrapped", raw(48), nullable=False),
    _time("created_at"),
    sa.Index(None, "person_id"),
)

crop = _table(
    "crop",
    _id(),
    _to("person_id", "person.id", ondelete="CASCADE"),
    _to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("image", BLOB, nullable=False),
    sa.Column("rejects", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    _time("created_at"),
    _time("quarantined_at", nullable=True),
    sa.Index(None, "person_id", "rejects"),
)

template = _table(
    "template",
    _id(),
    _to("person_id", "person.id", ondelete="CASCADE"),
    _to("crop_id", "crop.id", ondelete="CASCADE", nullable=True),
    sa.Column("model_id", sa.String(64), sa.ForeignKey("model.id"), nullable=False),
    sa.Column("dim", sa.Integer, nullable=False),
    _to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("vector", BLOB, nullable=False),
    sa.Column("rejects", sa.Boolean, nullable=False),
    _time("created_at"),
    _time("quarantined_at", nullable=True),
    sa.UniqueConstraint("crop_id", "model_id"),
    sa.Index(None, "model_id", "person_id"),
    sa.Index(None, "person_id"),
)

consent_text = _table(
    "consent_text",
    _id(),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("body", LONG_TEXT, nullable=False),
    _time("created_at"),
)

consent = _table(
    "consent",
    _id(),
    _to("person_id", "person.id", ondelete="CASCADE"),
    _to("text_id", "consent_text.id"),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("given_by", sa.String(200), nullable=False),
    _time("given_at"),
    _to("recorded_by", "operator.id", nullable=True),
    _time("withdrawn_at", nullable=True),
    sa.Index(None, "person_id", "purpose"),
)

erasure = _table(  # certificates; no foreign key, the person is gone
    "erasure",
    _id(),
    sa.Column("person_id", BIG_ID, nullable=False, unique=True),
    _time("erased_at"),
    sa.Column("erased_by", BIG_ID),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("crops", sa.Integer, nullable=False),
    sa.Column("templates", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
)

# --- records ----------------------------------------------------------------------------------------------

camera = _table(
    "camera",
    _id(),
    sa.Column("name", exact(100), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    _to("key_id", "data_key.id"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("address", BLOB, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

event = _table(
    "event",
    _id(),
    _time("at"),
    _time("last_at"),
    _to("camera_id", "camera.id"),
    _to("person_id", "person.id", ondelete="SET NULL", nullable=True),
    sa.Column("subject", exact(100), nullable=False),  # "person:12" or the track: what is de-duplicated
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("score", sa.Double),
    sa.Column("sightings", sa.Integer, nullable=False),
    sa.Column("detail", LONG_TEXT, nullable=False),  # JSON
    sa.CheckConstraint(f"state IN {STATES}", name="state"),
    sa.Index(None, "at", "id"),
    sa.Index(None, "person_id", "at", "id"),
    sa.Index(None, "camera_id", "at", "id"),
    sa.Index(None, "state", "at", "id"),
    sa.Index(None, "subject", "camera_id", "last_at"),
)

event_image = _natural(
    "event_image",
    sa.Column(
        "event_id",
        BIG_ID,
        sa.ForeignKey("event.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("image", BLOB, nullable=False),
)

event_batch = _natural(  # batches that arrived, so that one sent twice counts once
    "event_batch",
    sa.Column("uid", sa.String(32), primary_key=True),
    _time("at"),
)
