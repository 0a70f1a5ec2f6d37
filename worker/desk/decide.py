"""An operator decides about an attempt that nobody else can: count it as sent, or allow a retry."""

from worker.domain.audit import Deed
from worker.domain.errors import Mistake
from worker.domain.evidence.attempts import Change, Move
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, RequestStatus
from worker.store import attempts, audit
from worker.store.connect import Connection, Engine, in_transaction

DECIDABLE = {AttemptState.IN_DOUBT, AttemptState.UNRESOLVED}


class Undecidable(Mistake):
    """There is no such attempt, or its outcome is known or still being waited for."""

    def __init__(self, attempt: int, why: str) -> None:
        super().__init__(f"attempt {attempt} can't be decided: {why}")


def count_as_sent(engine: Engine, attempt: int, *, by: str) -> None:
    """Take it that the recipient was reached: DONE, and the request COMPLETED + DELIVERY_UNKNOWN.

    Raises:
        Undecidable: the attempt is not in doubt.
    """
    in_transaction(engine, count_as_sent_in, attempt, by)


def count_as_sent_in(connection: Connection, attempt: int, by: str) -> None:
    """The same in a transaction of the caller's."""
    move = Move(
        status=RequestStatus.COMPLETED,
        channel_status=ChannelStatus.DELIVERY_UNKNOWN,
        cause=Cause.OPERATOR,
        why=f"counted as sent by {by}",
    )
    _decide(connection, attempt, (Deed.COUNT_AS_SENT, by), AttemptState.DONE, move)


def allow_retry(engine: Engine, attempt: int, *, by: str) -> None:
    """Accept that the recipient may be contacted twice: the request is due again, at once.

    Raises:
        Undecidable: the attempt is not in doubt, or its request is due again already.
    """
    in_transaction(engine, allow_retry_in, attempt, by)


def allow_retry_in(connection: Connection, attempt: int, by: str) -> None:
    """The same in a transaction of the caller's."""
    move = Move(
        status=RequestStatus.PENDING,
        channel_status=ChannelStatus.DELIVERY_UNKNOWN,
        cause=Cause.OPERATOR,
        why=f"retry allowed by {by}",
        due_in=attempts.AT_ONCE,
        extra_attempts=1,
    )
    _decide(connection, attempt, (Deed.ALLOW_RETRY, by), AttemptState.UNRESOLVED, move)


def _decide(
    connection: Connection, attempt: int, who: tuple[Deed, str], state: AttemptState, move: Move
) -> None:
    deed, by = who
    facts = attempts.lock(connection, [attempt]).get(attempt)
    if facts is None:
        raise Undecidable(attempt, "there is none")
    if facts.state not in DECIDABLE:
        raise Undecidable(attempt, f"it is {facts.state}")
    if not facts.revisable:
        raise Undecidable(attempt, "its request has moved on")
    if move.due_in is not None and facts.request_status is move.status:
        # Said twice, by two people or a double click: it would be one attempt more each time.
        raise Undecidable(attempt, f"its request is {move.status} already")
    attempts.write(connection, [Change(facts=facts, state=state, move=move)])
    audit.note(connection, deed, f"attempt {attempt}", by)
