"""Attempts: begun by one function, read and changed under their locks, a whole set at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from worker.domain.attempts import Change, Facts
from worker.domain.reports import Position
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, Mode, RequestStatus
from worker.domain.tickets import Inquiry
from worker.store.claims import Chunk

AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Begun:
    """One attempt that may now be sent, once, within `send_within` seconds of asking for it."""

    request: int
    attempt: int
    token: UUID
    send_within: float


_BEGIN = text("""
    SELECT request, verdict, attempt, token, send_within
    FROM begin_attempts_v1(:batch, :lease, :requests, :send_window, :answer_time)
""")


def begin(
    connection: Connection,
    chunk: Chunk,
    requests: Sequence[int],
    *,
    send_window: timedelta,
    answer_time: timedelta,
) -> tuple[list[Begun], dict[int, str]]:
    """Begin what may still go out; the rest is handed back.

    Args:
        connection: in a transaction of its own, committed before anything is sent.
        chunk: what was claimed.
        requests: those of its requests that are ready to be sent.
        send_window: how long after now the request may be written to the provider's socket.
        answer_time: how long after now an answer must have been recorded, else somebody looks.

    Returns:
        the tickets, and the reason by request for what was handed back: `paused`, `deleted`,
        `expired`, `halted`, `suppressed`, `recipient_busy`. A request in neither was not ours.
    """
    rows = connection.execute(
        _BEGIN,
        {
            "batch": chunk.batch,
            "lease": chunk.lease,
            "requests": list(requests),
            "send_window": send_window,
            "answer_time": answer_time,
        },
    ).all()
    begun = [
        Begun(row.request, row.attempt, row.token, row.send_within)
        for row in rows
        if row.verdict == "begun"
    ]
    return begun, {row.request: row.verdict for row in rows if row.verdict != "begun"}


# Lock order: recipients, requests, attempts; ascending within each.
_LOCK_RECIPIENTS = text("""
    SELECT FROM recipient WHERE id IN (SELECT recipient FROM attempt WHERE id = ANY (:attempts))
    ORDER BY id FOR NO KEY UPDATE
""")
_LOCK_REQUESTS = text("""
    SELECT FROM communication_request
    WHERE id IN (SELECT request FROM attempt WHERE id = ANY (:attempts))
    ORDER BY id FOR NO KEY UPDATE
""")
_FACTS = text("""
    SELECT a.id AS attempt, a.request, a.channel, a.state, a.sid,
           a.fold_rank, a.fold_sequence, a.fold_name, a.checks,
           clock_timestamp() - a.began_at AS age,
           r.attempt = a.id AS is_current, r.request_status, r.channel_manager_status, r.moved_by,
           r.attempt_count, 1 + c.retry_count + r.extra_attempts AS attempts_allowed,
           c.retry_interval, c.resend_in_doubt,
           b.deleted_at IS NULL AND (b.expires_on IS NULL OR b.expires_on > clock_timestamp())
               AS batch_lives
    FROM attempt AS a
    JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = r.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE a.id = ANY (:attempts) ORDER BY a.id FOR NO KEY UPDATE OF a
