"""Groups of people, and records of one person that were put together."""

import sqlalchemy as sa
from alembic import op

from facekd_db.columns import BIG_ID, LONG_TEXT, MYSQL, UtcDateTime, exact
from facekd_db.migrations import leftovers

revision = "0004"
down_revision: str | None = "0003"

TABLES = (
    "person_group",
    "membership",
    "person_merge",
    "merge_item",
)


def upgrade() -> None:
    leftovers.clear(TABLES)
    op.create_table(
        "person_group",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_key", exact(100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_group"),
        sa.UniqueConstraint("name_key", name="uq_person_group_name_key"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_table(
        "membership",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("group_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_membership_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["person_group.id"], name="fk_membership_group_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("person_id", "group_id", name="uq_membership_person_id_group_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_membership_group_id_person_id", "membership", ["group_id", "person_id"])
    op.create_table(
        "person_merge",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kept_id", BIG_ID, nullable=False),
        sa.Column("absorbed_id", BIG_ID, nullable=False),
        sa.Column("merged_at", UtcDateTime(), nullable=False),
        sa.Column("merged_by", BIG_ID),
        sa.Column("fields", LONG_TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_merge"),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["person.id"], name="fk_person_merge_kept_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["absorbed_id"], ["person.id"], name="fk_person_merge_absorbed_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["merged_by"], ["operator.id"], name="fk_person_merge_merged_by"),
        sa.UniqueConstraint("absorbed_id", name="uq_person_merge_absorbed_id"),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_person_merge_kept_id", "person_merge", ["kept_id"])
    op.create_table(
        "merge_item",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("merge_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("row_id", BIG_ID, nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merge_item"),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["person_merge.id"], name="fk_merge_item_merge_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
        **MYSQL,
    )
    op.create_index("ix_merge_item_merge_id_kind", "merge_item", ["merge_id", "kind"])


def downgrade() -> None:
    # Whole tables, children first: dropping an index that a foreign key needs is refused by MariaDB.
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
