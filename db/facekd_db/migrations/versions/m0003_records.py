"""Cameras and events."""

import sqlalchemy as sa
from alembic import op

from facekd_db.columns import BIG_ID, BLOB, LONG_TEXT, MYSQL, UtcDateTime, exact, raw
from facekd_db.migrations import leftovers

revision = "0003"
down_revision: str | None = "0002"

TABLES = (
    "camera",
    "event",
    "event_image",
    "event_batch",
)


def upgrade() -> None:
    leftovers.clear(TABLES)
    op.create_table(
        "camera",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", exact(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("nonce", raw(12), nullable=False),
        sa.Column("address", BLOB, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_camera"),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name="fk_camera_key_id"),
        sa.UniqueConstraint("name", name="uq_camera_name"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_table(
        "event",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("camera_id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID),
        sa.Column("subject", exact(100), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("sightings", sa.Integer(), nullable=False),
        sa.Column("detail", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name="fk_event_camera_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_event_person_id", ondelete="SET NULL"),
        sa.CheckConstraint(
            "state IN ('known', 'uncertain', 'unknown', 'erased')", name=op.f("ck_event_state")
        ),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_event_at_id", "event", ["at", "id"])
    op.create_index("ix_event_camera_id_at_id", "event", ["camera_id", "at", "id"])
    op.create_index("ix_event_person_id_at_id", "event", ["person_id", "at", "id"])
    op.create_index("ix_event_state_at_id", "event", ["state", "at", "id"])
    op.create_index("ix_event_subject_camera_id_last_at", "event", ["subject", "camera_id", "last_at"])
    op.create_table(
        "event_image",
        sa.Column("event_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("nonce", raw(12), nullable=False),
        sa.Column("image", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_event_image"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name="fk_event_image_event_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["key_id"], ["data_key.id"], name="fk_event_image_key_id", ondelete="CASCADE"
        ),
        **MYSQL,
    )
    op.create_table(
        "event_batch",
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_event_batch"),
        **MYSQL,
    )


def downgrade() -> None:
    # Whole tables, children first: dropping an index that a foreign key needs is refused by MariaDB.
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
