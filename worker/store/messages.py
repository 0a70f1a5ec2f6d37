"""Messages that have had their effect."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from worker.store.schema import message


def remember(connection: Connection, message_id: str, task: str, digest: str) -> bool:
    """Note that the message takes effect in this transaction. Returns False where its id had one before.

    A second delivery that comes meanwhile waits here for the first to end.
    """
    rows = connection.execute(
        insert(message)
        .values(id=message_id, task=task, digest=digest)
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(message.c.id)
    )
    return rows.first() is not None


def recall(connection: Connection, message_id: str) -> tuple[str, str | None]:
    """The name and the digest under which an id has had its effect; no digest where it is too old."""
    query = select(message.c.task, message.c.digest).where(message.c.id == message_id)
    task, digest = connection.execute(query).one()
    return task, digest
