"""A conversation's id in the system that held it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel

_BY_SID = text("""
    SELECT a.request, a.channel FROM sid AS s JOIN attempt AS a ON a.id = s.attempt
    WHERE s.sid = :sid LIMIT 2
""")


@dataclass(frozen=True, slots=True)
class Bound:
    """The request of an attempt whose sid is known."""

    request: int
    channel: Channel


def by_sid(connection: Connection, sid: str) -> list[Bound]:
    """The requests behind a provider's sid, two at most; only a mail's may be shared."""
    rows = connection.execute(_BY_SID, {"sid": sid})
    return [Bound(row.request, Channel(row.channel)) for row in rows]


_BY_REFERENCE = text("""
    SELECT r.id FROM communication_request AS r JOIN communication_batch AS b ON b.id = r.batch
    WHERE b.batch_id = :batch_id AND r.reference_id = :reference_id
""")


def by_reference(connection: Connection, batch_id: str, reference_id: str) -> int | None:
    """The request under this reference."""
    found: int | None = connection.scalar(
        _BY_REFERENCE, {"batch_id": batch_id, "reference_id": reference_id}
    )
    return found


_BY_TOKEN = text("SELECT request FROM attempt WHERE token = :token")


def by_token(connection: Connection, token: UUID) -> int | None:
    """The request of the attempt with this token."""
    found: int | None = connection.scalar(_BY_TOKEN, {"token": token})
    return found


_RECORD = text("""
    UPDATE communication_request
    SET session_id = coalesce(:session_id, session_id),
        conversation_id = coalesce(:conversation_id, conversation_id)
    WHERE id = :request
""")


def record(
    connection: Connection, request: int, session_id: int | None, conversation_id: int | None
) -> None:
    """Write what is given; the other stays."""
    connection.execute(
        _RECORD,
        {"request": request, "session_id": session_id, "conversation_id": conversation_id},
    )
