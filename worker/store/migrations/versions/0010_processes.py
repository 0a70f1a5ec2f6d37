"""Every process tells that its work goes on."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PROCESSES = """
    CREATE TABLE process (
        kind text NOT NULL,
        host text NOT NULL,
        pid integer NOT NULL,
        version text NOT NULL,
        started_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        worked_at timestamptz,
        PRIMARY KEY (kind, host, pid)
    );
    COMMENT ON TABLE process IS
        'A row for each process, written by itself; one that ends takes its row with it.';
    COMMENT ON COLUMN process.kind IS 'a line of the Procfile';
    COMMENT ON COLUMN process.host IS 'its name';
    COMMENT ON COLUMN process.pid IS 'on that host';
    COMMENT ON COLUMN process.version IS 'of the release it runs';
    COMMENT ON COLUMN process.started_at IS 'when it first spoke';
    COMMENT ON COLUMN process.seen_at IS 'when its work last went on';
    COMMENT ON COLUMN process.worked_at IS 'when a piece of work was last finished; NULL: never'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(PROCESSES)
