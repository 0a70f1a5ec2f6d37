"""Send one chunk: the only use case that contacts anybody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from worker.dispatch.line import Line
from worker.dispatch.record import record
from worker.domain.content import ContentError, render
from worker.domain.tickets import Content, Ticket
from worker.domain.verdicts import Patience
from worker.providers import boot_clock
from worker.store import assignments, attempts, claims
from worker.store.assignments import Assignment
from worker.store.claims import Chunk
from worker.store.connect import Engine, in_one_statement, in_transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """Durations and sizes of one delivery."""

    send_window: timedelta
    answer_time: timedelta
    flush_rows: int
    flush_seconds: float
    patience: Patience


@dataclass(slots=True)
class Delivered:
    """What became of a chunk: answers by kind, and hand-backs by reason."""

    answers: Counter[str] = field(default_factory=Counter)
    handed_back: Counter[str] = field(default_factory=Counter)


def deliver(engine: Engine, line: Line, limits: DeliveryLimits, chunk: Chunk) -> Delivered:
    """Contact the recipients of one chunk, each at most once.

    1. Read what is to be said, and to whom.
    2. Render it; what can't be rendered is closed before anything is sent.
    3. Begin: the attempts are written and committed; only they may be sent.
    4. Send all of them at once, with no transaction open.
    5. Record each answer as it comes, in small flushes.
    """
    delivered = Delivered()
    assignment = in_transaction(engine, lambda c: assignments.read_assignment(c, chunk))
    contents, faults = _render(assignment)
    if faults:
        in_transaction(engine, lambda c: claims.fail_unsent(c, chunk.lease, "render", faults))
        delivered.handed_back["render"] = len(faults)
    if not contents:
        return delivered
    tickets = _begin(engine, limits, chunk, assignment, contents, delivered)
    for answered in line.send(
        tickets,
        chunk.mode,
        flush_rows=limits.flush_rows,
        flush_seconds=limits.flush_seconds,
        answer_time=limits.answer_time.total_seconds(),
    ):
        record(engine, limits.patience, assignment.campaign, chunk.mode, answered)
        delivered.answers.update(type(one.answer).__name__ for one in answered)
    return delivered


def _render(assignment: Assignment) -> tuple[dict[int, Content], list[tuple[int, str]]]:
    contents: dict[int, Content] = {}
    faults: list[tuple[int, str]] = []
    for draft in assignment.drafts:
        try:
            contents[draft.request] = render(assignment.template, draft.variables)
        except ContentError as error:
            faults.append((draft.request, str(error)))
    return contents, faults


def _begin(
    engine: Engine,
    limits: DeliveryLimits,
    chunk: Chunk,
    assignment: Assignment,
    contents: Mapping[int, Content],
    delivered: Delivered,
) -> list[tuple[Ticket, float]]:
    # Taken before asking, so that what the database grants ends no later on our clock than on its own.
    asked_at = boot_clock()
    begun, handed_back = in_one_statement(
        engine,
        lambda c: attempts.begin(
            c,
            chunk,
            list(contents),
            send_window=limits.send_window,
            answer_time=limits.answer_time,
        ),
    )
    delivered.handed_back.update(handed_back.values())
    addresses = {draft.request: draft.address for draft in assignment.drafts}
    return [
        (
            Ticket(
                attempt=one.attempt,
                request=one.request,
                token=one.token,
                address=addresses[one.request],
                source=assignment.source,
                content=contents[one.request],
            ),
            asked_at + one.send_within,
        )
        for one in begun
    ]
