"""Rows in any state, with consistent columns: a test names only what it is about."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Table, func, insert, select, text, update

from worker.desk.suppression_lifts import explain_suppressed, lift_suppression
from worker.dispatch.deliver import DeliveryLimits
from worker.domain.contract.batches import BatchFacts
from worker.domain.evidence import Timeouts
from worker.domain.evidence.attempts import OPEN
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import (
    ARRIVALS,
    TRANSITIONS,
    AttemptState,
    Channel,
    ChannelStatus,
    RequestStatus,
)
from worker.store import duties, schema
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

ANA = "ana@example.com"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

_serial = count(1)

# A campaign that may contact anybody at any hour says so.
ANY_TIME = {
    "daily_start_time": "00:00:00",
    "daily_end_time": "23:59:59",
    "recipient_hours": False,
}

CONTENT: dict[Channel, dict[str, str]] = {
    Channel.VOICE: {"twiml": "<Response><Say>Hello {{ name }}</Say></Response>"},
    Channel.SMS: {"body": "Hello {{ name }}"},
    Channel.EMAIL: {"subject": "Hello", "text": "Hello {{ name }}"},
}
SOURCES = {
    Channel.VOICE: "+15125550100",
    Channel.SMS: "+15125550100",
    Channel.EMAIL: "hello@example.com",
}


def make_campaign(engine: Engine, *, channel: Channel = Channel.VOICE, **values: object) -> int:
    """A campaign that may send at any time of any day."""
    row = {
        "campaign_name": f"campaign {next(_serial)}",
        "mode": channel,
        "source": SOURCES[channel],
        "daily_start_time": time(0, 0),
        "daily_end_time": time(23, 59, 59),
        "active_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "timezone": "UTC",
        "recipient_hours": False,
        "last_updated_by": ANA,
        **CONTENT[channel],
    }
    return _insert(engine, schema.campaign, row | values)


def make_batch(
    engine: Engine,
    *,
    campaign: int | None = None,
    channel: Channel = Channel.VOICE,
    expires_in: timedelta | None = None,
    **values: object,
) -> int:
    """An empty batch, of a campaign of its own unless one is given."""
    row: dict[str, object] = {
        "batch_id": f"batch-{next(_serial)}",
        "campaign_id": campaign or make_campaign(engine, channel=channel),
        "expires_on": None if expires_in is None else func.clock_timestamp() + expires_in,
        "last_updated_by": ANA,
    }
    return _insert(engine, schema.batch, row | values)


def make_recipient(engine: Engine, *, channel: Channel = Channel.VOICE, **values: object) -> int:
    """Somebody nobody has heard of."""
    number = next(_serial)
    mailbox = f"person{number}@example.com"
    address = mailbox if channel is Channel.EMAIL else f"+1512{5_550_000 + number:07}"
    row = {"channel": channel, "identity": values.pop("address", address)}
    return _insert(engine, schema.recipient, row | values)


# What a request of a status looks like beside its status; an attempt stands behind some of them.
_OUTCOMES: dict[RequestStatus, ChannelStatus] = {
    RequestStatus.PENDING: ChannelStatus.PENDING,
    RequestStatus.FAILED: ChannelStatus.UNEXPECTED_ERROR,
    RequestStatus.CANCELED: ChannelStatus.CANCELED,
    RequestStatus.DUPLICATE: ChannelStatus.DUPLICATE,
    RequestStatus.INVALID: ChannelStatus.INVALID,
    RequestStatus.SKIPPED: ChannelStatus.PRIOR_UNSUBSCRIBED,
}
_BEHIND: dict[RequestStatus, AttemptState] = {
    RequestStatus.INITIATED: AttemptState.SENDING,
    RequestStatus.CONNECTED: AttemptState.ACCEPTED,
    RequestStatus.COMPLETED: AttemptState.DONE,
}


def make_request(
    engine: Engine,
    *,
    batch: int | None = None,
    recipient: int | None = None,
    status: RequestStatus = RequestStatus.PENDING,
    due_in: timedelta = -SECOND,
    **values: object,
) -> int:
    """A request; PENDING ones are queued, and those under way or reached have their attempt."""
    batch = batch or make_batch(engine)
    recipient = recipient or make_recipient(engine, channel=channel_of(engine, batch))
    first = status if status in ARRIVALS else RequestStatus.PENDING
    row = {
        "batch": batch,
        "recipient": recipient,
        "address": read(engine, schema.recipient, recipient)["identity"],
        "is_duplicate": status is RequestStatus.DUPLICATE,
        "reference_id": f"reference-{next(_serial)}",
        "target": "as it was written",
        "request_variables": {"name": "Ana"},
        "request_status": first,
        "channel_manager_status": _OUTCOMES[first],
        "moved_by": "ingest",
    }
    request = _insert(engine, schema.request, row | values)
    if status in _BEHIND:
        queue_up(engine, request, due_in=due_in)
        make_attempt(engine, request=request, state=_BEHIND[status], status=status)
    elif status is not first:
        _move(engine, request, status, values.get("channel_manager_status", _OUTCOMES[status]))
    elif first is RequestStatus.PENDING:
        queue_up(engine, request, due_in=due_in)
    return request


def _move(engine: Engine, request: int, status: RequestStatus, outcome: object) -> None:
    """Let a request become what it can't come in as."""
    with engine.begin() as connection:
        connection.execute(
            update(schema.request)
            .where(schema.request.c.id == request)
            .values(request_status=status, channel_manager_status=outcome)
        )


