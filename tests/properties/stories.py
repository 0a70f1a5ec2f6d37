"""Thousands of requests of all channels under way, and everything their providers say of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, assert_never
from uuid import UUID

from sqlalchemy import Engine, text

from tests.factories import make_batch, make_campaign
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel
from worker.providers import email, sms, voice


class Said(NamedTuple):
    """One event, in the order in which it happened; a late one is heard of after the others."""

    name: str
    code: str = ""
    late: bool = False


# Late ones say less than what was known, or more: then the word that was believed was not the last.
STORIES: dict[Channel, tuple[tuple[Said, ...], ...]] = {
    Channel.VOICE: (
        (Said("initiated"), Said("ringing"), Said("in-progress"), Said("completed")),
        (Said("initiated"), Said("ringing"), Said("busy", "486")),
        (Said("initiated"), Said("ringing", late=True), Said("no-answer", "487")),
        (Said("initiated"), Said("failed", "404")),
        (Said("initiated"), Said("failed", "503"), Said("completed", late=True)),
        (Said("initiated"), Said("ringing")),
    ),
    Channel.SMS: (
        (Said("sent"), Said("delivered")),
        (Said("sent"), Said("undelivered", "30003"), Said("delivered", late=True)),
        (Said("queued", late=True), Said("sent"), Said("undelivered", "30003")),
        (Said("sent"), Said("undelivered", "30005")),
        (Said("sent"), Said("failed", "30007")),
        (Said("queued"), Said("sent")),
    ),
    Channel.EMAIL: (
        (Said("processed"), Said("delivered"), Said("open"), Said("click")),
        (Said("processed"), Said("bounce", "blocked"), Said("spamreport", late=True)),
        (Said("deferred", late=True), Said("processed"), Said("bounce", "blocked")),
        (Said("processed"), Said("bounce", "5.1.1")),
        (Said("processed"), Said("delivered"), Said("unsubscribe")),
        (Said("processed"), Said("deferred")),
    ),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One attempt that a provider has accepted; its number picks its story."""

    channel: Channel
    number: int
    token: UUID
    sid: str

    def reports(self, *, late: bool | None = None) -> list[Report]:
        """What is said of it, in order: all of it, or only what comes late, or only what does not."""
        told = STORIES[self.channel][self.number % len(STORIES[self.channel])]
        return [
            _report(self, sequence, said)
            for sequence, said in enumerate(told)
            if late in {None, said.late}
        ]


def _report(contact: Contact, sequence: int, said: Said) -> Report:
    match contact.channel:
        case Channel.VOICE:
            call = {"CallSid": contact.sid, "CallStatus": said.name}
            call |= {"SequenceNumber": str(sequence)}
            call |= {"SipResponseCode": said.code} if said.code else {}
            report = voice.read_callback(call, contact.token)
        case Channel.SMS:
            message = {"MessageSid": contact.sid, "MessageStatus": said.name}
            message |= {"ErrorCode": said.code} if said.code else {}
            report = sms.read_callback(message, contact.token)
        case Channel.EMAIL:
            [report] = email.read_events(json.dumps([_event(contact, said)]).encode())
        case _:
            assert_never(contact.channel)
    assert report
    return report


def _event(contact: Contact, said: Said) -> dict[str, str]:
    event = {
        "event": said.name,
        "sg_message_id": f"{contact.sid}.filter",
        "sg_event_id": f"{contact.sid}-{said.name}",
        email.TOKEN_ARGUMENT: str(contact.token),
    }
    if said.name != "bounce":
        return event
    blocked = {"type": "blocked", "bounce_classification": "Technical"}
    return event | (blocked if said.code == "blocked" else {"status": said.code})


_REQUESTS = text("""
    WITH people AS (
        INSERT INTO recipient (channel, identity)
        SELECT :channel, CASE WHEN :channel = 'email' THEN 'p' || n || '-' || :run || '@example.com'
            ELSE '+1512' || :run || lpad(n::text, 5, '0') END
        FROM generate_series(1, :count) AS n ORDER BY n RETURNING id, identity
    )
    INSERT INTO communication_request (batch, reference_id, target, address, recipient,
        request_variables, request_status, channel_manager_status, moved_by)
    SELECT :batch, identity, identity, identity, id, '{}', 'PENDING', 'PENDING', 'ingest'
    FROM people ORDER BY id
""")
_ATTEMPTS = text("""
    INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state,
        send_by, check_at, accepted_at, sid)
    SELECT id, batch, recipient, :channel, 'us', attempt_count + 1, gen_random_uuid(), 'ACCEPTED', now(),
        now() + interval '1 hour', now(), :prefix || md5(id || '.' || attempt_count)
    FROM communication_request WHERE batch = :batch AND request_status = 'PENDING' ORDER BY id
""")
_SIDS = text("""
    INSERT INTO sid (sid, attempt) SELECT sid, id FROM attempt WHERE batch = :batch
    ON CONFLICT DO NOTHING
""")
_FOLLOW = text("""
    UPDATE communication_request AS r
    SET request_status = 'INITIATED', channel_manager_status = 'QUEUED', attempt = a.id,
        attempt_count = a.attempt_number, call_manager_sid = a.sid, sent_at = a.accepted_at,
        moved_by = 'dispatch', error_code = NULL
    FROM attempt AS a
    WHERE a.request = r.id AND a.attempt_number = r.attempt_count + 1
        AND r.batch = :batch AND r.request_status = 'PENDING'
    RETURNING r.id, a.token, a.sid
""")
_DEQUEUE = text("DELETE FROM queue WHERE batch = :batch")
_PREFIX = {Channel.VOICE: "CA", Channel.SMS: "SM", Channel.EMAIL: "mail-"}

Batches = dict[Channel, int]


def store_requests(engine: Engine, count: int, *, retry_count: int) -> Batches:
    """A batch of `count` requests on each channel."""
    batches = {}
    for channel in Channel:
        campaign = make_campaign(
            engine, channel=channel, retry_count=retry_count, retry_interval=timedelta(minutes=1)
        )
        batches[channel] = make_batch(engine, campaign=campaign)
        with engine.begin() as connection:
            batch = batches[channel]
            row = {"channel": channel, "batch": batch, "run": str(batch), "count": count}
            connection.execute(_REQUESTS, row)
    return batches


def attempt_whoever_waits(engine: Engine, batches: Batches) -> list[Contact]:
    """The provider accepts an attempt to each that is PENDING; another attempt, another story."""
    contacts: list[Contact] = []
    for channel, batch in batches.items():
        with engine.begin() as connection:
            row = {"channel": channel, "batch": batch, "prefix": _PREFIX[channel]}
            connection.execute(_ATTEMPTS, row)
            connection.execute(_SIDS, row)
            placed = sorted(connection.execute(_FOLLOW, row), key=lambda one: one.id)
            connection.execute(_DEQUEUE, row)
        contacts += _contacts(channel, [(one.token, one.sid) for one in placed])
    return contacts


def _contacts(channel: Channel, placed: Sequence[tuple[UUID, str]]) -> list[Contact]:
    return [Contact(channel, number, *one) for number, one in enumerate(placed)]
