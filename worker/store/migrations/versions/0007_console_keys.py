"""By which key somebody has signed in to the console: revoked, it ends their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "console_session",
        sa.Column(
            "access_key",
            sa.BigInteger(),
            sa.ForeignKey("access_key.id", name="console_session_access_key_fkey"),
            comment="it ends with this key; NULL: begun by a link",
        ),
    )
