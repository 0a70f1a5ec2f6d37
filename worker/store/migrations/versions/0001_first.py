"""The first schema: tables, the two functions the protocol rests on, and the triggers that keep score."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("0001_tables.sql", "0001_note_moves_v1.sql", "0001_begin_attempts_v1.sql"):
        op.get_bind().exec_driver_sql((SQL / name).read_text(encoding="utf-8"))
