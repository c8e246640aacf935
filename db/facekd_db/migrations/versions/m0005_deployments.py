"""Changing the recogniser: the bytes of models, deployments, and the comparisons that speak for them."""

import sqlalchemy as sa
from alembic import op

from facekd_db.columns import BIG_ID, BLOB, LONG_TEXT, MYSQL, UtcDateTime
from facekd_db.migrations import leftovers

revision = "0005"
down_revision: str | None = "0004"

TABLES = (
    "model_file",
    "deployment",
    "comparison",
)


def upgrade() -> None:
    leftovers.clear(TABLES)
    op.create_table(
        "model_file",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_file"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_model_file_model_id"),
        sa.UniqueConstraint("model_id", "part", name="uq_model_file_model_id_part"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_table(
        "deployment",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("previous_id", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("desk", sa.String(200), nullable=False),
        sa.Column("worker", sa.String(32)),
        sa.Column("seen_at", UtcDateTime()),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", BIG_ID),
        sa.Column("live_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_deployment_model_id"),
        sa.ForeignKeyConstraint(["previous_id"], ["model.id"], name="fk_deployment_previous_id"),
        sa.ForeignKeyConstraint(["started_by"], ["operator.id"], name="fk_deployment_started_by"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_deployment_state", "deployment", ["state"])
    op.create_table(
        "comparison",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("candidate_id", sa.String(64), nullable=False),
        sa.Column("active_id", sa.String(64), nullable=False),
        sa.Column("figures", LONG_TEXT, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", BIG_ID),
        sa.Column("vouched_by", BIG_ID),
        sa.Column("vouched_at", UtcDateTime()),
        sa.Column("reason", LONG_TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_comparison"),
        sa.ForeignKeyConstraint(["candidate_id"], ["model.id"], name="fk_comparison_candidate_id"),
        sa.ForeignKeyConstraint(["active_id"], ["model.id"], name="fk_comparison_active_id"),
        sa.ForeignKeyConstraint(["made_by"], ["operator.id"], name="fk_comparison_made_by"),
        sa.ForeignKeyConstraint(["vouched_by"], ["operator.id"], name="fk_comparison_vouched_by"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_comparison_candidate_id_active_id", "comparison", ["candidate_id", "active_id"])


def downgrade() -> None:
    # Whole tables, children first: dropping an index that a foreign key needs is refused by MariaDB.
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
