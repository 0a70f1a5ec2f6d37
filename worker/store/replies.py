"""Replies that are no opt-out: told to the campaign they answer, never in their own words."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

# Whom they answer is whoever texted them last from there. Its request is held, so that the archive, which
# deletes what hangs on it, comes before or after. One event per message and receiver, however often it comes.
_TELL = text("""
    WITH answered AS (
        SELECT r.id AS request, r.reference_id, b.batch_id, b.campaign_id
        FROM recipient AS p
        JOIN communication_request AS r ON r.recipient = p.id
        JOIN attempt AS a ON a.request = r.id AND a.counted AND a.source = ANY (:senders)
        JOIN communication_batch AS b ON b.id = r.batch
        WHERE p.channel = 'sms' AND p.identity = :identity
        ORDER BY a.began_at DESC, a.id DESC LIMIT 1 FOR KEY SHARE OF r
    ), events AS (
        SELECT DISTINCT hook ->> 'url' AS url, answered.*
        FROM answered JOIN campaign AS c ON c.id = answered.campaign_id
        CROSS JOIN LATERAL jsonb_array_elements(c.webhooks) AS hook
        WHERE hook ->> 'url' IS NOT NULL
    ), named AS (
        SELECT *, CASE WHEN :message_sid = '' THEN gen_random_uuid()
                  ELSE CAST(md5(concat_ws(' ', :message_sid, url)) AS uuid) END AS event
        FROM events
    )
    INSERT INTO webhook_delivery (event, request, url, body, next_try_at)
    SELECT event, request, url, CAST(jsonb_build_object(
               'id', event,
               'type', 'communication_request.reply',
               'occurred_at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'campaign_id', campaign_id,
               'batch_id', batch_id,
               'reference_id', reference_id,
               'message_sid', nullif(:message_sid, '')
           ) AS text), clock_timestamp()
    FROM named ORDER BY url
    ON CONFLICT (event) DO NOTHING
""")


def tell_reply(
    connection: Connection, identity: str, senders: Sequence[str], message_sid: str
) -> int:
    """Tell the campaign whose text somebody answers; returns how many receivers are to be told.

    Args:
        connection: in a transaction.
        identity: of whoever answered, among those who are texted.
        senders: what the campaign may have as its source: the number written to, its messaging service.
        message_sid: the provider's id of the answer; may be empty.
    """
    known = {"identity": identity, "senders": list(senders), "message_sid": message_sid}
    return connection.execute(_TELL, known).rowcount
