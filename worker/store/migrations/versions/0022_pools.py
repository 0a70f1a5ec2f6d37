"""A campaign sends from a pool of sources, and each of its recipients keeps the one that was chosen."""

from alembic import op

from worker.store.functions import read

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

POOLS = """
    ALTER TABLE campaign ADD COLUMN pool jsonb NOT NULL DEFAULT '[]';
    COMMENT ON COLUMN campaign.pool IS
        'what it is sent from: sources with their weights; empty: from source alone';
    CREATE TABLE kept_source (
        recipient bigint NOT NULL,
        campaign bigint NOT NULL,
        source text NOT NULL,
        since timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT kept_source_pkey PRIMARY KEY (recipient, campaign)
    );
    COMMENT ON TABLE kept_source IS
        'From what a recipient is contacted by a campaign with a pool, in all its batches.';
    COMMENT ON COLUMN kept_source.campaign IS 'whose pool it was chosen from';
    COMMENT ON COLUMN kept_source.source IS 'a number, a messaging service, a name or a mailbox';
    COMMENT ON COLUMN kept_source.since IS 'when it was chosen';
    DROP FUNCTION begin_attempts(bigint, uuid, bigint[], interval, interval, integer, integer, text)
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(POOLS)
    op.get_bind().exec_driver_sql(read(revision, "begin_attempts"))
