"""A campaign counts its versions, and an attempt says which one it used."""

from alembic import op

from worker.store.functions import read

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

VERSIONS = """
    ALTER TABLE campaign ADD COLUMN version integer NOT NULL DEFAULT 1;
    COMMENT ON COLUMN campaign.version IS 'counts its edits, from 1';
    UPDATE campaign AS c SET version = 1 + (
        SELECT count(*) FROM audit
        WHERE audit.subject = 'campaign ' || c.id AND audit.deed = 'edit'
    );
    ALTER TABLE attempt ADD COLUMN campaign_version integer;
    COMMENT ON COLUMN attempt.campaign_version IS
        'of the campaign, whose words it said; NULL: begun by a release that did not say';
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(VERSIONS)
    # One gate only. Those of the last release call it without a version, and go on.
    connection.exec_driver_sql(
        "DROP FUNCTION begin_attempts(bigint, uuid, bigint[], interval, interval, integer)"
    )
    connection.exec_driver_sql(read(revision, "begin_attempts"))
