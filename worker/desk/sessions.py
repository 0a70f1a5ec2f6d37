"""Sessions and conversations, reported after the fact by the system that held them."""

from uuid import UUID

from worker.desk.batches import get_batch
from worker.domain.errors import Mistake, UnknownRequest
from worker.domain.statuses import Channel
from worker.store import sessions
from worker.store.connect import Connection, Engine, in_transaction


class UnknownSid(Mistake):
    """No attempt has this sid."""

    def __init__(self) -> None:
        super().__init__("call_manager_sid: no attempt has it (yet)")


class SharedSid(Mistake):
    """A mail's sid may stand for many recipients."""

    def __init__(self) -> None:
        super().__init__("call_manager_sid: of a mail; name it by batch_id and reference_id")


def by_sid(connection: Connection, sid: str) -> int:
    """The request of a call or message.

    Raises:
        UnknownSid, SharedSid: it names none, or maybe many.
    """
    bound = sessions.by_sid(connection, sid)
    if not bound:
        raise UnknownSid
    if bound[0].channel is Channel.EMAIL or len({one.request for one in bound}) > 1:
        raise SharedSid
    return bound[0].request


def by_reference(connection: Connection, batch_id: str, reference_id: str) -> int:
    """The request under a reference.

    Raises:
        UnknownBatch, UnknownRequest: there is none.
    """
    request = sessions.by_reference(connection, batch_id, reference_id)
    if request is None:
        get_batch(connection, batch_id)
        raise UnknownRequest(batch_id, reference_id)
    return request


def record_by_token(
    engine: Engine, token: UUID, *, session_id: int | None, conversation_id: int | None
) -> None:
    """Write what a callback says of the attempt's request; a token nobody knows changes nothing."""

    def step(connection: Connection) -> None:
        request = sessions.by_token(connection, token)
        if request is not None:
            sessions.record(connection, request, session_id, conversation_id)

    in_transaction(engine, step)


def record_in(
    connection: Connection, request: int, *, session_id: int | None, conversation_id: int | None
) -> None:
    """Write what is known; the last word counts."""
    sessions.record(connection, request, session_id, conversation_id)
