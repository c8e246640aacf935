"""People, their faces, models, keys and consent."""

import sqlalchemy as sa
from alembic import op

from facekd_db.columns import BIG_ID, BLOB, LONG_TEXT, MYSQL, UtcDateTime, exact, raw
from facekd_db.migrations import leftovers

revision = "0002"
down_revision: str | None = "0001"

TABLES = (
    "model",
    "gallery",
    "person",
    "store_key",
    "data_key",
    "crop",
    "template",
    "consent_text",
    "consent",
    "erasure",
)


def upgrade() -> None:
    leftovers.clear(TABLES)
    op.create_table(
        "model",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("dim", sa.Integer()),
        sa.Column("card", LONG_TEXT, nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
        **MYSQL,
    )
    op.create_table(
        "gallery",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("revision", BIG_ID, nullable=False),
        sa.Column("model_id", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_gallery"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_gallery_model_id"),
        **MYSQL,
    )
    op.create_table(
        "person",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", exact(200), nullable=False),
        sa.Column("code", exact(100)),
        sa.Column("department", exact(200), nullable=False),
        sa.Column("note", LONG_TEXT, nullable=False),
        sa.Column("search", exact(600), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", BIG_ID),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", UtcDateTime()),
        sa.Column("erase_after", UtcDateTime()),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.ForeignKeyConstraint(["updated_by"], ["operator.id"], name="fk_person_updated_by"),
        sa.UniqueConstraint("code", name="uq_person_code"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_person_deleted_code_id", "person", ["deleted", "code", "id"])
    op.create_index("ix_person_deleted_created_at_id", "person", ["deleted", "created_at", "id"])
    op.create_index("ix_person_deleted_department_id", "person", ["deleted", "department", "id"])
    op.create_index("ix_person_deleted_name_key_id", "person", ["deleted", "name_key", "id"])
    op.create_index("ix_person_deleted_updated_at_id", "person", ["deleted", "updated_at", "id"])
    op.create_index("ix_person_erase_after", "person", ["erase_after"])
    op.create_table(
        "store_key",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_store_key"),
        **MYSQL,
    )
    op.create_table(
        "data_key",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID),
        sa.Column("store_key_id", sa.String(32), nullable=False),
        sa.Column("nonce", raw(12), nullable=False),
        sa.Column("wrapped", raw(48), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_key"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_data_key_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["store_key_id"], ["store_key.id"], name="fk_data_key_store_key_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_data_key_person_id", "data_key", ["person_id"])
    op.create_table(
        "crop",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("nonce", raw(12), nullable=False),
        sa.Column("image", BLOB, nullable=False),
        sa.Column("rejects", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("quarantined_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_crop"),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name="fk_crop_key_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_crop_person_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_crop_person_id_rejects", "crop", ["person_id", "rejects"])
    op.create_table(
        "template",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("crop_id", BIG_ID),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("nonce", raw(12), nullable=False),
        sa.Column("vector", BLOB, nullable=False),
        sa.Column("rejects", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("quarantined_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_template"),
        sa.ForeignKeyConstraint(["crop_id"], ["crop.id"], name="fk_template_crop_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name="fk_template_key_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_template_model_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_template_person_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("crop_id", "model_id", name="uq_template_crop_id_model_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_template_model_id_person_id", "template", ["model_id", "person_id"])
    op.create_index("ix_template_person_id", "template", ["person_id"])
    op.create_table(
        "consent_text",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent_text"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_table(
        "consent",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("text_id", BIG_ID, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("given_by", sa.String(200), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", BIG_ID),
        sa.Column("withdrawn_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_consent_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["operator.id"], name="fk_consent_recorded_by"),
        sa.ForeignKeyConstraint(["text_id"], ["consent_text.id"], name="fk_consent_text_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_consent_person_id_purpose", "consent", ["person_id", "purpose"])
    op.create_table(
        "erasure",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("erased_by", BIG_ID),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("crops", sa.Integer(), nullable=False),
        sa.Column("templates", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        sa.UniqueConstraint("person_id", name="uq_erasure_person_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.bulk_insert(sa.table("gallery", sa.column("id"), sa.column("revision")), [{"id": 1, "revision": 0}])


def downgrade() -> None:
    # Whole tables, children first: dropping an index that a foreign key needs is refused by MariaDB.
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
