"""Calls that are to have their effect once."""

from alembic import op

from worker.store.functions import read

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(read(revision, "once"))
