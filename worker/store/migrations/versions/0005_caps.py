"""Caps: how often a campaign may contact an address within some days, whoever else did."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0005_caps.sql", "0005_begin_attempts_v2.sql"):
        op.get_bind().exec_driver_sql((SQL / name).read_text(encoding="utf-8"))
