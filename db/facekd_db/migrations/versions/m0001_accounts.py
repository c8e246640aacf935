"""Accounts, settings and the audit log."""

import sqlalchemy as sa
from alembic import op

from facekd_db.columns import BIG_ID, LONG_TEXT, MYSQL, UtcDateTime, exact
from facekd_db.migrations import leftovers

revision = "0001"
down_revision: str | None = None

TABLES = (
    "operator",
    "session",
    "lockout",
    "setting",
    "audit",
    "audit_head",
)


def upgrade() -> None:
    leftovers.clear(TABLES)
    op.create_table(
        "operator",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", exact(100), nullable=False),
        sa.Column("name_key", exact(100), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("one_time_until", UtcDateTime()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_login_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_operator"),
        sa.UniqueConstraint("name_key", name="uq_operator_name_key"),
        sa.CheckConstraint(
            "role IN ('operator', 'administrator', 'engineer', 'auditor')", name=op.f("ck_operator_role")
        ),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_table(
        "session",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("operator_id", BIG_ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("idle_s", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("end_reason", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_session_operator_id"),
        sa.UniqueConstraint("token_hash", name="uq_session_token_hash"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_session_operator_id_ended_at", "session", ["operator_id", "ended_at"])
    op.create_table(
        "lockout",
        sa.Column("name_hash", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime()),
        sa.PrimaryKeyConstraint("name_hash", name="pk_lockout"),
        **MYSQL,
    )
    op.create_table(
        "setting",
        sa.Column("key", exact(100), nullable=False),
        sa.Column("value", LONG_TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", BIG_ID),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
        sa.ForeignKeyConstraint(["updated_by"], ["operator.id"], name="fk_setting_updated_by"),
        **MYSQL,
    )
    op.create_table(
        "audit",
        sa.Column("sequence", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("operator_id", BIG_ID),
        sa.Column("operator", exact(100), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("detail", LONG_TEXT, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
        **MYSQL,
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("sequence", BIG_ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        **MYSQL,
    )
    op.bulk_insert(
        sa.table("audit_head", sa.column("id"), sa.column("sequence"), sa.column("hash")),
        [{"id": 1, "sequence": 0, "hash": "0" * 64}],
    )


def downgrade() -> None:
    # Whole tables, children first: dropping an index that a foreign key needs is refused by MariaDB.
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