""")


def lock(
    connection: Connection, attempts: Iterable[int], *, with_recipients: bool = False
) -> dict[int, Facts]:
    """The facts of the attempts, which nobody else can change until this transaction ends.

    `with_recipients` is needed when a change may suppress one.
    """
    chosen = {"attempts": sorted(set(attempts))}
    if with_recipients:
        connection.execute(_LOCK_RECIPIENTS, chosen)
    connection.execute(_LOCK_REQUESTS, chosen)
    rows = connection.execute(_FACTS, chosen).mappings()
    return {row["attempt"]: _facts(dict(row)) for row in rows}


def _facts(row: dict[str, object]) -> Facts:
    position = (row.pop("fold_rank"), row.pop("fold_sequence"), row.pop("fold_name"))
    return Facts(
        **row
        | {
            "mode": Mode(str(row.pop("channel"))),
            "state": AttemptState(str(row["state"])),
            "position": _position(position),
            "request_status": RequestStatus(str(row["request_status"])),
            "channel_status": ChannelStatus(str(row.pop("channel_manager_status"))),
            "moved_by": Cause(str(row["moved_by"])),
        }  # type: ignore[arg-type]  # the columns of _FACTS are the fields of Facts
    )


def _position(parts: tuple[object, object, object]) -> Position | None:
    rank, sequence, name = parts
    if isinstance(rank, int) and isinstance(sequence, int) and isinstance(name, str):
        return (rank, sequence, name)
    return None


_CHANGES = "jsonb_to_recordset(CAST(:changes AS jsonb)) AS v"

# Every statement names the state it leaves: whoever lost a race finds no row and leaves quietly.
_WRITE_ATTEMPTS = text(f"""
    UPDATE attempt AS a
    SET state = v.state, counted = v.state <> 'NOT_SENT', late = a.late OR v.late,
        sid = coalesce(a.sid, v.sid), checks = v.checks,
        fold_rank = coalesce(v.fold_rank, a.fold_rank),
        fold_sequence = coalesce(v.fold_sequence, a.fold_sequence),
        fold_name = coalesce(v.fold_name, a.fold_name),
        error_code = coalesce(v.error_code, a.error_code),
        accepted_at = CASE WHEN v.taken THEN coalesce(a.accepted_at, clock_timestamp())
                      ELSE a.accepted_at END,
        check_at = clock_timestamp() + make_interval(secs => v.check_in),
        closed_at = CASE WHEN v.check_in IS NULL THEN coalesce(a.closed_at, clock_timestamp()) END
    FROM {_CHANGES} (attempt bigint, was text, state text, late bool, taken bool, sid text,
        checks smallint, fold_rank int, fold_sequence int, fold_name text, error_code text,
        check_in float8)
    WHERE a.id = v.attempt AND a.state = v.was
""")  # noqa: S608  _CHANGES is a constant

_WRITE_SIDS = text(f"""
    INSERT INTO sid (sid, attempt)
    SELECT sid, attempt FROM {_CHANGES} (attempt bigint, sid text)
    WHERE sid IS NOT NULL ORDER BY sid, attempt ON CONFLICT DO NOTHING
""")  # noqa: S608  _CHANGES is a constant

_WRITE_REQUESTS = text(f"""
    UPDATE communication_request AS r
    SET attempt_count = r.attempt_count + v.counted,
        call_manager_sid = CASE WHEN r.attempt = v.attempt THEN coalesce(v.sid, r.call_manager_sid)
                           ELSE r.call_manager_sid END,
        sent_at = CASE WHEN v.taken AND r.attempt = v.attempt THEN a.accepted_at ELSE r.sent_at END,
        request_status = coalesce(v.status, r.request_status),
        channel_manager_status = coalesce(v.channel_status, r.channel_manager_status),
        error_code = CASE WHEN v.status IS NULL THEN r.error_code ELSE v.move_code END,
        extra_attempts = r.extra_attempts + v.extra_attempts,
        moved_by = coalesce(v.cause, r.moved_by),
        moved_why = CASE WHEN v.status IS NULL THEN r.moved_why ELSE v.why END
    FROM {_CHANGES} (request bigint, attempt bigint, counted smallint, taken bool, sid text,
        status text, was_status text, channel_status text, move_code text, cause text, why text,
        extra_attempts smallint)
    JOIN attempt AS a ON a.id = v.attempt
    WHERE r.id = v.request
        AND (v.status IS NULL OR (r.attempt = v.attempt AND r.request_status = v.was_status))
        AND (v.status IS NOT NULL OR v.counted <> 0 OR v.sid IS NOT NULL)
""")  # noqa: S608  _CHANGES is a constant

_ENQUEUE = text(f"""
    INSERT INTO queue (request, batch, due_at)
    SELECT r.id, r.batch, clock_timestamp() + make_interval(secs => v.due_in)
    FROM {_CHANGES} (request bigint, due_in float8)
    JOIN communication_request AS r ON r.id = v.request
    WHERE v.due_in IS NOT NULL AND r.request_status = 'PENDING' ORDER BY r.id
    ON CONFLICT (request) DO UPDATE
    SET due_at = excluded.due_at, lease_token = NULL, lease_until = NULL, claims = 0
