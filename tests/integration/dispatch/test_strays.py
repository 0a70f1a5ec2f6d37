"""Mail events without our token find their mail, else the person; other senders' are passed over."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, insert, select, update

from tests.factories import (
    make_attempt,
    make_batch,
    make_recipient,
    make_request,
    make_timeouts,
    read,
    read_request,
    token_of,
)
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.dispatch.halt import halts_in_force
from worker.domain.statuses import AttemptState, Channel
from worker.providers import sms
from worker.providers.email import read_events
from worker.store import schema, tallies
from worker.store.connect import in_transaction

GUS = "gus@example.com"
BOUNCE = {"event": "bounce", "type": "bounce", "status": "5.1.10", "reason": "550 5.1.10 not found"}


def bounce(key: str, **fields: Any) -> dict[str, Any]:
    return {"email": "Gus@Example.com", "sg_event_id": key, "sg_message_id": "", **BOUNCE, **fields}


def told(engine: Engine, *events: dict[str, Any]) -> Applied:
    return apply_reports(engine, make_timeouts(), read_events(json.dumps(events).encode()))


def mailed(
    engine: Engine,
    address: str = GUS,
    *,
    sid: str | None = "OUR_MESSAGE_ID",
    state: AttemptState = AttemptState.ACCEPTED,
    channel: Channel = Channel.EMAIL,
) -> tuple[int, int, int]:
    """Somebody who was mailed: recipient, request and attempt."""
    recipient = make_recipient(engine, channel=channel, address=address)
    request = make_request(engine, batch=make_batch(engine, channel=channel), recipient=recipient)
    return recipient, request, make_attempt(engine, request=request, state=state, sid=sid)


def reason(engine: Engine, recipient: int) -> str | None:
    found: str | None = read(engine, schema.recipient, recipient)["suppress_reason"]
    return found


def counted(engine: Engine) -> dict[str, int]:
    found = in_transaction(engine, tallies.read)
    return {name: n for name, n in found.items() if name.startswith("stray:")}


def acts(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(schema.suppression)) or 0


def kept(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(schema.inbox)) or 0


def test_a_bounce_settles_its_mail_by_the_message_id(engine: Engine) -> None:
    recipient, request, _ = mailed(engine)

    settled = told(engine, bounce("b2", sg_message_id="OUR_MESSAGE_ID.filter0001.1.2-1"))

    row = read_request(engine, request)
    assert (row["request_status"], row["channel_manager_status"]) == ("INVALID", "BOUNCED")
    assert reason(engine, recipient) == "bounced"
    assert settled == Applied(1, 0)
    assert counted(engine) == {"stray:message": 1}


def test_of_mails_that_share_an_id_the_one_to_that_mailbox_is_settled(engine: Engine) -> None:
    people = [mailed(engine, f"{name}@example.com") for name in ("ana", "gus", "una")]

    told(engine, bounce("b1", sg_message_id="OUR_MESSAGE_ID.filter0001.1.2-1"))

    statuses = [read_request(engine, request)["request_status"] for _, request, _ in people]
    assert statuses == ["INITIATED", "INVALID", "INITIATED"]
    assert [reason(engine, recipient) for recipient, _, _ in people] == [None, "bounced", None]


def know_id(engine: Engine, attempt: int, sid: str) -> None:
    """The provider's answer is written down."""
    known = {"sid": sid, "state": AttemptState.ACCEPTED, "accepted_at": func.clock_timestamp()}
    with engine.begin() as connection:
        connection.execute(
            update(schema.attempt).where(schema.attempt.c.id == attempt).values(known)
        )
        connection.execute(insert(schema.sid).values(sid=sid, attempt=attempt))
        connection.execute(update(schema.inbox).values(next_try_at=func.clock_timestamp()))


@pytest.mark.parametrize("name", ["bounce", "delivered", "spamreport", "group_unsubscribe"])
def test_an_event_that_is_quicker_than_its_mails_id_is_judged_once_that_is_known(
    engine: Engine, name: str
) -> None:
    recipient = make_recipient(engine, channel=Channel.EMAIL, address=GUS)
    request = make_request(
        engine, batch=make_batch(engine, channel=Channel.EMAIL), recipient=recipient
    )
    attempt = make_attempt(engine, request=request)

    told(engine, bounce("b1", event=name, sg_message_id="NEW.filter0001.1.2-1"))
    assert (reason(engine, recipient) is not None) == (name != "delivered")
    assert read_request(engine, request)["request_status"] == "INITIATED"

    know_id(engine, attempt, "NEW")
    apply_waiting(engine, make_timeouts())

    status = "INVALID" if name == "bounce" else "COMPLETED"
    assert read_request(engine, request)["request_status"] == status
    assert acts(engine) == int(name != "delivered")


