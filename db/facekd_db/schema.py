"""The tables, as they are after all migrations. A test compares them with what the migrations make.

Families: accounts (operator, session, lockout, setting, audit), gallery (keys, person, groups, merges, consent, model,
crop, template), deployments, records (camera, event). Names are singular; every table has a
surrogate key or a natural one.
"""

import sqlalchemy as sa

from facekd_db.columns import BIG_ID, BLOB, LONG_TEXT, exact, raw
from facekd_db.declaring import metadata as metadata
from facekd_db.declaring import moment, natural, number, numbered, to, to_model

ROLES = ("operator", "administrator", "engineer", "auditor")
STATES = ("known", "uncertain", "unknown", "erased")

# --- accounts ---------------------------------------------------------------------------------------------

operator = numbered(
    "operator",
    number(),
    sa.Column("name", exact(100), nullable=False),
    sa.Column("name_key", exact(100), nullable=False, unique=True),  # folded: Ada and ADA are one account
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    moment("one_time_until", nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    moment("created_at"),
    moment("last_login_at", nullable=True),
    sa.CheckConstraint(f"role IN {ROLES}", name="role"),
)

session = numbered(
    "session",
    number(),
    to("operator_id", "operator.id"),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("client", sa.String(255), nullable=False),
    moment("started_at"),
    moment("last_seen_at"),
    sa.Column("idle_s", sa.Integer, nullable=False),
    moment("expires_at"),
    moment("ended_at", nullable=True),
    sa.Column("end_reason", sa.String(16)),
    sa.Index(None, "operator_id", "ended_at"),
)

lockout = natural(  # by hash of the folded name, so that unknown names are counted like known ones
    "lockout",
    sa.Column("name_hash", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    moment("last_failure_at"),
    moment("locked_until", nullable=True),
)

setting = natural(
    "setting",
    sa.Column("key", exact(100), primary_key=True),
    sa.Column("value", LONG_TEXT, nullable=False),  # JSON
    sa.Column("version", sa.Integer, nullable=False),
    moment("updated_at"),
    to("updated_by", "operator.id", nullable=True),
)

audit = natural(
    "audit",
    sa.Column("sequence", BIG_ID, primary_key=True, autoincrement=False),
    moment("at"),
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

audit_head = natural(  # one row; locked by whoever appends, so that the chain never forks
    "audit_head",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", BIG_ID, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# --- gallery ----------------------------------------------------------------------------------------------

gallery = natural(  # one row
    "gallery",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("revision", BIG_ID, nullable=False),
    to_model("model_id", nullable=True),
)

model = natural(
    "model",
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("dim", sa.Integer),
    sa.Column("card", LONG_TEXT, nullable=False),
    moment("added_at"),
)

person = numbered(
    "person",
    number(),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("name_key", exact(200), nullable=False),  # folded; sorted and compared by it
    sa.Column("code", exact(100), unique=True),
    sa.Column("department", exact(200), nullable=False),
    sa.Column("note", LONG_TEXT, nullable=False),
    sa.Column("search", exact(600), nullable=False),  # folded name, code and department
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_until", sa.Date),
    sa.Column("version", sa.Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    to("updated_by", "operator.id", nullable=True),
    sa.Column("deleted", sa.Boolean, nullable=False),  # leads the indexes; deleted_at says since when
    moment("deleted_at", nullable=True),
    moment("erase_after", nullable=True),
    sa.Column("on_hold", sa.Boolean, nullable=False),
    sa.Index(None, "deleted", "name_key", "id"),
    sa.Index(None, "deleted", "code", "id"),
    sa.Index(None, "deleted", "department", "id"),
    sa.Index(None, "deleted", "created_at", "id"),
    sa.Index(None, "deleted", "updated_at", "id"),
    sa.Index(None, "erase_after"),
)

person_group = numbered(  # what an organisation sorts its people by: staff, night shift, visitors
    "person_group",
    number(),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("name_key", exact(100), nullable=False, unique=True),  # folded
    moment("created_at"),
)

membership = numbered(
    "membership",
    number(),
    to("person_id", "person.id", ondelete="CASCADE"),
    to("group_id", "person_group.id", ondelete="CASCADE"),
    sa.UniqueConstraint("person_id", "group_id"),
    sa.Index(None, "group_id", "person_id"),
)

person_merge = numbered(  # two records that were one person; goes when it is undone or one of them is erased
    "person_merge",
    number(),
    to("kept_id", "person.id", ondelete="CASCADE"),
    to("absorbed_id", "person.id", ondelete="CASCADE"),
    moment("merged_at"),
    to("merged_by", "operator.id", nullable=True),
    sa.Column("fields", LONG_TEXT, nullable=False),  # JSON: what the fields were and became, for the way back
    sa.UniqueConstraint("absorbed_id"),
    sa.Index(None, "kept_id"),
)

merge_item = numbered(  # what changed hands in a merge, and to whom it goes back
    "merge_item",
    number(),
    to("merge_id", "person_merge.id", ondelete="CASCADE"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("row_id", BIG_ID, nullable=False),
    sa.Column("owner_id", BIG_ID, nullable=False),
    sa.Index(None, "merge_id", "kind"),
)

store_key = natural(  # the keys themselves lie outside the database
    "store_key",
    sa.Column("id", sa.String(32), primary_key=True),  # fingerprint
    moment("created_at"),
    moment("retired_at", nullable=True),
)

data_key = numbered(  # one per person, wrapped by the store key; one without a person for everything else
    "data_key",
    number(),
    to("person_id", "person.id", ondelete="CASCADE", nullable=True),
    sa.Column("store_key_id", sa.String(32), sa.ForeignKey("store_key.id"), nullable=False),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("wrapped", raw(48), nullable=False),
    moment("created_at"),
    sa.Index(None, "person_id"),
)

crop = numbered(
    "crop",
    number(),
    to("person_id", "person.id", ondelete="CASCADE"),
    to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("image", BLOB, nullable=False),
    sa.Column("rejects", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    moment("created_at"),
    moment("quarantined_at", nullable=True),
    sa.Index(None, "person_id", "rejects"),
)

template = numbered(
    "template",
    number(),
    to("person_id", "person.id", ondelete="CASCADE"),
    to("crop_id", "crop.id", ondelete="CASCADE", nullable=True),
    to_model("model_id"),
    sa.Column("dim", sa.Integer, nullable=False),
    to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("vector", BLOB, nullable=False),
    sa.Column("rejects", sa.Boolean, nullable=False),
    moment("created_at"),
    moment("quarantined_at", nullable=True),
    sa.UniqueConstraint("crop_id", "model_id"),
    sa.Index(None, "model_id", "person_id"),
    sa.Index(None, "person_id"),
)

model_file = numbered(  # its bytes, in parts that every server takes: each computer gets the model by itself
    "model_file",
    number(),
    to_model("model_id"),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("data", BLOB, nullable=False),
    sa.UniqueConstraint("model_id", "part"),
)

deployment = numbered(  # a model on its way to speak for the people on file, or one that did
    "deployment",
    number(),
    to_model("model_id"),
    to_model("previous_id", nullable=True),  # what a rollback brings back
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("desk", sa.String(200), nullable=False),  # that renews the templates, or did
    sa.Column("worker", sa.String(32)),  # which run of the program does it now; it was alive at seen_at
    moment("seen_at", nullable=True),
    moment("started_at"),
    to("started_by", "operator.id", nullable=True),
    moment("live_at", nullable=True),
    moment("ended_at", nullable=True),
    sa.Index(None, "state"),
)

comparison = numbered(  # what two models made of the people on file; figures only, no faces
    "comparison",
    number(),
    to_model("candidate_id"),
    to_model("active_id"),
    sa.Column("figures", LONG_TEXT, nullable=False),  # JSON
    moment("made_at"),
    to("made_by", "operator.id", nullable=True),
    to("vouched_by", "operator.id", nullable=True),  # who overrode a gate that stayed closed
    moment("vouched_at", nullable=True),
    sa.Column("reason", LONG_TEXT),
    sa.Index(None, "candidate_id", "active_id"),
)

consent_text = numbered(
    "consent_text",
    number(),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("body", LONG_TEXT, nullable=False),
    moment("created_at"),
)

consent = numbered(
    "consent",
    number(),
    to("person_id", "person.id", ondelete="CASCADE"),
    to("text_id", "consent_text.id"),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("given_by", sa.String(200), nullable=False),
    moment("given_at"),
    to("recorded_by", "operator.id", nullable=True),
    moment("withdrawn_at", nullable=True),
    sa.Index(None, "person_id", "purpose"),
)

erasure = numbered(  # certificates; no foreign key, the person is gone
    "erasure",
    number(),
    sa.Column("person_id", BIG_ID, nullable=False, unique=True),
    moment("erased_at"),
    sa.Column("erased_by", BIG_ID),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("crops", sa.Integer, nullable=False),
    sa.Column("templates", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
)

# --- records ----------------------------------------------------------------------------------------------

camera = numbered(
    "camera",
    number(),
    sa.Column("name", exact(100), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    to("key_id", "data_key.id"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("address", BLOB, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

event = numbered(
    "event",
    number(),
    moment("at"),
    moment("last_at"),
    to("camera_id", "camera.id"),
    to("person_id", "person.id", ondelete="SET NULL", nullable=True),
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

event_image = natural(
    "event_image",
    sa.Column(
        "event_id",
        BIG_ID,
        sa.ForeignKey("event.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    to("key_id", "data_key.id", ondelete="CASCADE"),
    sa.Column("nonce", raw(12), nullable=False),
    sa.Column("image", BLOB, nullable=False),
)

event_batch = natural(  # batches that arrived, so that one sent twice counts once
    "event_batch",
    sa.Column("uid", sa.String(32), primary_key=True),
    moment("at"),
)
