"""Which open attempts the rescuer could not judge."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UNJUDGED = """
    CREATE TABLE unjudged (
        attempt bigint PRIMARY KEY,
        fault text NOT NULL,
        times integer NOT NULL DEFAULT 1,
        noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    COMMENT ON TABLE unjudged IS
        'Attempts that the rescuer could not judge when it last looked; one that is over counts no more.';
    COMMENT ON COLUMN unjudged.fault IS 'the kind of error; what it says may name people';
    COMMENT ON COLUMN unjudged.times IS 'looks in a row';
    COMMENT ON COLUMN unjudged.noted_at IS 'since when'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UNJUDGED)
