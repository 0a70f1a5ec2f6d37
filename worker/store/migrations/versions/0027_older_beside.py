"""Processes of the release before find again what they ask for: a batch's mode, a tally by name alone.

They go on while this release's start. Counts of this release stand in a table of their own, so that writers
still rarely wait for each other; what was counted before stays where older processes read it.
"""

from alembic import op

from worker.store.functions import read

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MODE = """
    ALTER TABLE batch_pace ADD COLUMN mode text GENERATED ALWAYS AS (channel) STORED;
    COMMENT ON COLUMN batch_pace.mode IS
        'the channel, for schedulers of a release that calls it so'
"""
TALLY = """
    LOCK TABLE tally IN SHARE ROW EXCLUSIVE MODE;
    CREATE TABLE tally_slot (
        name text NOT NULL,
        slot smallint NOT NULL,
        n bigint NOT NULL,
        PRIMARY KEY (name, slot)
    );
    COMMENT ON TABLE tally_slot IS
        'Counted for ever, untouched by the archive: by the doors, with what is recorded, and by '
        'the triggers note_arrivals, note_moves and count_suppressions. What older releases counted '
        'stands in tally.';
    COMMENT ON COLUMN tally_slot.n IS 'to be summed over the slots and tally';
    COMMENT ON COLUMN tally_slot.slot IS 'spreads a count over rows, so that writers rarely wait';
    WITH counted AS (DELETE FROM tally RETURNING name, n)
        INSERT INTO tally (name, n) SELECT name, sum(n) FROM counted GROUP BY name;
    CREATE UNIQUE INDEX tally_name ON tally (name);
    COMMENT ON TABLE tally IS
        'Counted by processes of older releases; trigger count_of_older lets them find one row a name.';
    COMMENT ON COLUMN tally.n IS 'over all processes of older releases';
    COMMENT ON COLUMN tally.slot IS 'of no use any more'
"""
FUNCTIONS = ("count_of_older", "note_arrivals", "note_moves", "count_suppressions")


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(MODE)
    connection.exec_driver_sql(TALLY)
    for name in FUNCTIONS:
        connection.exec_driver_sql(read(revision, name))
