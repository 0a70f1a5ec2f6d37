"""How young an attempt was removed by design: what is younger and unknown was forgotten."""

import sqlalchemy as sa
from alembic import op

from worker.store.functions import read

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "youngest_removed",
        sa.Column(
            "one",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="there is one row",
        ),
        sa.Column(
            "began_at",
            sa.TIMESTAMP(timezone=True),
            nullable=False,
            comment="of the youngest attempt that was archived or deleted",
        ),
        sa.PrimaryKeyConstraint("one", name="youngest_removed_pkey"),
        sa.CheckConstraint("one", name=op.f("youngest_removed_one_check")),
        comment="At most one row. Trigger note_removed writes it, whoever deletes attempts.",
    )
    op.create_table_comment(
        "attempt",
        "One try to contact somebody, written before the provider is asked. Begun by "
        "begin_attempts alone. Trigger count_begun counts it in begun_count, "
        "trigger note_removed notes in youngest_removed how young it was deleted.",
    )
    op.get_bind().exec_driver_sql(read(revision, "note_removed"))
