"""A campaign lists accounts in order; what may have been sent by one of them begins by no other."""

from alembic import op

from worker.store.functions import read

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

LISTS = """
    ALTER TABLE campaign ADD COLUMN accounts text[] NOT NULL DEFAULT '{}';
    ALTER TABLE campaign ADD COLUMN account_sources jsonb NOT NULL DEFAULT '{}';
    COMMENT ON COLUMN campaign.accounts IS
        'in order: account, and those that send when it can''t; empty: account alone';
    COMMENT ON COLUMN campaign.account_sources IS 'by account: what it sends from instead of source'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(LISTS)
    op.get_bind().exec_driver_sql(read(revision, "begin_attempts"))
