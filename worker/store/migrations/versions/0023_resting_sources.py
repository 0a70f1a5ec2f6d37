"""A source of a pool may rest: a halt whose scope is the source."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

RESTING_SOURCES = """
    ALTER TABLE halt DROP CONSTRAINT halt_scope_check,
        ADD CONSTRAINT halt_scope_check CHECK (scope IN ('all', 'channel', 'campaign', 'source'));
    COMMENT ON COLUMN halt.scope IS 'all, channel, campaign, or a source of pools';
    COMMENT ON COLUMN halt.key IS
        'the channel, the campaign''s id, or channel@account:source; empty for all'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(RESTING_SOURCES)
