"""What providers go on saying of archived attempts is counted and passed over: nobody needs to look at it."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from tests.factories import DAY, make_timeouts
from tests.integration.desk.test_archived_opt_outs import dead_letters, sid_of, unapplied
from tests.integration.desk.test_opt_outs import archive, contact, event
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.dispatch.sweep import sweep
from worker.domain.evidence.reports import Report
from worker.domain.statuses import Channel
from worker.providers import sms, voice
from worker.providers.email import read_events, unsubscribe_report
from worker.store import schema, tallies
from worker.store.connect import in_transaction


def of_a_call(token: UUID) -> tuple[str, Report | None]:
    form = {"CallSid": "CA" + "7" * 32, "CallStatus": "completed", "SequenceNumber": "3"}
    return form["CallSid"], voice.read_callback(form, token)


def of_a_text(token: UUID) -> tuple[str, Report | None]:
    form = {"MessageSid": "SM" + "7" * 32, "MessageStatus": "delivered"}
    return form["MessageSid"], sms.read_callback(form, token)


def counted(engine: Engine) -> dict[str, int]:
    return {name: n for name, n in in_transaction(engine, tallies.read).items() if ":" not in name}


@pytest.mark.parametrize("name", ["delivered", "open", "click"])
def test_a_mails_is_counted_and_passed_over(engine: Engine, tmp_path: Path, name: str) -> None:
    _, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)

    settled = apply_reports(engine, make_timeouts(), read_events(event(token, name, "e1")))

    assert settled == Applied(new=1, waiting=0)
    assert counted(engine) == {"archived_report": 1}
    assert (unapplied(engine), dead_letters(engine)) == ([], 0)


def test_a_mails_without_our_token_is_known_by_its_id(engine: Engine, tmp_path: Path) -> None:
    _, token = contact(engine, Channel.EMAIL)
    named = {"email": "elsewhere@example.org", "event": "delivered", "sg_event_id": "e1"}
    body = json.dumps([{**named, "sg_message_id": f"{sid_of(engine, token)}.recvd-1"}]).encode()
    archive(engine, tmp_path)

    apply_reports(engine, make_timeouts(), read_events(body))

    assert counted(engine) == {"archived_report": 1}
    assert (unapplied(engine), dead_letters(engine)) == ([], 0)


def test_a_click_that_the_archive_overtakes_is_passed_over(engine: Engine, tmp_path: Path) -> None:
    _, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)

    apply_reports(engine, make_timeouts(), [unsubscribe_report(token)])

    assert counted(engine) == {"archived_report": 1}
    assert unapplied(engine) == []


@pytest.mark.parametrize(
    ("channel", "told"),
    [(Channel.VOICE, of_a_call), (Channel.SMS, of_a_text)],
    ids=["call", "text"],
)
@pytest.mark.parametrize("other", [True, False], ids=["another sid", "its sid"])
def test_another_contact_under_an_archived_token_is_still_told(
    engine: Engine,
    tmp_path: Path,
    channel: Channel,
    told: Callable[[UUID], tuple[str, Report | None]],
    other: bool,
) -> None:
    _, token = contact(engine, channel)
    sid, report = told(token)
    assert report is not None
    if not other:
        with engine.begin() as connection:
            connection.execute(update(schema.attempt).values(sid=sid))
    archive(engine, tmp_path)

    with capture_logs() as logs:
        settled = apply_reports(engine, make_timeouts(), [report])

    assert settled == Applied(new=1, waiting=0, doubled=int(other))
    assert [one["event"] for one in logs].count("double_contact_risk") == int(other)
    assert counted(engine).get("double_contact", 0) == int(other)


def test_what_was_passed_over_is_swept_when_nobody_repeats_it(
    engine: Engine, tmp_path: Path
) -> None:
    _, token = contact(engine, Channel.EMAIL)
    archive(engine, tmp_path)
    report = read_events(event(token, "open", "e1"))
    apply_reports(engine, make_timeouts(), report)

    sweep(engine)
    assert apply_reports(engine, make_timeouts(), report).new == 0

    with engine.begin() as connection:
        connection.execute(
            update(schema.inbox).values(received_at=schema.inbox.c.received_at - 31 * DAY)
        )
    sweep(engine)
    apply_waiting(engine, make_timeouts())
    assert apply_reports(engine, make_timeouts(), report).new == 1
