"""Sends write less: no foreign keys that prove nothing, no index that only caps read."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0011_lean_writes.sql", "0011_begin_attempts_v3.sql"):
        op.get_bind().exec_driver_sql((SQL / name).read_text(encoding="utf-8"))
