"""Files are kept before they are read: while one waits, its batch is not finished."""

from alembic import op

from worker.store.functions import read

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(read(revision, "uploads"))