# Where a request stands when its latest attempt is in a state, unless a test says otherwise.
_PROJECTED: dict[AttemptState, tuple[RequestStatus, ChannelStatus]] = {
    AttemptState.SENDING: (RequestStatus.INITIATED, ChannelStatus.PENDING),
    AttemptState.IN_DOUBT: (RequestStatus.INITIATED, ChannelStatus.PENDING),
    AttemptState.ACCEPTED: (RequestStatus.INITIATED, ChannelStatus.QUEUED),
    AttemptState.DONE: (RequestStatus.COMPLETED, ChannelStatus.COMPLETED),
    AttemptState.REFUSED: (RequestStatus.INVALID, ChannelStatus.INVALID),
    AttemptState.NOT_SENT: (RequestStatus.PENDING, ChannelStatus.PENDING),
    AttemptState.UNRESOLVED: (RequestStatus.FAILED, ChannelStatus.DELIVERY_UNKNOWN),
}


def make_attempt(
    engine: Engine,
    *,
    request: int | None = None,
    state: AttemptState = AttemptState.SENDING,
    status: RequestStatus | None = None,
    began_ago: timedelta = SECOND,
    check_in: timedelta = MINUTE,
    sid: str | None = None,
    **values: object,
) -> int:
    """The latest attempt of a request, which follows it; a sid is known where the state implies one."""
    request = request or make_request(engine)
    projected, outcome = _PROJECTED[state]
    accepted = state in {AttemptState.ACCEPTED, AttemptState.DONE}
    sid = sid or (f"sid-{next(_serial)}" if accepted else None)
    with engine.begin() as connection:
        row = _attempt_row(connection, request, state) | {
            "began_at": func.clock_timestamp() - began_ago,
            "send_by": func.clock_timestamp() - began_ago + 5 * SECOND,
            "accepted_at": func.clock_timestamp() if accepted else None,
            "check_at": func.clock_timestamp() + check_in if state in OPEN else None,
            "closed_at": None if state in OPEN else func.clock_timestamp(),
            "sid": sid,
        }
        attempt = _insert_with(connection, schema.attempt, row | values)
        if sid:
            connection.execute(insert(schema.sid).values(sid=sid, attempt=attempt))
        _follow(connection, request, attempt, sid, status or projected, outcome)
    if (status or projected) is RequestStatus.PENDING:
        queue_up(engine, request)
    return attempt


def _attempt_row(connection: Connection, request: int, state: AttemptState) -> dict[str, object]:
    origin = connection.execute(
        text("""
            SELECT r.id AS request, r.batch, r.recipient, c.mode AS channel, c.source,
                   1 + coalesce((SELECT max(attempt_number) FROM attempt WHERE request = r.id), 0)
                       AS attempt_number
            FROM communication_request AS r
            JOIN communication_batch AS b ON b.id = r.batch JOIN campaign AS c ON c.id = b.campaign_id
            WHERE r.id = :request
        """),
        {"request": request},
    ).mappings()
    counted = state is not AttemptState.NOT_SENT
    return {**origin.one(), "token": uuid4(), "state": state, "counted": counted}


