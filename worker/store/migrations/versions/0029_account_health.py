"""Accounts have a health: counts of their answers, and the share of the traffic that each is given."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

HEALTH = """
    CREATE TABLE account_answers (
        account text NOT NULL,
        channel text NOT NULL,
        second timestamptz NOT NULL,
        slot smallint NOT NULL,
        asked integer NOT NULL,
        failed integer NOT NULL,
        slow integer NOT NULL,
        CONSTRAINT account_answers_pkey PRIMARY KEY (account, channel, second, slot)
    );
    COMMENT ON TABLE account_answers IS
        'Answers of providers'' accounts by the second, of campaigns that list several; kept for a window.';
    COMMENT ON COLUMN account_answers.account IS 'by its name in ACCOUNTS_FILE, or main';
    COMMENT ON COLUMN account_answers.second IS 'in which they came';
    COMMENT ON COLUMN account_answers.asked IS 'answers, good and bad';
    COMMENT ON COLUMN account_answers.slot IS 'spreads a count over rows, so that writers rarely wait';
    COMMENT ON COLUMN account_answers.failed IS 'could not be reached, or in doubt';
    COMMENT ON COLUMN account_answers.slow IS 'good, and took long';
    CREATE TABLE account_health (
        account text NOT NULL,
        channel text NOT NULL,
        share smallint NOT NULL,
        since timestamptz NOT NULL DEFAULT clock_timestamp(),
        falls smallint NOT NULL,
        why text NOT NULL,
        CONSTRAINT account_health_pkey PRIMARY KEY (account, channel),
        CONSTRAINT account_health_share_check CHECK (share BETWEEN 0 AND 100)
    );
    COMMENT ON TABLE account_health IS
        'What accounts are given to send that were ever given less than all; no row: all.';
    COMMENT ON COLUMN account_health.account IS 'by its name in ACCOUNTS_FILE, or main';
    COMMENT ON COLUMN account_health.since IS 'when that changed last';
    COMMENT ON COLUMN account_health.why IS 'it changed: a sentence';
    COMMENT ON COLUMN account_health.share IS
        'of a hundred requests of campaigns that list several accounts';
    COMMENT ON COLUMN account_health.falls IS 'in a row, since it was given all'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(HEALTH)
