"""Attempts: begun by one function, read and changed under their locks, a whole set at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from worker.domain.accounts import MAIN
from worker.domain.content.tickets import LookupRequest
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.attempts import Facts
from worker.domain.schedule.hand_backs import HandBack
from worker.domain.statuses import Channel
from worker.store.attempt_facts import read_facts
from worker.store.changes import write
from worker.store.queue import Chunk
from worker.store.suppressions import lock_recipients_of

__all__ = ["AT_ONCE", "Begun", "Way", "begin", "bound_elsewhere", "lock", "take_overdue", "write"]

AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Begun:
    """One attempt that may now be sent, once, within `send_within` seconds of asking for it."""

    request: int
    attempt: int
    token: UUID
    send_within: float
    asked_ms: int
    """When it was asked for, by the database's clock: never after it began."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way by which attempts are made."""

    account: str = MAIN
    """Of the providers'."""
    sources: Sequence[str] | None = None
    """One for each request, or one for all; None: whoever asks knows of none but the campaign's."""


MAIN_WAY = Way()

_BEGIN = text("""
    SELECT request, verdict, attempt, token, send_within,
           floor(1000 * extract(epoch FROM now()))::bigint AS asked_ms
    FROM begin_attempts(
        :batch, :lease, :requests, :send_window, :answer_time, :limit, :version, :account,
        CAST(:sources AS text[]))
""")


def begin(
    connection: Connection,
    chunk: Chunk,
    requests: Sequence[int],
    *,
    send_window: timedelta,
    answer_time: timedelta,
    limit: int = 0,
    version: int | None = None,
    way: Way = MAIN_WAY,
) -> tuple[list[Begun], dict[int, HandBack]]:
    """Begin what may still go out; the rest is handed back.

    Args:
        connection: in a transaction of its own, committed before anything is sent.
        chunk: what was claimed.
        requests: those of its requests that are ready to be sent.
        send_window: how long after now the request may be written to the provider's socket.
        answer_time: how long after now an answer must have been recorded, else somebody looks.
        limit: how many calls may be under way at once, over all workers; 0: any number.
        version: of the campaign, as it was when the words were read.
        way: by which account and from which sources they will be sent.

    Returns:
        the tickets, and the reason by request for what did not begin. A request in neither was not
        ours.
    """
    rows = connection.execute(
        _BEGIN,
        {
            "batch": chunk.batch,
            "lease": chunk.lease,
            "requests": list(requests),
            "send_window": send_window,
            "answer_time": answer_time,
            "limit": limit,
            "version": version,
            "account": way.account,
            "sources": None if way.sources is None else list(way.sources),
        },
    ).all()
    begun = [Begun(request, *ticket) for request, verdict, *ticket in rows if verdict == "begun"]
    return begun, {
        request: HandBack(verdict) for request, verdict, *_ in rows if verdict != "begun"
    }


# Lock order: recipients, requests, attempts; ascending within each.
_LOCK_REQUESTS = text("""
    SELECT FROM communication_request
    WHERE id IN (SELECT request FROM attempt WHERE id = ANY (:attempts))
    ORDER BY id FOR NO KEY UPDATE
""")


def lock(
    connection: Connection, attempts: Iterable[int], *, with_recipients: bool = False
) -> dict[int, Facts]:
    """The facts of the attempts, which nobody else can change until this transaction ends.

    `with_recipients` is needed when a change may suppress one.
    """
    chosen = {"attempts": sorted(set(attempts))}
    if with_recipients:
        lock_recipients_of(connection, chosen["attempts"])
    connection.execute(_LOCK_REQUESTS, chosen)
    return read_facts(connection, chosen["attempts"])


# Ordered by deadline so that a page that can't be judged moves back and starves nobody.
_OVERDUE = text("""
    SELECT a.id AS attempt, a.token, a.channel, a.sid, r.address, a.source, a.account,
           clock_timestamp() - a.began_at AS age,
           c.voicemail_detection ->> 'on_machine' AS on_machine,
           cardinality(c.accounts) > 1 AS others_listed
    FROM attempt AS a
    JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = a.batch
    JOIN campaign AS c ON c.id = b.campaign_id
    WHERE a.check_at <= clock_timestamp() ORDER BY a.check_at LIMIT :limit
""")

_POSTPONE = text("""
    UPDATE attempt SET check_at = clock_timestamp() + :for_time
    WHERE id = ANY (:attempts) AND check_at <= clock_timestamp()
    RETURNING id
""")


def take_overdue(connection: Connection, *, limit: int, for_time: timedelta) -> list[LookupRequest]:
    """Open attempts whose deadline has passed, taken for a while so that two rescuers ask once."""
    rows = connection.execute(_OVERDUE, {"limit": limit}).mappings().all()
    taken = set(
        connection.scalars(
            _POSTPONE, {"attempts": [row["attempt"] for row in rows], "for_time": for_time}
        )
    )
    return [_inquiry(row) for row in rows if row["attempt"] in taken]


def _inquiry(row: RowMapping) -> LookupRequest:
    policy = OnMachine(row["on_machine"]) if row["on_machine"] else None
    return LookupRequest(**{**row, "channel": Channel(row["channel"]), "on_machine": policy})


# By the primary key, the newest first: ids are given out in the order of time, nearly. What was begun just
# now may not be listed yet.
_NEWER = text("""
    SELECT a.id AS attempt, a.token, a.channel, a.sid, r.address, a.source, a.account,
           clock_timestamp() - a.began_at AS age, NULL AS on_machine
    FROM (
        SELECT * FROM attempt WHERE id > :attempt ORDER BY id DESC LIMIT :most
    ) AS a JOIN communication_request AS r ON r.id = a.request
    WHERE a.account = :account AND a.channel = :channel AND a.sid IS NOT NULL
        AND a.began_at < clock_timestamp() - CAST(:settled AS interval)
    ORDER BY a.id DESC LIMIT 1
""")
MOST_NEWER = 10_000
"""Attempts among which one of the same account is sought."""


def find_newer(
    connection: Connection, doubted: LookupRequest, settled: timedelta
) -> LookupRequest | None:
    """The newest attempt by the same account behind this one that it accepted, so long ago at least."""
    told = {"attempt": doubted.attempt, "account": doubted.account, "channel": doubted.channel}
    limits = {"most": MOST_NEWER, "settled": settled}
    row = connection.execute(_NEWER, told | limits).mappings().first()
    return None if row is None else _inquiry(row)


_BOUND = text("SELECT sid FROM sid WHERE sid = ANY (:sids) AND attempt <> :attempt")


def bound_elsewhere(connection: Connection, sids: Sequence[str], attempt: int) -> set[str]:
    """Find those of the sids that already belong to another attempt."""
    return set(connection.scalars(_BOUND, {"sids": list(sids), "attempt": attempt}))
