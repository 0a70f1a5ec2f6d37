"""One word for voice, sms and email: a batch's pace says `channel`, too."""

from alembic import op

from worker.store.functions import read

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


# PostgreSQL 18 names what may not be NULL, too.
NOT_NULL = """
    DO $$ BEGIN
        ALTER TABLE batch_pace
            RENAME CONSTRAINT batch_pace_mode_not_null TO batch_pace_channel_not_null;
    EXCEPTION WHEN undefined_object THEN NULL;
    END $$
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE batch_pace RENAME COLUMN mode TO channel")
    connection.exec_driver_sql(NOT_NULL)
    connection.exec_driver_sql(
        "COMMENT ON COLUMN batch_pace.channel IS"
        " 'copied from the campaign''s mode: a scan is of one channel'"
    )
    for name in ("begin_attempts", "pace_new_batch"):
        connection.exec_driver_sql(read(revision, name))
