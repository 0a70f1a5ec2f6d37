"""An archived attempt keeps its id on every channel; reports that fit no attempt are found by their age."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SPENT = """
    COMMENT ON COLUMN archived_attempt.sid IS 'for events without our token, and of another contact';
    CREATE INDEX inbox_spent ON inbox (received_at) WHERE attempt IS NULL AND next_try_at IS NULL;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SPENT)
