"""An answer whose attempt the database does not know: it has forgotten whom we called."""

from collections.abc import Sequence
from json import dumps

import structlog

from worker.dispatch.provider_loop import Answered
from worker.domain.evidence.answers import Accepted
from worker.store import archives, dead_letters, halts
from worker.store.connect import Connection, Engine, in_transaction

log = structlog.get_logger()

FORGOTTEN_REASON = (
    "the database has forgotten attempts that were answered (a restored copy, a failover, a lost disk):"
    " see outreach dead-letters list, check, then resume --all"
)
UNKNOWN_ATTEMPT = "its attempt is unknown: the database has forgotten it"


def prove_data_loss(engine: Engine, batch: int | None, unknown: Sequence[Answered]) -> None:
    """Halt everything, and keep each answer as a dead letter with its request and sid.

    The attempts of an archived batch are away because an operator wanted it: they prove nothing.
    """

    def step(connection: Connection) -> int:
        if batch is not None and archives.is_archived(connection, batch):
            return 0
        # Once this has committed nothing begins, and the letters are there for whoever looks.
        halts.halt(connection, "all", "", FORGOTTEN_REASON, "outreach")
        for one in unknown:
            bury_answer(connection, one, UNKNOWN_ATTEMPT)
        return len(unknown)

    if found := in_transaction(engine, step):
        log.critical("database_has_forgotten", answers=found, why=FORGOTTEN_REASON)
    else:
        log.warning("answers_to_archived_attempts", answers=len(unknown))


def bury_answer(connection: Connection, one: Answered, reason: str) -> None:
    """Keep an answer as a dead letter, without whom it was about."""
    ticket, answer = one.ticket, one.answer
    token = str(ticket.token)
    known = {
        "request": ticket.request,
        "attempt": ticket.attempt,
        "token": token,
        "answer": type(answer).__name__,
        "sid": answer.sid if isinstance(answer, Accepted) else None,
    }
    dead_letters.bury(
        connection,
        kind=dead_letters.ANSWER,
        reason=reason,
        payload=dumps(known),
        task=None,
        message_id=token,
    )
