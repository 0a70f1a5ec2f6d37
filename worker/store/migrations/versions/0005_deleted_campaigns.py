"""A campaign may be deleted; its row stays, for what was done in its name."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "campaign",
        sa.Column(
            "deleted_at",
            sa.TIMESTAMP(timezone=True),
            comment="nothing begins in its name; its own name is free",
        ),
    )
