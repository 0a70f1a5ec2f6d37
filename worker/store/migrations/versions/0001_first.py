"""The first schema: tables, and the functions and triggers that the protocol rests on."""

from alembic import op

from worker.store.functions import read

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FUNCTIONS = (
    "calls_under_way",
    "begin_attempts",
    "note_arrivals",
    "note_moves",
    "count_begun",
    "tell_webhooks",
    "pace_new_batch",
    "wake_batch",
    "wake_campaign",
    "wake_queued",
    "refuse_change",
)


def upgrade() -> None:
    for name in ("tables", *FUNCTIONS):
        op.get_bind().exec_driver_sql(read(revision, name))
