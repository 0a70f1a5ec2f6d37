"""Seals under the audit, and what was before and after a change."""

from alembic import op

from worker.store.functions import read

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("seals", "wait_for_seal"):
        op.get_bind().exec_driver_sql(read(revision, name))