def _follow(
    connection: Connection,
    request: int,
    attempt: int,
    sid: str | None,
    status: RequestStatus,
    outcome: ChannelStatus,
) -> None:
    counted = select(func.count()).where(
        schema.attempt.c.request == request, schema.attempt.c.counted
    )
    _allow(connection, request, status)
    connection.execute(
        update(schema.request)
        .where(schema.request.c.id == request)
        .values(
            attempt=attempt,
            attempt_count=counted.scalar_subquery(),
            call_manager_sid=sid,
            sent_at=func.clock_timestamp() if sid else None,
            request_status=status,
            channel_manager_status=outcome,
            moved_by="dispatch",
        )
    )
    connection.execute(schema.queue.delete().where(schema.queue.c.request == request))


def _allow(connection: Connection, request: int, status: RequestStatus) -> None:
    """Let a request wait again where nothing leads from where it stands to this status."""
    chosen = schema.request.c.id == request
    was = RequestStatus(
        str(connection.scalar(select(schema.request.c.request_status).where(chosen)))
    )
    if was is not status and status not in TRANSITIONS[was]:
        connection.execute(update(schema.request).where(chosen).values(request_status="PENDING"))


def queue_up(engine: Engine, request: int, *, due_in: timedelta = -SECOND) -> None:
    """Give a request its row in the queue."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO queue (request, batch, due_at)
                SELECT id, batch, clock_timestamp() + :due_in FROM communication_request
                WHERE id = :request
            """),
            {"request": request, "due_in": due_in},
        )


def lease(engine: Engine, *requests: int, lasts: timedelta = HOUR) -> Chunk:
    """Claim requests of one batch, as a scan does."""
    token = uuid4()
    batch = read(engine, schema.request, requests[0])["batch"]
    with engine.begin() as connection:
        connection.execute(
            update(schema.queue)
            .where(schema.queue.c.request.in_(requests))
            .values(
                lease_token=token,
                lease_until=func.clock_timestamp() + lasts,
            )
        )
    return Chunk(channel_of(engine, batch), batch, token, requests)


def channel_of(engine: Engine, batch: int) -> Channel:
    """The channel of a batch."""
    with engine.begin() as connection:
        channel = connection.scalar(
            text(
                "SELECT mode FROM campaign AS c JOIN communication_batch AS b ON b.campaign_id = c.id"
                " WHERE b.id = :batch"
            ),
            {"batch": batch},
        )
    return Channel(str(channel))


def read(engine: Engine, table: Table, key: int) -> Mapping[str, Any]:
    """One row as it stands now."""
    with engine.begin() as connection:
        return dict(connection.execute(select(table).where(table.c.id == key)).mappings().one())


def read_request(engine: Engine, request: int) -> Mapping[str, Any]:
    """A request as it stands now."""
    return read(engine, schema.request, request)


def read_attempt(engine: Engine, attempt: int) -> Mapping[str, Any]:
    """An attempt as it stands now."""
    return read(engine, schema.attempt, attempt)


def token_of(engine: Engine, attempt: int) -> UUID:
    """The token that an attempt carries on the wire."""
    token = read_attempt(engine, attempt)["token"]
    assert isinstance(token, UUID)
    return token


def queue_row(engine: Engine, request: int) -> Mapping[str, Any] | None:
    """The row of a request in the queue, while it waits."""
    with engine.begin() as connection:
        rows = connection.execute(select(schema.queue).where(schema.queue.c.request == request))
        row = rows.mappings().one_or_none()
        return dict(row) if row else None


