"""Segments under a carrier's daily cap are counted where nothing forgets them."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

DAILY_SEGMENTS = """
    CREATE TABLE daily_segments (
        name text NOT NULL,
        day date NOT NULL,
        segments bigint NOT NULL DEFAULT '0',
        full_since timestamptz,
        CONSTRAINT daily_segments_pkey PRIMARY KEY (name, day)
    );
    COMMENT ON TABLE daily_segments IS 'Segments of texts let out a day under a carrier''s cap.';
    COMMENT ON COLUMN daily_segments.name IS 'of the registration or the source that has the cap';
    COMMENT ON COLUMN daily_segments.day IS 'of the carrier, in its zone';
    COMMENT ON COLUMN daily_segments.segments IS 'counted before each attempt begins';
    COMMENT ON COLUMN daily_segments.full_since IS 'since when somebody waits for the next day'
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(DAILY_SEGMENTS)
