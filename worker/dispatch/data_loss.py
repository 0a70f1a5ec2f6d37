"""Answers and marked reports whose attempt the database does not know: it has forgotten whom we called."""

from collections.abc import Sequence
from json import dumps

import structlog

from worker.dispatch.provider_loop import Answered
from worker.domain.evidence.answers import Accepted
from worker.domain.evidence.marks import Mark, read_mark
from worker.domain.evidence.reports import Report
from worker.store import archives, dead_letters, forgotten, halts, inbox
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
        _halt_everything(connection)
        for one in unknown:
            bury_answer(connection, one, UNKNOWN_ATTEMPT)
        return len(unknown)

    if found := in_transaction(engine, step):
        log.critical("database_has_forgotten", answers=found, why=FORGOTTEN_REASON)
    else:
        log.warning("answers_to_archived_attempts", answers=len(unknown))


def prove_by_reports(engine: Engine, mark_keys: Sequence[bytes], reports: Sequence[Report]) -> int:
    """The same for reports that fit no attempt, where their mark proves that there was one; returns how many.

    Any other report that fits nothing proves nothing: it may be of another deployment, or of an attempt that
    was archived, or lost before an operator let everything go on.
    """
    opened = [(one, _opened(mark_keys, one)) for one in reports]
    marked = [(one, said) for one, said in opened if said]
    if not marked:
        return 0

    def step(connection: Connection) -> int:
        began = {one.token: said.began_at for one, said in marked if one.token}
        tokens = forgotten.find_forgotten(connection, began)
        lost = [(one, said) for one, said in marked if one.token in tokens]
        if lost:
            _halt_everything(connection)
            inbox.give_up(connection, [one for one, _ in lost])
            for one, said in lost:
                _bury_report(connection, one, said)
        return len(lost)

    if found := in_transaction(engine, step):
        log.critical("database_has_forgotten", reports=found, why=FORGOTTEN_REASON)
    return found


def _opened(mark_keys: Sequence[bytes], report: Report) -> Mark | None:
    if not (report.mark and report.token):
        return None
    return read_mark(mark_keys, report.channel, report.token, report.mark)


def _halt_everything(connection: Connection) -> None:
    """Once this has committed nothing begins, and the letters are there for whoever looks."""
    halts.halt(connection, "all", "", FORGOTTEN_REASON, "outreach")


def _bury_report(connection: Connection, report: Report, said: Mark) -> None:
    """Keep a report as a dead letter, without whom it names."""
    known = {
        "request": said.request,
        "began_at": said.began_at.isoformat(),
        "token": str(report.token),
        "report": report.name,
        "sid": report.sid,
    }
    dead_letters.bury(
        connection,
        kind=dead_letters.CALLBACK,
        reason=UNKNOWN_ATTEMPT,
        payload=dumps(known),
        task=None,
        message_id=str(report.token),
    )


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
