"""Begin reaches every row by its key."""

from alembic import op

from worker.store.functions import read

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(read(revision, "begin_attempts"))
