"""A batch may start later: begin judges it, and whatever wakes a batch lets it sleep until then."""

from alembic import op

from worker.store.functions import read

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STARTS_AT = """
    ALTER TABLE communication_batch ADD COLUMN starts_at timestamptz;
    ALTER TABLE communication_batch ADD CONSTRAINT communication_batch_starts_at_check
        CHECK (starts_at < expires_on) NOT VALID;
    ALTER TABLE communication_batch VALIDATE CONSTRAINT communication_batch_starts_at_check;
    COMMENT ON COLUMN communication_batch.starts_at IS
        'nothing begins before; NULL: as soon as it may'
"""
FUNCTIONS = ("begin_attempts", "pace_new_batch", "wake_batch", "wake_campaign", "wake_queued")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(STARTS_AT)
    for name in FUNCTIONS:
        op.get_bind().exec_driver_sql(read(revision, name))
