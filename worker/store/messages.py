"""Which messages have had their effect."""

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from worker.store.schema import message


def remember(connection: Connection, message_id: str, task: str) -> bool:
    """Note that the message takes effect in this transaction. Returns False when it did before.

    A second delivery that comes meanwhile waits here for the first to end.
    """
    rows = connection.execute(
        insert(message)
        .values(id=message_id, task=task)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(message.c.id)
    )
    return rows.first() is not None
