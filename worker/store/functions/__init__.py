"""The functions and triggers of today's database, one SQL file each, in full.

A migration defines them by name (`read`). It reads the file here until that changes: then what the
released migration defined is kept beside it, in `migrations/sql/REVISION_NAME.sql`, and a new migration
reads this one. So history stays as it was, a new database and an upgraded one are the same, and what holds
today stands in one place. To change one:

1. `git mv` the file to `migrations/sql/`, with the number of the migration that read it last.
2. Write the new one here, so that processes of the last release go on calling it: the same arguments
   first, a default for each that is new, and no result that they would not understand. Where its arguments
   changed, its migration drops the old one, so that there is one gate only.
3. Add a migration that reads it.

They are not defined anew after each upgrade: a migration that moves rows must find the triggers that its
tables had then, and no database of an older release could be made to try an upgrade on.
"""

from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parent / "migrations" / "sql"


def read(revision: str, name: str) -> str:
    """The SQL that a migration runs under this name: kept for it, else today's."""
    kept = KEPT / f"{revision}_{name}.sql"
    return (kept if kept.exists() else HERE / f"{name}.sql").read_text(encoding="utf-8")


def names() -> list[str]:
    """Every function of today, by name."""
    return sorted(file.stem for file in HERE.glob("*.sql"))
