"""An opt-out lives longer than anything else: after archiving, after a lift, and once per act."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select, update

from tests.factories import (
    allow_recipient,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    make_timeouts,
    read,
)
from worker.desk.archive import archive_batches
from worker.desk.opt_outs import hear_stop, unsubscribe_by_link
from worker.dispatch.apply_reports import apply_reports
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.providers.email import read_events
from worker.store import schema

DAY = timedelta(days=1)
MAILBOX = "Una@example.com"


def contact(engine: Engine, channel: Channel) -> tuple[int, UUID]:
    """Somebody who was reached, in a batch that is over; and the attempt's token."""
    address = MAILBOX.lower() if channel is Channel.EMAIL else "+15125550140"
    recipient = make_recipient(engine, channel=channel, address=address)
    batch = make_batch(
        engine, batch_id=f"over-{channel}", campaign=make_campaign(engine, channel=channel)
    )
    request = make_request(engine, batch=batch, recipient=recipient)
    status = RequestStatus.COMPLETED
    attempt = make_attempt(engine, request=request, state=AttemptState.DONE, status=status)
    with engine.begin() as connection:
        connection.execute(update(schema.batch).values(finished_at=func.now() - 40 * DAY))
    return recipient, read(engine, schema.attempt, attempt)["token"]


def archive(engine: Engine, folder: Path) -> None:
    assert list(archive_batches(engine, older_than=30 * DAY, folder=folder))
    with engine.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.attempt)) == 0


def reason(engine: Engine, recipient: int) -> str | None:
    found: str | None = read(engine, schema.recipient, recipient)["suppress_reason"]
    return found


def event(token: UUID, name: str, key: str) -> bytes:
    return (
        f'[{{"email": "una@example.com", "event": "{name}", "timestamp": 1764123456,'
        f' "sg_event_id": "{key}", "sg_message_id": "m.1", "outreach_token": "{token}"}}]'
    ).encode()


def test_a_click_is_heard_after_the_batch_was_archived(engine: Engine, tmp_path: Path) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)

    found = unsubscribe_by_link(engine, token)

    assert found is not None
    assert found.archived
    assert reason(engine, recipient) == "unsubscribed"


def test_a_second_click_after_a_lift_is_a_new_act(engine: Engine) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    unsubscribe_by_link(engine, token)
    assert allow_recipient(engine, Channel.EMAIL, MAILBOX)

    unsubscribe_by_link(engine, token)

    assert reason(engine, recipient) == "unsubscribed"


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_the_token_of_a_call_opens_no_page_of_a_mail(engine: Engine, channel: Channel) -> None:
    recipient, token = contact(engine, channel)

    assert unsubscribe_by_link(engine, token) is None
    assert unsubscribe_by_link(engine, uuid4()) is None
    assert reason(engine, recipient) is None


@pytest.mark.parametrize(
    ("name", "expected"), [("spamreport", "spam_report"), ("unsubscribe", "unsubscribed")]
)
def test_an_event_is_heard_after_archiving_and_once(
    engine: Engine, tmp_path: Path, name: str, expected: str
) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)

    apply_reports(engine, make_timeouts(), read_events(event(token, name, "e1")))
    assert reason(engine, recipient) == expected

    allow_recipient(engine, Channel.EMAIL, MAILBOX)
    apply_reports(engine, make_timeouts(), read_events(event(token, name, "e1")))
    assert reason(engine, recipient) is None

    apply_reports(engine, make_timeouts(), read_events(event(token, name, "e2")))
    assert reason(engine, recipient) == expected


def test_a_stop_by_text_is_heard_and_acts_once(engine: Engine) -> None:
    recipient, _ = contact(engine, Channel.SMS)

    assert hear_stop(engine, "+15125550140", "SM1")
    assert reason(engine, recipient) == "unsubscribed"

    allow_recipient(engine, Channel.SMS, "+15125550140")
    assert not hear_stop(engine, "+15125550140", "SM1")
    assert reason(engine, recipient) is None
    assert hear_stop(engine, "+15125550140", "SM2")
    assert reason(engine, recipient) == "unsubscribed"


def test_stops_without_an_id_are_each_an_act(engine: Engine) -> None:
    assert hear_stop(engine, "+15125550171", "")
    assert hear_stop(engine, "+15125550172", "")


def test_a_stop_of_somebody_we_never_texted_is_remembered(engine: Engine) -> None:
    assert hear_stop(engine, "+15125550177", "SM9")

    with engine.begin() as connection:
        rows = connection.execute(select(schema.recipient.c.identity)).scalars().all()
    assert rows == ["+15125550177"]
