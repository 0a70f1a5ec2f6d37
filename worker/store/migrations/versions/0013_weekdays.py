"""A weekday may have hours of its own, and a weekday or a date a cap."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WEEKDAYS = """
    ALTER TABLE campaign ADD COLUMN weekday_hours jsonb NOT NULL DEFAULT '{}';
    ALTER TABLE campaign ADD COLUMN daily_caps jsonb NOT NULL DEFAULT '{}';
    COMMENT ON COLUMN campaign.weekday_hours IS
        'mon to sun: the window that holds on it instead';
    COMMENT ON COLUMN campaign.daily_caps IS
        'date or mon to sun: max_daily_calls of that day; 0 closes it'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(WEEKDAYS)
