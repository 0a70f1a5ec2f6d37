"""Keys, and the doors that take them."""

from alembic import op

from worker.store.functions import read

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(read(revision, "keys"))
