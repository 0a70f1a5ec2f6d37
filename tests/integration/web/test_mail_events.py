"""Mail events that come without our ids act before SendGrid is answered, and are counted either way."""

import json

import pytest
from sqlalchemy import Engine

from tests.factories import make_attempt, make_batch, make_recipient, make_request, read, token_of
from tests.integration.web.conftest import Site
from worker.domain.statuses import AttemptState, Channel
from worker.store import schema

BOUNCE = {"event": "bounce", "type": "bounce", "status": "5.1.10", "reason": "550", "timestamp": 1}


def test_a_bounce_without_our_ids_suppresses_whom_we_mailed_and_is_counted(
    engine: Engine, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    recipient = make_recipient(engine, channel=Channel.EMAIL, address="gus@example.com")
    batch = make_batch(engine, channel=Channel.EMAIL)
    request = make_request(engine, batch=batch, recipient=recipient)
    make_attempt(engine, request=request, state=AttemptState.DONE)

    named = [("Gus@example.com", "b1"), ("somebody@example.org", "b2")]
    events = [
        {"email": email, "sg_event_id": key, "sg_message_id": "", **BOUNCE} for email, key in named
    ]
    assert site.report(*events) == 204

    assert read(engine, schema.recipient, recipient)["suppress_reason"] == "bounced"
    shown = site.metrics()
    assert 'outreach_mail_events_without_token_total{named="person"} 1.0' in shown
    assert 'outreach_mail_events_without_token_total{named="nobody"} 1.0' in shown
    logged = capfd.readouterr().out.lower()
    assert "gus@" not in logged
    assert "somebody@" not in logged


# Bytes that no UTF-8 has among them: whoever signs, signs bytes.
UNREADABLE = [
    b'{"event":"open","x":NaN}',
    b'{"event":"open","x":"\xe9"}',
    b'{"event":"open","x":"a\x00b"}',
    b'{"event":"bounce","sg_event_id":"a\\u0000b","email":"a\\u0000b@example.com"}',
    b'{"event":["open"],"outreach_token":"22222222-2222-4222-8222-222222222222"}',
    b"null",
]


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_an_event_that_nobody_can_read_costs_its_neighbours_nothing(
    engine: Engine, site: Site, unreadable: bytes
) -> None:
    recipient = make_recipient(engine, channel=Channel.EMAIL, address="ben@example.com")
    batch = make_batch(engine, channel=Channel.EMAIL)
    request = make_request(engine, batch=batch, recipient=recipient)
    token = token_of(engine, make_attempt(engine, request=request, state=AttemptState.DONE))
    spam = {"event": "spamreport", "sg_event_id": "e", "outreach_token": str(token)}

    body = b"[" + b", ".join([unreadable, json.dumps(spam).encode(), unreadable]) + b"]"
    assert site.report_raw(body) == 204

    assert read(engine, schema.recipient, recipient)["suppress_reason"] == "spam_report"
