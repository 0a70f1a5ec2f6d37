"""Attempts: begun by one function, read and changed under their locks, a whole set at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.attempts import Facts
from worker.domain.hours import intervals
from worker.domain.reports import Position
from worker.domain.statuses import AttemptState, Cause, ChannelStatus, Mode, RequestStatus
from worker.domain.tickets import Inquiry
from worker.store.changes import write
from worker.store.claims import Chunk

__all__ = ["AT_ONCE", "Begun", "begin", "bound_elsewhere", "lock", "take_overdue", "write"]

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
    FROM begin_attempts_v2(:batch, :lease, :requests, :send_window, :answer_time)
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
        the tickets, and the reason by request for what did not begin: `paused`, `deleted`, `expired`,
        `halted`, `suppressed`, `frequency_cap`, `recipient_busy`. A request in neither was not ours.
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
           a.fold_rank, a.fold_sequence, a.fold_name, a.checks, a.attempt_number,
           clock_timestamp() - a.began_at AS age,
           r.attempt = a.id AS is_current, r.request_status, r.channel_manager_status, r.moved_by,
           r.attempt_count, 1 + c.retry_count + r.extra_attempts AS attempts_allowed,
           c.retry_interval, c.retry_on, c.retry_delays, c.resend_in_doubt,
           b.expires_on - clock_timestamp() AS time_left,
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
            "retry_on": tuple(_list(row["retry_on"])),
            "retry_delays": tuple(intervals(_dict(row["retry_delays"])).items()),
        }  # type: ignore[arg-type]  # the columns of _FACTS are the fields of Facts
    )


def _list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def _dict(value: object) -> dict[str, str]:
    assert isinstance(value, dict)
    return value


def _position(parts: tuple[object, object, object]) -> Position | None:
    rank, sequence, name = parts
    if isinstance(rank, int) and isinstance(sequence, int) and isinstance(name, str):
        return (rank, sequence, name)
    return None


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
