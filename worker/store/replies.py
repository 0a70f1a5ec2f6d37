"""Replies that are no opt-out: told to the campaign they answer, never in their own words."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

from worker.domain.statuses import Channel


class ReplyKind(StrEnum):
    """Replies by the type of their event; each has the provider's id of the call or text."""

    TEXT = "reply"
    CALL = "inbound_call"
    CALL_BACK = "call_back"


# Whom they answer is whoever contacted them last from there. Its request is held, so that the archive,
# which deletes what hangs on it, comes before or after.
_BY_PERSON = """
    SELECT r.id AS request, r.reference_id, b.batch_id, b.campaign_id
    FROM recipient AS p
    JOIN communication_request AS r ON r.recipient = p.id
    JOIN attempt AS a ON a.request = r.id AND a.counted AND a.source = ANY (:senders)
    JOIN communication_batch AS b ON b.id = r.batch
    WHERE p.channel = :channel AND p.identity = :identity
    ORDER BY a.began_at DESC, a.id DESC LIMIT 1 FOR KEY SHARE OF r
"""
_BY_CALL = """
    SELECT r.id AS request, r.reference_id, b.batch_id, b.campaign_id
    FROM attempt AS a
    JOIN communication_request AS r ON r.id = a.request
    JOIN communication_batch AS b ON b.id = r.batch
    WHERE a.token = :token AND a.channel = :channel FOR KEY SHARE OF r
"""
# One event per message or call and receiver, however often it comes.
_TELL = """
    WITH answered AS ({answered}), events AS (
        SELECT DISTINCT hook ->> 'url' AS url, answered.*
        FROM answered JOIN campaign AS c ON c.id = answered.campaign_id
        CROSS JOIN LATERAL jsonb_array_elements(c.webhooks) AS hook
        WHERE hook ->> 'url' IS NOT NULL
    ), named AS (
        SELECT *, CASE WHEN :sid = '' THEN gen_random_uuid()
                  ELSE CAST(md5(concat_ws(' ', {key}, url)) AS uuid) END AS event
        FROM events
    )
    INSERT INTO webhook_delivery (event, request, url, body, next_try_at)
    SELECT event, request, url, CAST(jsonb_build_object(
               'id', event,
               'type', 'communication_request.{kind}',
               'occurred_at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'campaign_id', campaign_id,
               'batch_id', batch_id,
               'reference_id', reference_id,
               '{sid}', nullif(:sid, '')
           ) AS text), clock_timestamp()
    FROM named ORDER BY url
    ON CONFLICT (event) DO NOTHING
"""
_STATEMENTS = {
    ReplyKind.TEXT: text(
        _TELL.format(answered=_BY_PERSON, key=":sid", kind=ReplyKind.TEXT, sid="message_sid")
    ),
    ReplyKind.CALL: text(
        _TELL.format(answered=_BY_PERSON, key=":sid", kind=ReplyKind.CALL, sid="call_sid")
    ),
    # Its call is one of ours, which may be told of as well.
    ReplyKind.CALL_BACK: text(
        _TELL.format(
            answered=_BY_CALL, key=":sid, 'call-back'", kind=ReplyKind.CALL_BACK, sid="call_sid"
        )
    ),
}
_CHANNELS = {ReplyKind.TEXT: Channel.SMS, ReplyKind.CALL: Channel.VOICE}


def tell_reply(
    connection: Connection, reply: ReplyKind, identity: str, senders: Sequence[str], sid: str
) -> int:
    """Tell the campaign whose contact somebody answers; returns how many receivers are to be told.

    Args:
        connection: in a transaction.
        reply: a text or a call.
        identity: of whoever answered, among those who are contacted that way.
        senders: what the campaign may have as its source: the number written to, its messaging service.
        sid: the provider's id of the answer; may be empty.
    """
    known = {"identity": identity, "senders": list(senders), "sid": sid}
    known |= {"channel": _CHANNELS[reply].value}
    return connection.execute(_STATEMENTS[reply], known).rowcount


def tell_call_back(connection: Connection, token: UUID, sid: str) -> int:
    """Tell the campaign of the call with this token that its recipient wants to be called back."""
    known = {"token": token, "sid": sid, "channel": Channel.VOICE.value}
    return connection.execute(_STATEMENTS[ReplyKind.CALL_BACK], known).rowcount
