"""One word for voice, sms and email: a batch's pace says `channel`, too."""

from alembic import op

from worker.store.functions import read

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE batch_pace RENAME COLUMN mode TO channel")
    connection.exec_driver_sql(
        "COMMENT ON COLUMN batch_pace.channel IS"
        " 'copied from the campaign''s mode: a scan is of one channel'"
    )
    for name in ("begin_attempts", "pace_new_batch"):
        connection.exec_driver_sql(read(revision, name))
