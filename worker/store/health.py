"""The check that the database takes what is written."""

from sqlalchemy import Connection, text

# A table that is emptied gets a new file: a disk without room for one page is found out by it, which
# another row in a page with room would not do.
_WRITE = (text("TRUNCATE pulse"), text("INSERT INTO pulse DEFAULT VALUES"))


def write_something(connection: Connection) -> None:
    """One small write; to be committed."""
    for statement in _WRITE:
        connection.execute(statement)
