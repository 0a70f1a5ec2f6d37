"""Whether the database is there."""

from sqlalchemy import Connection, text


def ping(connection: Connection) -> None:
    """One round trip."""
    connection.execute(text("SELECT 1"))
