"""What is wrong with the rows of a file stays with it, to be taken away."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "upload",
        sa.Column(
            "report", sa.Text(), comment="CSV of its bad rows: line, column, reason; no cell"
        ),
    )