""")  # noqa: S608  _CHANGES is a constant

_DEQUEUE = text(f"""
    DELETE FROM queue USING {_CHANGES} (request bigint, was_status text, status text)
    WHERE queue.request = v.request AND v.was_status = 'PENDING' AND v.status <> 'PENDING'
""")  # noqa: S608  _CHANGES is a constant

_SUPPRESS = text(f"""
    UPDATE recipient AS p
    SET suppressed_at = clock_timestamp(), suppress_reason = v.suppress, suppress_source = 'provider'
    FROM {_CHANGES} (attempt bigint, suppress text) JOIN attempt AS a ON a.id = v.attempt
    WHERE p.id = a.recipient AND v.suppress IS NOT NULL AND p.suppressed_at IS NULL
""")  # noqa: S608  _CHANGES is a constant


def write(connection: Connection, changes: Sequence[Change]) -> None:
    """Apply changes judged from facts that this transaction has locked; one per attempt."""
    if not changes:
        return
    rows = {"changes": orjson.dumps([_row(change) for change in changes]).decode()}
    connection.execute(_WRITE_ATTEMPTS, rows)
    if any(change.sid for change in changes):
        connection.execute(_WRITE_SIDS, rows)
    connection.execute(_WRITE_REQUESTS, rows)
    if any(change.move and change.move.due_in is not None for change in changes):
        connection.execute(_ENQUEUE, rows)
    if any(change.facts.request_status is RequestStatus.PENDING for change in changes):
        connection.execute(_DEQUEUE, rows)
    if any(change.suppress for change in changes):
        connection.execute(_SUPPRESS, rows)


def _row(change: Change) -> dict[str, object]:
    facts, move = change.facts, change.move
    rank, sequence, name = change.position or (None, None, None)
    row: dict[str, object] = {
        "attempt": facts.attempt,
        "request": facts.request,
        "was": facts.state,
        "state": change.state,
        "late": change.late,
        "taken": change.state in {AttemptState.ACCEPTED, AttemptState.DONE},
        "sid": change.sid,
        "checks": change.checks,
        "fold_rank": rank,
        "fold_sequence": sequence,
        "fold_name": name,
        "error_code": change.error_code,
        "check_in": _seconds(change.check_in),
        "counted": change.counted,
        "extra_attempts": 0,
        "was_status": facts.request_status,
        "suppress": change.suppress,
    }
    if move is not None:
        row |= {
            "status": move.status,
            "channel_status": move.channel_status,
            "move_code": move.error_code,
            "cause": move.cause,
            "why": move.why,
            "extra_attempts": move.extra_attempts,
            "due_in": _seconds(move.due_in),
        }
    return row


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


# Ordered by deadline so that a page that can't be settled moves back and starves nobody.
_OVERDUE = text("""
    SELECT a.id AS attempt, a.token, a.channel AS mode, a.sid, p.address, a.source,
           clock_timestamp() - a.began_at AS age
    FROM attempt AS a JOIN recipient AS p ON p.id = a.recipient
    WHERE a.check_at <= clock_timestamp() ORDER BY a.check_at LIMIT :limit
""")

_POSTPONE = text("""
    UPDATE attempt SET check_at = clock_timestamp() + :for_time
    WHERE id = ANY (:attempts) AND check_at <= clock_timestamp()
    RETURNING id
""")


def take_overdue(connection: Connection, *, limit: int, for_time: timedelta) -> list[Inquiry]:
    """Open attempts whose deadline has passed, taken for a while so that two rescuers ask once."""
    rows = connection.execute(_OVERDUE, {"limit": limit}).mappings().all()
    taken = set(
        connection.scalars(
            _POSTPONE, {"attempts": [row["attempt"] for row in rows], "for_time": for_time}
        )
    )
    return [
        Inquiry(**{**row, "mode": Mode(row["mode"])}) for row in rows if row["attempt"] in taken
    ]


_BOUND = text("SELECT sid FROM sid WHERE sid = ANY (:sids) AND attempt <> :attempt")


def bound_elsewhere(connection: Connection, sids: Sequence[str], attempt: int) -> set[str]:
    """Which of the sids already belong to another attempt."""
    return set(connection.scalars(_BOUND, {"sids": list(sids), "attempt": attempt}))
