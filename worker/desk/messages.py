"""Take a message in: its effect and its id in one transaction, or a dead letter with the reason."""

from dataclasses import dataclass
from json import dumps

from worker.desk.message_handlers import EFFECTS
from worker.domain.audit import AuditDoor
from worker.domain.contract.message_digests import digest_of
from worker.domain.contract.message_ids import to_stored_id
from worker.domain.contract.messages import PAYLOADS, DispatchBatch, Payload, parse_payload
from worker.domain.errors import Mistake
from worker.store import audit, dead_letters, messages
from worker.store.connect import Connection, Engine, in_transaction


class IdTaken(Mistake):
    """Another message had its effect under this id."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"its id was used by another {name}: give every message an id of its own, and only a"
            " repetition the same"
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """It has had its effect. `fresh` is False when it had it before; `scan` is a batch to scan now."""

    fresh: bool
    scan: str | None = None


@dataclass(frozen=True, slots=True)
class Buried:
    """It could not be accepted. `letter` is None when this very message was buried before."""

    letter: int | None
    fault: str


def accept(engine: Engine, name: str, message_id: str, payload: object) -> Taken | Buried:
    """Take in one message, from whichever door, as often as it comes.

    1. Check the payload.
    2. Remember the id with what it says; a repetition ends here.
    3. Let it take effect, and settle what was buried under this id before. One transaction with 2.
    4. What can't be accepted is kept whole as a dead letter, with the reason.
    """
    try:
        message = parse_payload(name, payload)
        return in_transaction(
            audit.through(engine, AuditDoor.MESSAGE),
            take,
            name,
            message_id,
            message,
        )
    except Mistake as mistake:
        fault = type(mistake).__name__
        letter = bury(
            engine, reason=str(mistake), payload=whole(payload), name=name, message_id=message_id
        )
        return Buried(letter, fault)


def take(connection: Connection, name: str, message_id: str, message: Payload) -> Taken:
    """Steps 2 and 3, in a transaction of the caller's.

    Raises:
        IdTaken: another message had its effect under this id; nothing was written.
        Mistake: it can't take effect; the transaction must not be kept.
    """
    key = to_stored_id(message_id)
    digest = digest_of(key, message)
    if not messages.remember(connection, key, name, digest):
        task, before = messages.recall(connection, key)
        if (name, digest) != (task, before or digest):
            raise IdTaken(task)
        return Taken(fresh=False)
    EFFECTS[type(message)](connection, message)
    dead_letters.resolve_message(connection, key, name, "accepted when it came again")
    return Taken(True, message.batch_id if isinstance(message, DispatchBatch) else None)


def bury(
    engine: Engine, *, reason: str, payload: str, name: str | None, message_id: str | None
) -> int | None:
    """Keep what could not be accepted.

    Args:
        engine: the store.
        reason: one sentence that quotes nothing personal.
        payload: the payload where the name is known, else all that arrived.
        name: the message's name; one that is not ours is left to the payload.
        message_id: the producer's id, if there is one: the same message is kept once.

    Returns:
        the dead letter's id; None when it was there.
    """
    task = name if name in PAYLOADS else None
    key = to_stored_id(message_id) if message_id else None

    def step(connection: Connection) -> int | None:
        return dead_letters.bury(
            connection, reason=reason, payload=payload, task=task, message_id=key
        )

    return in_transaction(engine, step)


def whole(payload: object) -> str:
    """All of a payload as text that any database takes: NULs and lone surrogates are escaped."""
    return dumps(payload, ensure_ascii=True)
