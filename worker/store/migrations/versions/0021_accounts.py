"""A campaign names the providers' account it sends by, and an attempt the one it was begun on."""

from alembic import op

from worker.store.functions import read

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ACCOUNTS = """
    ALTER TABLE campaign ADD COLUMN account text NOT NULL DEFAULT 'main';
    ALTER TABLE attempt ADD COLUMN account text NOT NULL DEFAULT 'main';
    COMMENT ON COLUMN campaign.account IS 'of the providers, by its name in ACCOUNTS_FILE';
    COMMENT ON COLUMN attempt.account IS 'of the providers, by which it was sent and is looked for';
    DROP FUNCTION begin_attempts(bigint, uuid, bigint[], interval, interval, integer, integer)
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(ACCOUNTS)
    op.get_bind().exec_driver_sql(read(revision, "begin_attempts"))