def test_another_senders_event_waits_only_while_a_mail_is_on_its_way(engine: Engine) -> None:
    _, _, attempt = mailed(engine, state=AttemptState.SENDING, sid=None)
    told(engine, bounce("b1", event="delivered", sg_message_id="THEIRS.1"))

    know_id(engine, attempt, "OURS")
    settled = apply_waiting(engine, make_timeouts())

    assert settled == Applied(1, 0)
    assert read(engine, schema.attempt, attempt)["state"] == AttemptState.ACCEPTED


@pytest.mark.parametrize("name", ["bounce", "spamreport", "unsubscribe", "group_unsubscribe"])
def test_without_any_id_whoever_was_mailed_is_suppressed(engine: Engine, name: str) -> None:
    recipient, request, _ = mailed(engine, state=AttemptState.DONE)

    settled = told(engine, bounce("b1", event=name))

    assert reason(engine, recipient) is not None
    assert read_request(engine, request)["request_status"] == "COMPLETED"
    assert settled.waiting == 0
    assert counted(engine) == {"stray:person": 1}


@pytest.mark.parametrize(
    "event",
    [
        bounce("b1", email="nobody@example.com"),
        bounce("b1", type="blocked"),  # says nothing of the mailbox
        bounce("b1", event="delivered"),
        bounce("b1", event="dropped", reason="Spam Content"),
        bounce("b1", event="open", sg_message_id="THEIR_MESSAGE_ID.1"),
        bounce("b1", email=None),
    ],
    ids=repr,
)
def test_other_senders_events_are_passed_over_and_counted(
    engine: Engine, event: dict[str, Any]
) -> None:
    recipient, request, _ = mailed(engine)

    settled = told(engine, event)

    assert settled == Applied(0, 0)
    assert counted(engine) == {"stray:nobody": 1}
    assert reason(engine, recipient) is None
    assert read_request(engine, request)["request_status"] == "INITIATED"
    assert kept(engine) == 0


def test_who_was_never_mailed_is_another_senders(engine: Engine) -> None:
    recipient, _, _ = mailed(engine, state=AttemptState.NOT_SENT)
    uploaded = make_recipient(engine, channel=Channel.EMAIL, address="ana@example.com")
    make_request(engine, batch=make_batch(engine, channel=Channel.EMAIL), recipient=uploaded)

    told(engine, bounce("b1"), bounce("b2", email="ana@example.com"))

    assert reason(engine, recipient) is None
    assert reason(engine, uploaded) is None


def test_a_token_nobody_knows_says_stop_by_its_mailbox(engine: Engine) -> None:
    recipient, _, _ = mailed(engine)

    settled = told(engine, bounce("b1", event="spamreport", outreach_token=str(uuid4())))

    assert reason(engine, recipient) == "spam_report"
    assert settled.waiting == 0


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_the_token_of_a_call_or_text_in_a_mail_event_reaches_no_phone(
    engine: Engine, channel: Channel
) -> None:
    phone, request, attempt = mailed(engine, "+15125550140", channel=channel)
    mailbox, _, _ = mailed(engine, sid="another")
    stolen = str(token_of(engine, attempt))

    told(engine, bounce("b1", event="spamreport", outreach_token=stolen))
    told(engine, bounce("b2", event="delivered", outreach_token=stolen))
    apply_waiting(engine, make_timeouts())

    assert reason(engine, phone) is None
    assert read_request(engine, request)["request_status"] == "INITIATED"
    assert reason(engine, mailbox) == "spam_report"


def test_an_event_without_ids_acts_once(engine: Engine) -> None:
    recipient, _, _ = mailed(engine)
    first, again = told(engine, bounce("b1")), told(engine, bounce("b1"))

    assert (first.new, again.new) == (1, 0)
    assert reason(engine, recipient) == "bounced"


def test_the_token_of_a_call_in_the_callback_of_a_text_halts_nothing(engine: Engine) -> None:
    _, request, attempt = mailed(engine, "+15125550140", channel=Channel.VOICE)
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "undelivered", "ErrorCode": "30032"}
    report = sms.read_callback(form, token_of(engine, attempt))
    assert report

    assert apply_reports(engine, make_timeouts(), [report]) == Applied(1, 1)

    assert halts_in_force(engine) == []
    assert read_request(engine, request)["request_status"] == "INITIATED"
