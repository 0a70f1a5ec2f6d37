"""Requests of a restored database that may have been contacted after the moment it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from worker.domain.evidence.sent import Sent
from worker.domain.statuses import Channel

_UNKNOWN = text("""
    SELECT v.sid FROM unnest(CAST(:sids AS text[])) AS v (sid)
    WHERE NOT EXISTS (SELECT FROM sid AS s WHERE s.sid = v.sid)
        AND NOT EXISTS (SELECT FROM archived_attempt AS x WHERE x.sid = v.sid)
""")


def unknown_sids(connection: Connection, sids: Sequence[str]) -> set[str]:
    """Those that no attempt of ours bears."""
    return set(connection.scalars(_UNKNOWN, {"sids": list(sids)}))


@dataclass(frozen=True, slots=True)
class Opened:
    """Count what became of the requests that may have been contacted."""

    asked: int
    """Are in doubt: the provider is asked about each, as about any doubt."""
    closed: int
    """Can't be asked about, and wait for an operator."""
    unnamed: int
    """Calls or texts to people whom no open request names."""


# Of a person with two things open nobody can tell which of them a contact was for; nor of one by a sender
# that the campaign does not have.
_CHOSEN = """
    open AS (
        SELECT r.id, r.batch, r.recipient, c.source, c.pool, c.account, c.mode AS channel, p.identity
        FROM communication_request AS r
        JOIN communication_batch AS b ON b.id = r.batch
        JOIN campaign AS c ON c.id = b.campaign_id
        JOIN recipient AS p ON p.id = r.recipient
        WHERE r.request_status = 'PENDING' AND c.mode = :channel AND c.account = :account
    ), listed AS (
        SELECT v.sid, v.identity, v.source
        FROM jsonb_to_recordset(CAST(:sent AS jsonb)) AS v (sid text, identity text, source text)
    ), chosen AS (
        SELECT o.id, o.batch, o.recipient, o.account, o.channel,
               CASE WHEN l.fits THEN coalesce(l.source, o.source) ELSE o.source END AS source,
               NOT l.fits OR count(*) OVER (PARTITION BY o.recipient) > 1 OR EXISTS (
                   SELECT FROM attempt AS a
                   WHERE a.recipient = o.recipient AND a.state IN ('SENDING', 'IN_DOUBT')
               ) AS unclear
        FROM open AS o CROSS JOIN LATERAL (
            SELECT l.source, l.source IS NULL OR l.source = o.source
                OR o.pool @> jsonb_build_array(jsonb_build_object('source', l.source)) AS fits
            FROM listed AS l WHERE l.identity = o.identity ORDER BY fits DESC LIMIT 1
        ) AS l
    )
"""
_MAILS = """
    chosen AS (
        SELECT r.id, r.batch, r.recipient, c.source, c.account, c.mode AS channel, true AS unclear
        FROM communication_request AS r
        JOIN communication_batch AS b ON b.id = r.batch
        JOIN campaign AS c ON c.id = b.campaign_id
        JOIN queue AS q ON q.request = r.id
        WHERE r.request_status = 'PENDING' AND c.mode = 'email' AND q.due_at <= clock_timestamp()
    )
"""
_BEGIN = """
    , held AS (
        SELECT id FROM communication_request WHERE id IN (SELECT id FROM chosen)
        ORDER BY id FOR NO KEY UPDATE
    ), begun AS (
        INSERT INTO attempt (request, batch, recipient, channel, source, account, attempt_number, token,
                             state, began_at, send_by, check_at, doubted_at, closed_at, error_code)
        SELECT c.id, c.batch, c.recipient, c.channel, c.source, c.account,
               1 + coalesce((SELECT max(a.attempt_number) FROM attempt AS a WHERE a.request = c.id), 0),
               gen_random_uuid(), CASE WHEN c.unclear THEN 'UNRESOLVED' ELSE 'IN_DOUBT' END,
               :since, :since, CASE WHEN NOT c.unclear THEN clock_timestamp() END, clock_timestamp(),
               CASE WHEN c.unclear THEN clock_timestamp() END, CASE WHEN c.unclear THEN 'in_doubt' END
        FROM chosen AS c JOIN held USING (id) ORDER BY c.id
        RETURNING id, request, state
    ), moved AS (
        UPDATE communication_request AS r
        SET request_status = CASE b.state WHEN 'IN_DOUBT' THEN 'INITIATED' ELSE 'FAILED' END,
            channel_manager_status = CASE b.state WHEN 'IN_DOUBT' THEN 'PENDING' ELSE 'DELIVERY_UNKNOWN' END,
            error_code = CASE WHEN b.state <> 'IN_DOUBT' THEN 'in_doubt' END, error_message = NULL,
            attempt = b.id, attempt_count = r.attempt_count + 1,
            moved_by = 'reconcile', moved_why = 'restored'
        FROM begun AS b WHERE r.id = b.request
    ), dequeued AS (
        DELETE FROM queue WHERE request IN (SELECT request FROM begun)
    )
    SELECT count(*) FILTER (WHERE state = 'IN_DOUBT') AS asked,
           count(*) FILTER (WHERE state <> 'IN_DOUBT') AS closed
"""
_OPEN = text(f"""
    WITH {_CHOSEN} {_BEGIN}, (
        SELECT count(*) FROM (
            SELECT l.sid FROM listed AS l LEFT JOIN open AS o ON o.identity = l.identity
            GROUP BY l.sid HAVING count(o.id) = 0
        ) AS nobody
    ) AS unnamed FROM begun
""")  # noqa: S608  constants
_CLOSE = text(f"WITH {_MAILS} {_BEGIN} FROM begun")


def open_doubts(
    connection: Connection,
    channel: Channel,
    account: str,
    sent: Sequence[tuple[Sent, Sequence[str]]],
    since: datetime,
) -> Opened:
    """Make an attempt of every open request whose person was contacted by its sender.

    Args:
        connection: in a transaction, while nothing begins.
        channel: voice or sms.
        account: of the provider's, which was asked.
        sent: what was sent, each of no attempt of ours, and by which identities its person may be known.
        since: when the earliest of them may have begun.
    """
    rows = [
        {"sid": one.sid, "identity": identity, "source": one.source}
        for one, identities in sent
        for identity in identities
    ]
    values = {"channel": channel, "account": account, "since": since}
    found = connection.execute(_OPEN, values | {"sent": orjson.dumps(rows).decode()}).one()
    return Opened(*found)


def close_mails(connection: Connection, since: datetime) -> Opened:
    """Close every mail that may have been sent: its provider can't be asked, so an operator decides."""
    found = connection.execute(_CLOSE, {"since": since}).one()
    return Opened(found.asked, found.closed, unnamed=0)


_ACCOUNTS = text(
    "SELECT DISTINCT mode, account FROM campaign WHERE mode IN ('voice', 'sms') ORDER BY 1, 2"
)


def accounts_to_ask(connection: Connection) -> list[tuple[Channel, str]]:
    """By which accounts calls and texts may have been made."""
    return [(Channel(row.mode), row.account) for row in connection.execute(_ACCOUNTS)]
