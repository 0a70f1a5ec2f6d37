"""The outbox of webhooks: claimed under a lease, settled by what the receiver answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """An event that is due at a receiver. `tries` counts the one that begins now."""

    id: int
    event: UUID
    url: str
    body: str
    tries: int
    timestamp: int
    """When this try began, in seconds since 1970, by the database's clock."""
    traceparent: str | None = None
    """The trace that the batch came from; read only where it is traced."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a try. `pause` until the next one; None when there is to be none."""

    delivery: WebhookDelivery
    delivered: bool
    answer: str
    pause: timedelta | None


# Address by address along the index, a few of each: thousands waiting for one receiver that hangs hide
# nothing that waits for another. A claim is a due time in the future: it needs no second clean-up.
_CLAIM = text("""
    WITH RECURSIVE receiver AS (
        (SELECT url FROM webhook_delivery WHERE next_try_at IS NOT NULL ORDER BY url LIMIT 1)
        UNION ALL
        SELECT (SELECT later.url FROM webhook_delivery AS later
                WHERE later.next_try_at IS NOT NULL AND later.url > receiver.url
                ORDER BY later.url LIMIT 1)
        FROM receiver WHERE receiver.url IS NOT NULL
    ), due AS MATERIALIZED (
        SELECT waiting.id FROM receiver CROSS JOIN LATERAL (
            SELECT id FROM webhook_delivery AS d
            WHERE d.url = receiver.url AND d.next_try_at <= clock_timestamp()
            ORDER BY d.next_try_at LIMIT :of_each FOR NO KEY UPDATE SKIP LOCKED
        ) AS waiting
        WHERE receiver.url <> ALL (CAST(:busy AS text[])) LIMIT :limit
    )
    UPDATE webhook_delivery AS d
    SET tries = d.tries + 1, last_tried_at = clock_timestamp(),
        next_try_at = clock_timestamp() + :lease
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.event, d.url, d.body, d.tries,
        CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint),
        CASE WHEN :traced THEN (
            SELECT b.traceparent FROM communication_request AS r
            JOIN communication_batch AS b ON b.id = r.batch WHERE r.id = d.request
        ) END
""")


def claim(
    connection: Connection,
    *,
    busy: Collection[str],
    of_each: int,
    limit: int,
    lease: timedelta,
    traced: bool = False,
) -> list[WebhookDelivery]:
    """Deliveries that are due, at most `of_each` per address and none of the busy addresses."""
    room = {"busy": list(busy), "of_each": of_each, "limit": limit}
    rows = connection.execute(_CLAIM, {**room, "lease": lease, "traced": traced})
    return [WebhookDelivery(*row) for row in rows]


# A success counts whoever reports it; a failure only while its try is the latest one.
_SETTLE = text("""
    WITH settled AS (
        UPDATE webhook_delivery AS d
        SET last_answer = v.answer,
            delivered_at = CASE WHEN v.delivered THEN clock_timestamp() END,
            next_try_at = clock_timestamp() + v.pause
        FROM unnest(CAST(:ids AS bigint[]), CAST(:tries AS smallint[]), CAST(:delivered AS boolean[]),
                    CAST(:answers AS text[]), CAST(:pauses AS interval[]))
            AS v (id, tries, delivered, answer, pause)
        WHERE d.id = v.id AND d.delivered_at IS NULL AND (v.delivered OR d.tries = v.tries)
        RETURNING d.event, d.body, d.delivered_at, d.next_try_at, d.tries, d.last_answer
    )
    INSERT INTO dead_letter (kind, reason, payload, message_id)
    SELECT :kind, format('the receiver did not take it in %s tries; the last answer: %s', tries,
                         last_answer), body, CAST(event AS text)
    FROM settled WHERE delivered_at IS NULL AND next_try_at IS NULL
    RETURNING id
""")


def record_tries(connection: Connection, told: Sequence[Tried]) -> list[int]:
    """Write down what became of tries. Returns the dead letters this made."""
    values = {
        "kind": WEBHOOK,
        "ids": [one.delivery.id for one in told],
        "tries": [one.delivery.tries for one in told],
        "delivered": [one.delivered for one in told],
        "answers": [one.answer for one in told],
        "pauses": [None if one.delivered else one.pause for one in told],
    }
    return list(connection.scalars(_SETTLE, values))


_AGAIN = text("""
    UPDATE webhook_delivery SET tries = 0, next_try_at = clock_timestamp()
    WHERE event = CAST(:event AS uuid) AND delivered_at IS NULL
""")


def make_due(connection: Connection, event: str) -> bool:
    """A delivery that was given up is due again, with all its tries; False where it is not kept."""
    return connection.execute(_AGAIN, {"event": event}).rowcount == 1
