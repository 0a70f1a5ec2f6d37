"""Sessions of the console, and a door of its own in the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = "role IN ('admin', 'operate', 'read')"
DOORS = "door IN ('command', 'console', 'message', 'system')"
MOMENT = sa.TIMESTAMP(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.create_table(
        "console_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="of the cookie, which is random"
        ),
        sa.Column("owner", sa.Text(), nullable=False, comment="who it is, as the audit names them"),
        sa.Column("role", sa.Text(), nullable=False, comment="read, operate or admin"),
        sa.Column("began_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False, comment="since when it is of no use"),
        sa.Column("ended_at", MOMENT, comment="signed out; NULL: not yet"),
        sa.PrimaryKeyConstraint("id", name="console_session_pkey"),
        sa.UniqueConstraint("digest", name="console_session_digest_key"),
        sa.CheckConstraint(ROLES, name=op.f("console_session_role_check")),
        comment="Browsers that are signed in to the console.",
    )
    op.create_index("console_session_owner", "console_session", ["owner"])
    op.create_table(
        "console_link",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="of what the link carries"),
        sa.Column("owner", sa.Text(), nullable=False, comment="who signs in by it"),
        sa.Column("role", sa.Text(), nullable=False, comment="read, operate or admin"),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False, comment="since when it is of no use"),
        sa.Column("spent_at", MOMENT, comment="it signs in once"),
        sa.PrimaryKeyConstraint("digest", name="console_link_pkey"),
        sa.CheckConstraint(ROLES, name=op.f("console_link_role_check")),
        comment="Links that sign in to the console once.",
    )
    op.drop_constraint(op.f("audit_door_check"), "audit", type_="check")
    op.create_check_constraint(op.f("audit_door_check"), "audit", DOORS)
    op.alter_column("audit", "door", comment="command, console, message or system")
