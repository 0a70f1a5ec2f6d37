"""Send one chunk: the only use case that contacts anybody."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from worker.dispatch.line import Line
from worker.dispatch.record import record
from worker.domain.content import ContentError, render
from worker.domain.tickets import Content, Mail, Ticket
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
    at_once: int
    group_size: int
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
    3. Begin as many as can be sent at once: the attempts are written and committed; only they may be
       sent.
    4. Send all of them, with no transaction open; mails that share their words share requests.
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
    for portion in _portions(contents, limits.at_once):
        tickets, deadline = _begin(engine, limits, chunk, assignment, portion, delivered)
        for answered in line.send(
            grouped(tickets, limits.group_size),
            chunk.mode,
            deadline=deadline,
            flush_rows=limits.flush_rows,
            flush_seconds=limits.flush_seconds,
            answer_time=limits.answer_time.total_seconds(),
        ):
            record(engine, limits.patience, assignment.campaign, chunk.mode, answered)
            delivered.answers.update(type(one.answer).__name__ for one in answered)
    return delivered


def _portions(contents: Mapping[int, Content], at_once: int) -> Iterator[dict[int, Content]]:
    """No more is begun than can be sent at once: mails of one form share a request, others do not."""
    shared = {request: one for request, one in contents.items() if _form(one) is not None}
    if shared:
        yield shared
    alone = [request for request in contents if request not in shared]
    for start in range(0, len(alone), at_once):
        yield {request: contents[request] for request in alone[start : start + at_once]}


def grouped(tickets: Sequence[Ticket], most: int) -> list[list[Ticket]]:
    """Tickets that may share a request together, none in a larger group than it may be in."""
    together: dict[object, list[Ticket]] = {}
    for ticket in tickets:
        form = _form(ticket.content)
        key = (form, ticket.group_limit) if form is not None else ticket.attempt
        together.setdefault(key, []).append(ticket)
    groups = []
    for members in together.values():
        size = min(most, members[0].group_limit or most)
        groups += [members[start : start + size] for start in range(0, len(members), size)]
    return groups


def _form(content: Content) -> object:
    return content.form if isinstance(content, Mail) else None


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
) -> tuple[list[Ticket], float]:
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
    drafts = {draft.request: draft for draft in assignment.drafts}
    tickets = [
        Ticket(
            attempt=one.attempt,
            request=one.request,
            token=one.token,
            address=drafts[one.request].address,
            source=assignment.source,
            content=contents[one.request],
            group_limit=drafts[one.request].group_limit,
        )
        for one in begun
    ]
    return tickets, asked_at + min((one.send_within for one in begun), default=0.0)
