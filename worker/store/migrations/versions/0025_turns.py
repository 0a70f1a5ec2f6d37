"""A process says when its queue last gave it something, be it a probe of its own."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TURNS = """
    ALTER TABLE process ADD COLUMN turned_at timestamptz;
    COMMENT ON COLUMN process.turned_at IS 'when its queue last gave it something; NULL: no queue'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(TURNS)