def transitions(engine: Engine, request: int) -> list[tuple[str | None, str, str]]:
    """The history of a request: (from, to, cause), oldest first."""
    moves = schema.transition.c
    with engine.begin() as connection:
        rows = connection.execute(
            select(moves.from_status, moves.to_status, moves.cause)
            .where(moves.request == request)
            .order_by(moves.id)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def counted_equals_recount(engine: Engine) -> bool:
    """Whether the counts kept beside the requests are what counting them gives."""
    with engine.begin() as connection:
        kept = connection.execute(
            text("""
                SELECT batch, request_status, channel_manager_status, sum(n) FROM request_count
                GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3
            """)
        ).all()
        recount = connection.execute(
            text("""
                SELECT batch, request_status, channel_manager_status, count(*)
                FROM communication_request GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """)
        ).all()
    return kept == recount


def let_scan(engine: Engine) -> None:
    """As if a scheduler ran, for the next minute."""
    in_transaction(engine, duties.note, duties.SCAN, MINUTE)


def database_time(engine: Engine) -> datetime:
    """The only clock that counts."""
    with engine.begin() as connection:
        at = connection.scalar(select(func.clock_timestamp()))
    assert isinstance(at, datetime)
    return at


def allow_recipient(engine: Engine, channel: Channel, target: str) -> int:
    """Lift whatever keeps them from being contacted on a channel, row by row. How many stood."""
    told = explain_suppressed(engine, channel, target)
    standing = [one.id for one in told if one.lifted_at is None]
    for row in standing:
        lift_suppression(engine, row, by=ANA)
    return len(standing)


def make_report(**values: Any) -> Report:
    """What Twilio says of a call that has ended well; `values` go over it."""
    usual: dict[str, Any] = {
        "channel": Channel.VOICE,
        "key": "CA1:0",
        "token": None,
        "sid": "CA1",
        "name": "completed",
        "rank": 100,
        "sequence": 0,
        "meaning": Meaning.REACHED,
        "channel_status": ChannelStatus.COMPLETED,
    }
    return Report(**usual | values)


def make_timeouts(**values: Any) -> Timeouts:
    """Waiting as in production, unless a test says otherwise."""
    chosen: dict[str, Any] = {
        "throttle_pause": 5 * SECOND,
        "refused_pause": 15 * SECOND,
        "arrival": 70 * SECOND,
        "first_doubt_lookup": 30 * SECOND,
        "lookup_interval": MINUTE,
        "empty_lookups": 3,
        "give_up": {
            Channel.VOICE: 15 * MINUTE,
            Channel.SMS: 15 * MINUTE,
            Channel.EMAIL: 30 * MINUTE,
        },
        "first_lookup": {
            Channel.VOICE: 5 * MINUTE,
            Channel.SMS: 12 * HOUR,
            Channel.EMAIL: 72 * HOUR,
        },
        "answered_by_wait": MINUTE,
        "silence": {Channel.VOICE: 24 * HOUR, Channel.SMS: 12 * HOUR, Channel.EMAIL: 72 * HOUR},
        "unanswered": {Channel.VOICE: 24 * HOUR, Channel.SMS: 24 * HOUR, Channel.EMAIL: 72 * HOUR},
    }
    return Timeouts(**(chosen | values))


def make_limits(**values: Any) -> DeliveryLimits:
    """A delivery as small as tests like it."""
    chosen: dict[str, Any] = {
        "send_window": 5 * SECOND,
        "answer_time": 10 * SECOND,
        "flush_rows": 50,
        "flush_seconds": 0.02,
        "at_once": 100,
        "group_size": 100,
        "timeouts": make_timeouts(),
        "mark_key": b"a key",
    }
    return DeliveryLimits(**(chosen | values))


def make_facts(**values: Any) -> BatchFacts:
    """An open batch that nobody has touched since it was created."""
    chosen: dict[str, Any] = {
        "id": 1,
        "batch_id": "B",
        "campaign_id": 1,
        "starts_at": None,
        "expires_on": None,
        "paused": False,
        "call_rate": None,
        "auto_call_rate": False,
        "auto_call_rate_baseline": None,
        "upload_filename": None,
        "error_message": None,
        "finished_at": None,
        "archived_at": None,
        "deleted_at": None,
        "deleted_reason": None,
        "last_updated_by": ANA,
    }
    return BatchFacts(**(chosen | values))


def _insert(engine: Engine, table: Table, row: Mapping[str, object]) -> int:
    with engine.begin() as connection:
        return _insert_with(connection, table, row)


def _insert_with(connection: Connection, table: Table, row: Mapping[str, object]) -> int:
    key = connection.scalar(insert(table).values(**row).returning(table.c.id))
    assert isinstance(key, int)
    return key
