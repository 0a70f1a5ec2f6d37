"""A batch keeps the trace it came from, so that what is done for it hours later can be linked to it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "communication_batch",
        sa.Column(
            "traceparent", sa.Text(), comment="of the message or call that created it, by W3C"
        ),
    )
