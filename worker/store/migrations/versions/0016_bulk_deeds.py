"""One deed over all that match is a row, which any process of the API carries on."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BULK_DEEDS = """
    CREATE TABLE bulk_deed (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        once uuid NOT NULL CONSTRAINT bulk_deed_once_key UNIQUE,
        deed text NOT NULL,
        batch bigint REFERENCES communication_batch (id),
        chosen jsonb NOT NULL,
        most integer NOT NULL,
        why text,
        started_by text NOT NULL,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        worked_at timestamptz,
        after text NOT NULL DEFAULT '',
        done integer NOT NULL DEFAULT 0,
        passed integer NOT NULL DEFAULT 0,
        finished_at timestamptz,
        stopped_by text,
        fault text
    );
    CREATE INDEX bulk_deed_open ON bulk_deed (id) WHERE finished_at IS NULL;
    CREATE INDEX bulk_deed_batch ON bulk_deed (batch);
    COMMENT ON TABLE bulk_deed IS
        'One deed over all that match, done a portion at a time by any process of the API.';
    COMMENT ON COLUMN bulk_deed.once IS 'of the form: sent twice, it is one deed';
    COMMENT ON COLUMN bulk_deed.deed IS 'a word of worker.domain.audit.Deed';
    COMMENT ON COLUMN bulk_deed.batch IS 'whose requests; NULL: over batches';
    COMMENT ON COLUMN bulk_deed.chosen IS 'what they have in common; no target, no variable';
    COMMENT ON COLUMN bulk_deed.most IS 'the number that was typed: no more than so many';
    COMMENT ON COLUMN bulk_deed.why IS 'the person''s own words';
    COMMENT ON COLUMN bulk_deed.started_by IS 'who ordered it';
    COMMENT ON COLUMN bulk_deed.started_at IS 'when it was ordered';
    COMMENT ON COLUMN bulk_deed.done IS 'how many it was done to';
    COMMENT ON COLUMN bulk_deed.finished_at IS 'NULL: it goes on';
    COMMENT ON COLUMN bulk_deed.worked_at IS 'when a portion was last done';
    COMMENT ON COLUMN bulk_deed.after IS 'where the next portion begins';
    COMMENT ON COLUMN bulk_deed.passed IS 'of those that matched, left as they were';
    COMMENT ON COLUMN bulk_deed.stopped_by IS 'NULL: nobody has stopped it';
    COMMENT ON COLUMN bulk_deed.fault IS 'why it could not go on'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(BULK_DEEDS)
