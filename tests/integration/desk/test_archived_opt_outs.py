"""Who says stop meets the archive: before it, behind it, or in the middle of it, they are heard once."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text, update
from structlog.testing import capture_logs

from tests.factories import (
    DAY,
    allow_recipient,
    make_attempt,
    make_batch,
    make_request,
    make_timeouts,
    read_request,
)
from tests.integration.desk.test_opt_outs import MAILBOX, archive, contact, event, reason
from tests.sessions import Beside
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.domain.statuses import AttemptState, Channel, RequestStatus
from worker.providers.email import Events, read_events
from worker.store import archives, inbox, schema, tallies
from worker.store.connect import Connection, in_transaction


def keep(engine: Engine, body: bytes) -> None:
    """Stored and not applied, as what nobody could judge when it came."""
    reports = read_events(body)
    in_transaction(engine, inbox.store, reports, applied=False)


def dead_letters(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(schema.dead_letter)) or 0


def unapplied(engine: Engine) -> list[str]:
    column = schema.inbox.c
    with engine.begin() as connection:
        return list(connection.scalars(select(column.key).where(column.applied_at.is_(None))))


def test_an_event_that_meets_the_archive_between_its_steps_is_heard_at_once(engine: Engine) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    spam = read_events(event(token, "spamreport", "e1"))

    def settling(_: Connection) -> Applied:
        return apply_reports(engine, make_timeouts(), spam)

    with engine.connect() as dropping, dropping.begin():
        dropping.execute(update(schema.batch).values(archived_at=func.now()))
        assert archives.drop_some(dropping, "over-email", 100) == 1
        with capture_logs() as logs, Beside(engine, settling) as beside:
            beside.wait_until_blocked()
            dropping.commit()
            settled = beside.result()

    assert reason(engine, recipient) == "spam_report"
    assert settled == Applied(new=1, waiting=0)
    assert logs == []


def test_what_waits_to_be_judged_outlives_the_archive(engine: Engine, tmp_path: Path) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    keep(engine, event(token, "spamreport", "e1"))
    keep(engine, event(token, "open", "e2"))

    archive(engine, tmp_path)
    apply_waiting(engine, make_timeouts())

    assert reason(engine, recipient) == "spam_report"
    assert unapplied(engine) == []
    assert in_transaction(engine, tallies.read)["archived_report"] == 1
    assert dead_letters(engine) == 0


def test_a_repetition_hears_what_was_stored_and_never_heard(engine: Engine, tmp_path: Path) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)
    keep(engine, event(token, "spamreport", "e1"))

    apply_reports(engine, make_timeouts(), read_events(event(token, "spamreport", "e1")))

    assert reason(engine, recipient) == "spam_report"


def test_an_act_heard_before_the_archive_acts_no_second_time(
    engine: Engine, tmp_path: Path
) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    apply_reports(engine, make_timeouts(), read_events(event(token, "spamreport", "e1")))
    archive(engine, tmp_path)
    assert allow_recipient(engine, Channel.EMAIL, MAILBOX)

    apply_reports(engine, make_timeouts(), read_events(event(token, "spamreport", "e1")))
    assert reason(engine, recipient) is None

    apply_reports(engine, make_timeouts(), read_events(event(token, "spamreport", "e2")))
    assert reason(engine, recipient) == "spam_report"


def test_one_that_can_not_be_heard_costs_the_others_nothing(engine: Engine, tmp_path: Path) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)
    with engine.begin() as connection:  # a table that refuses one act, as one of another shape may
        connection.execute(
            text("ALTER TABLE heard_act ADD CONSTRAINT refused CHECK (act <> 'bad')")
        )
    try:
        both = event(token, "spamreport", "bad")[:-1] + b"," + event(token, "spamreport", "e1")[1:]
        settled = apply_reports(engine, make_timeouts(), read_events(both))
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE heard_act DROP CONSTRAINT refused"))

    assert settled == Applied(new=2, waiting=1)
    assert reason(engine, recipient) == "spam_report"


def without_token(email: str, message: str, key: str) -> Events:
    """A spam report of nothing but a mailbox and SendGrid's id of the message."""
    named = {"email": email, "event": "spamreport", "sg_event_id": key, "sg_message_id": message}
    return read_events(json.dumps([named]).encode())


def sid_of(engine: Engine, token: UUID) -> str:
    with engine.begin() as connection:
        column = schema.attempt.c
        return str(connection.scalar(select(column.sid).where(column.token == token)))


@pytest.mark.parametrize("by_message", [True, False])
def test_without_our_token_an_event_is_heard_after_archiving(
    engine: Engine, tmp_path: Path, by_message: bool
) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    message = f"{sid_of(engine, token)}.recvd-1" if by_message else ""
    archive(engine, tmp_path)

    mailbox = "where.it.is.forwarded@example.org" if by_message else "UNA@example.com"
    settled = apply_reports(engine, make_timeouts(), without_token(mailbox, message, "e1"))

    assert reason(engine, recipient) == "spam_report"
    found = "message" if by_message else "person"
    counted = in_transaction(engine, tallies.read)
    assert {name: n for name, n in counted.items() if name.startswith("stray:")} == {
        f"stray:{found}": 1
    }
    assert settled.waiting == 0


@pytest.mark.parametrize("archived", [1, 2])
def test_of_an_id_that_many_had_a_forwarded_mailbox_names_nobody(
    engine: Engine, tmp_path: Path, archived: int
) -> None:
    """Whether all of them were archived or not."""
    recipient, token = contact(engine, Channel.EMAIL)
    message = sid_of(engine, token)
    if archived == 1:
        archive(engine, tmp_path)
    batch = make_batch(engine, channel=Channel.EMAIL)
    request = make_request(engine, batch=batch)
    done, status = AttemptState.DONE, RequestStatus.COMPLETED
    make_attempt(engine, request=request, state=done, status=status, sid=message)
    other = read_request(engine, request)["recipient"]
    if archived == 2:
        with engine.begin() as connection:
            connection.execute(update(schema.batch).values(finished_at=func.now() - 40 * DAY))
        archive(engine, tmp_path)

    apply_reports(
        engine, make_timeouts(), without_token("elsewhere@example.org", f"{message}.1", "e1")
    )
    assert [reason(engine, one) for one in (recipient, other)] == [None, None]

    apply_reports(engine, make_timeouts(), without_token(MAILBOX, f"{message}.1", "e2"))
    assert [reason(engine, one) for one in (recipient, other)] == ["spam_report", None]


def test_our_token_names_who_says_stop_where_the_event_names_nobody(
    engine: Engine, tmp_path: Path
) -> None:
    recipient, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)
    spam = event(token, "spamreport", "e1").replace(b'"email": "una@example.com", ', b"")

    apply_reports(engine, make_timeouts(), read_events(spam))

    assert reason(engine, recipient) == "spam_report"


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_the_token_of_an_archived_call_in_a_mail_event_reaches_no_phone(
    engine: Engine, tmp_path: Path, channel: Channel
) -> None:
    recipient, token = contact(engine, channel)
    archive(engine, tmp_path)

    apply_reports(engine, make_timeouts(), read_events(event(token, "spamreport", "e1")))

    assert reason(engine, recipient) is None
    with engine.begin() as connection:  # nor a mailbox of that name
        assert connection.scalar(select(func.count()).select_from(schema.recipient)) == 1
