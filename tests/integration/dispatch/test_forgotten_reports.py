"""A report of an attempt that the database does not know: proof that it has forgotten, or nothing at all."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select

from tests.factories import (
    ANA,
    SECOND,
    database_time,
    lease,
    make_attempt,
    make_batch,
    make_limits,
    make_request,
    make_timeouts,
    read_attempt,
    token_of,
)
from tests.fakes.provider import FakeProvider
from tests.integration.desk.test_archived_opt_outs import keep
from tests.integration.desk.test_opt_outs import archive, contact
from tests.integration.dispatch.conftest import Connect
from worker.desk.dead_letters import list_dead_letters
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.dispatch.data_loss import FORGOTTEN_REASON, UNKNOWN_ATTEMPT
from worker.dispatch.database_identity import adopt_the_database
from worker.dispatch.deliver import deliver
from worker.dispatch.halt import halt, halts_in_force, resume
from worker.domain.evidence.marks import make_mark, read_mark
from worker.domain.evidence.reports import Report
from worker.domain.statuses import AttemptState, Channel
from worker.providers import sms
from worker.providers.email import read_events
from worker.store import schema

KEY, ANOTHER_KEY = b"ours", b"another deployment's"
SID = "SM" + "7" * 32
REQUEST = 4711


def written(
    engine: Engine,
    token: UUID,
    *,
    at: datetime | None = None,
    key: bytes = KEY,
    channel: Channel = Channel.SMS,
) -> str:
    """The mark of an attempt that began then, or just now."""
    began_ms = int((at or database_time(engine)).timestamp() * 1000)
    return make_mark(key, channel, token, request=REQUEST, began_ms=began_ms)


def delivered(token: UUID, written: str, sid: str = SID) -> Report:
    report = sms.read_callback({"MessageSid": sid, "MessageStatus": "delivered"}, token, written)
    assert report is not None
    return report


def told(engine: Engine, *reports: Report) -> Applied:
    return apply_reports(engine, make_timeouts(), reports, [KEY])


def halted(engine: Engine) -> list[tuple[str, str]]:
    return [(one.scope, one.reason) for one in halts_in_force(engine)]


def letters(engine: Engine) -> list[dict[str, Any]]:
    return [json.loads(one.payload) for one in list_dead_letters(engine)]


def test_a_young_one_halts_everything_and_is_kept_with_its_request_and_sid(engine: Engine) -> None:
    token = uuid4()

    settled = told(engine, delivered(token, written(engine, token)))

    assert halted(engine) == [("all", FORGOTTEN_REASON)]
    [letter] = list_dead_letters(engine)
    assert (letter.kind, letter.reason, letter.message_id) == (
        "callback",
        UNKNOWN_ATTEMPT,
        str(token),
    )
    [known] = letters(engine)
    assert (known["request"], known["sid"], known["report"]) == (REQUEST, SID, "delivered")
    assert settled == Applied(1, 0, given_up=1)
    assert apply_waiting(engine, make_timeouts()) == Applied(0, 0)


def test_a_mail_event_is_proof_as_well_and_its_letter_names_nobody(engine: Engine) -> None:
    token = uuid4()
    marked = written(engine, token, channel=Channel.EMAIL)
    event = {
        "email": "una@example.com",
        "event": "spamreport",
        "sg_event_id": "e1",
        "sg_message_id": "m.1",
        "outreach_token": str(token),
        "outreach_mark": marked,
    }

    told(engine, *read_events(json.dumps([event]).encode()))

    assert [scope for scope, _ in halted(engine)] == ["all"]
    [letter] = list_dead_letters(engine)
    assert "una" not in letter.payload


@pytest.mark.parametrize("case", ["forged", "another channel's", "without a mark"])
def test_what_no_key_of_ours_says_stays_a_report_that_fits_nothing(
    engine: Engine, case: str
) -> None:
    token = uuid4()
    marks = {
        "forged": written(engine, token, key=ANOTHER_KEY),
        "another channel's": written(engine, token, channel=Channel.VOICE),
        "without a mark": "",
    }

    settled = told(engine, delivered(token, marks[case]))

    assert settled == Applied(1, 1)
    assert halted(engine) == []
    assert list_dead_letters(engine) == []


def test_what_may_have_been_archived_proves_nothing(engine: Engine, tmp_path: Path) -> None:
    _, token = contact(engine, Channel.SMS)
    with engine.begin() as connection:
        began = connection.scalar(select(schema.attempt.c.began_at)) or database_time(engine)
    archive(engine, tmp_path)
    old, young = uuid4(), uuid4()

    told(engine, delivered(token, written(engine, token, at=began)))
    told(engine, delivered(old, written(engine, old, at=began - SECOND)))
    assert halted(engine) == []

    told(engine, delivered(young, written(engine, young, at=began + SECOND)))
    assert [scope for scope, _ in halted(engine)] == ["all"]


def test_a_loss_that_an_operator_has_looked_at_halts_nothing_any_more(engine: Engine) -> None:
    token = uuid4()
    marked = written(engine, token)
    told(engine, delivered(token, marked))
    resume(engine, "all", "", ANA)

    told(engine, delivered(token, marked))
    late = sms.read_callback({"MessageSid": SID, "MessageStatus": "sent"}, token, marked)
    assert late is not None
    settled = told(engine, late)

    assert halted(engine) == []
    assert settled == Applied(1, 1)

    other = uuid4()
    told(engine, delivered(other, written(engine, other, at=database_time(engine) + SECOND)))
    assert [scope for scope, _ in halted(engine)] == ["all"]


def test_an_accepted_database_is_asked_for_nothing_of_before(engine: Engine) -> None:
    token = uuid4()
    marked = written(engine, token, at=database_time(engine) - SECOND)

    adopt_the_database(engine, [], ANA)
    told(engine, delivered(token, marked))

    assert halted(engine) == []


def test_a_channel_that_was_resumed_says_nothing_of_what_was_lost(engine: Engine) -> None:
    token = uuid4()
    marked = written(engine, token, at=database_time(engine) - SECOND)
    halt(engine, "channel", "sms", "why", ANA)
    resume(engine, "channel", "sms", ANA)

    told(engine, delivered(token, marked))

    assert [scope for scope, _ in halted(engine)] == ["all"]


def test_a_known_attempt_s_report_is_applied_however_it_is_marked(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.SMS))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid=SID)
    token = token_of(engine, attempt)

    settled = told(engine, delivered(token, written(engine, token, key=ANOTHER_KEY)))

    assert settled == Applied(1, 0)
    assert read_attempt(engine, attempt)["state"] == "DONE"


def test_a_known_attempt_at_another_channel_s_door_proves_nothing(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.VOICE))
    token = token_of(engine, make_attempt(engine, request=request, state=AttemptState.ACCEPTED))

    told(engine, delivered(token, written(engine, token)))

    assert halted(engine) == []


def test_a_repetition_proves_what_was_stored_and_not_judged(engine: Engine) -> None:
    token = uuid4()
    event = {"event": "open", "sg_event_id": "e1", "outreach_token": str(token)}
    keep(engine, json.dumps([event]).encode())
    marked = {**event, "outreach_mark": written(engine, token, channel=Channel.EMAIL)}

    told(engine, *read_events(json.dumps([marked]).encode()))

    assert [scope for scope, _ in halted(engine)] == ["all"]
    assert apply_waiting(engine, make_timeouts()) == Applied(0, 0)


def test_one_that_is_proof_keeps_no_other_from_being_applied(engine: Engine) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.SMS))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid=SID)
    known, lost, unknown = token_of(engine, attempt), uuid4(), uuid4()

    settled = told(
        engine,
        delivered(known, ""),
        delivered(lost, written(engine, lost), "SM" + "8" * 32),
        delivered(unknown, "", "SM" + "9" * 32),
    )

    assert settled == Applied(3, 1, given_up=1)
    assert read_attempt(engine, attempt)["state"] == "DONE"


@pytest.mark.parametrize("channel", list(Channel))
def test_every_ticket_is_marked_by_when_its_attempt_began(
    engine: Engine, connect: Connect, channel: Channel
) -> None:
    batch = make_batch(engine, channel=channel)
    request = make_request(engine, batch=batch)
    provider = FakeProvider(channel)
    before = database_time(engine)

    deliver(engine, connect(provider), make_limits(mark_key=KEY), lease(engine, request))

    [ticket] = provider.tickets
    said = read_mark([KEY], channel, ticket.token, ticket.mark)
    assert said is not None
    assert said.request == request
    began_at = read_attempt(engine, ticket.attempt)["began_at"]
    assert before - timedelta(milliseconds=1) <= said.began_at <= began_at
