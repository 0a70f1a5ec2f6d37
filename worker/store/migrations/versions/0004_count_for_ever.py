"""Contacts, moves and opt-outs are counted in the transaction that writes them, a slot for each process."""

from alembic import op

from worker.store.functions import read

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SLOT = """
    ALTER TABLE tally ADD COLUMN slot smallint NOT NULL DEFAULT '0';
    ALTER TABLE tally DROP CONSTRAINT tally_pkey, ADD PRIMARY KEY (name, slot);
    COMMENT ON TABLE tally IS
        'Counted for ever, untouched by the archive: by the doors, with what is recorded, and by '
        'the triggers note_arrivals, note_moves and count_suppressions.';
    COMMENT ON TABLE suppression IS
        'One row for each act by which somebody is not to be contacted. What is in '
        'force stands in recipient too. Trigger count_suppressions counts them.';
    COMMENT ON COLUMN tally.n IS 'to be summed over the slots';
    COMMENT ON COLUMN tally.slot IS 'spreads a count over rows, so that writers rarely wait'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SLOT)
    for name in ("note_arrivals", "note_moves", "count_suppressions"):
        op.get_bind().exec_driver_sql(read(revision, name))
