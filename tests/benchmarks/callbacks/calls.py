"""Calls under way, stored as dispatch would have left them, and the callbacks Twilio posts about them."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from twilio.request_validator import RequestValidator

from worker.domain.evidence.marks import derive_key, make_mark
from worker.domain.statuses import Channel

WORDS = ("in-progress", "completed")

_STORE = """
WITH people AS (
    INSERT INTO recipient (channel, identity)
    SELECT 'voice', '+1512' || lpad(n::text, 7, '0') FROM generate_series(%(first)s::int, %(last)s::int) AS n
    RETURNING id, identity
), waiting AS (
    INSERT INTO communication_request
        (batch, reference_id, target, address, recipient, request_variables, request_status,
         channel_manager_status, moved_by)
    SELECT %(batch)s, identity, identity, identity, id, '{}', 'PENDING', 'PENDING', 'ingest' FROM people
    RETURNING id, recipient
), placed AS (
    INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state,
                         send_by, check_at, accepted_at, sid)
    SELECT id, %(batch)s, recipient, 'voice', '+15125550100', 1, gen_random_uuid(), 'ACCEPTED',
           now(), now() + interval '1 hour', now(), 'CA' || md5(id::text)
    FROM waiting RETURNING id, sid, token, request
)
INSERT INTO sid (sid, attempt) SELECT sid, id FROM placed
"""
_INITIATE = """
UPDATE communication_request AS r
SET request_status = 'INITIATED', channel_manager_status = 'QUEUED', attempt = a.id,
    attempt_count = 1, call_manager_sid = a.sid, sent_at = a.accepted_at, moved_by = 'dispatch'
FROM attempt AS a WHERE a.request = r.id AND r.request_status = 'PENDING'
"""
_NEW = "SELECT token, sid FROM attempt WHERE fold_rank IS NULL ORDER BY id"


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback, ready to be written to a socket."""

    token: UUID
    sid: str
    word: str
    request: bytes


def store_calls(url: str, batch: int, first: int, count: int) -> list[tuple[UUID, str]]:
    """(token, sid) of newly stored calls that the provider has accepted."""
    with psycopg.connect(url) as connection:
        connection.execute(_STORE, {"first": first, "last": first + count - 1, "batch": batch})
        connection.execute(_INITIATE)
        return list(connection.execute(_NEW).fetchall())


def callbacks(calls: list[tuple[UUID, str]], port: int, auth_token: str) -> list[Callback]:
    """Each call is answered, and then each ends: every word of all of them before the next."""
    validator = RequestValidator(auth_token)
    key = derive_key(auth_token, f"http://127.0.0.1:{port}", "outreach")
    began = int(1000 * time.time())
    marked = [
        (token, sid, make_mark(key, Channel.VOICE, token, request=1, began_ms=began))
        for token, sid in calls
    ]
    return [
        _callback(validator, f"/callbacks/voice/{token}?mark={mark}", token, sid, word, port)
        for word in WORDS
        for token, sid, mark in marked
    ]


def _callback(
    validator: RequestValidator, path: str, token: UUID, sid: str, word: str, port: int
) -> Callback:
    form = {
        "CallSid": sid,
        "AccountSid": "AC" + "5a" * 16,
        "From": "+15125550100",
        "To": "+15125550199",
        "CallStatus": word,
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
        "Timestamp": formatdate(usegmt=True),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(2 + WORDS.index(word)),
    }
    signature = validator.compute_signature(f"http://127.0.0.1:{port}{path}", form)
    body = urlencode(form)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Callback(token, sid, word, (head + body).encode())
