"""Reports of the providers: late, early, repeated, reordered, unknown; the end is the same."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, func, select, text, update
from structlog.testing import capture_logs

from tests.factories import (
    counted_equals_recount,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    make_timeouts,
    queue_row,
    read,
    read_attempt,
    read_request,
    token_of,
    transitions,
)
from tests.sessions import assert_recipient_comes_first
from worker.dispatch.apply_reports import Applied, apply_reports, apply_waiting
from worker.dispatch.halt import resume
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import (
    AttemptState,
    Channel,
    ChannelStatus,
    RequestStatus,
    SuppressReason,
)
from worker.providers import email, sms
from worker.providers.answered_by import read_answered_by
from worker.store import halts, schema, tallies
from worker.store.connect import in_transaction

PATIENCE = make_timeouts()
DAY = timedelta(days=1)

WORDS: dict[str, tuple[int, Meaning, ChannelStatus]] = {
    "initiated": (20, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "ringing": (30, Meaning.UNDERWAY, ChannelStatus.QUEUED),
    "in-progress": (40, Meaning.CONNECTED, ChannelStatus.IN_PROGRESS),
    "busy": (100, Meaning.MISSED, ChannelStatus.BUSY),
    "completed": (100, Meaning.REACHED, ChannelStatus.COMPLETED),
}


def said(
    name: str, token: UUID | None, *, sid: str | None = "CA1", channel: Channel = Channel.VOICE
) -> Report:
    rank, meaning, channel_status = WORDS[name]
    return Report(
        channel=channel,
        key=f"{token or sid}:{name}",
        token=token,
        sid=sid,
        name=name,
        rank=rank,
        sequence=0,
        meaning=meaning,
        channel_status=channel_status,
    )


def settled(engine: Engine, *reports: Report) -> Applied:
    return apply_reports(engine, PATIENCE, reports)


def status_of(engine: Engine, attempt: int) -> tuple[str, str]:
    row = read_request(engine, read_attempt(engine, attempt)["request"])
    return row["request_status"], row["channel_manager_status"]


def test_a_report_moves_its_request_and_says_why(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    assert settled(engine, said("completed", token_of(engine, attempt))) == Applied(1, 0)

    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")
    assert read_attempt(engine, attempt)["state"] == "DONE"
    request = read_attempt(engine, attempt)["request"]
    assert transitions(engine, request)[-1] == ("INITIATED", "COMPLETED", "callback")
    assert counted_equals_recount(engine)


def test_a_report_that_is_first_gives_the_attempt_its_sid(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.SENDING)

    settled(engine, said("ringing", token_of(engine, attempt)))

    row = read_attempt(engine, attempt)
    assert (row["state"], row["sid"]) == ("ACCEPTED", "CA1")
    after = read_request(engine, row["request"])
    assert (after["call_manager_sid"], after["sent_at"]) == ("CA1", row["accepted_at"])


def test_a_callback_resolves_a_doubt(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    settled(engine, said("completed", token_of(engine, attempt)))

    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")


def test_a_repeated_report_has_no_effect(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")
    report = said("busy", token_of(engine, attempt))
    settled(engine, report)
    before = read_attempt(engine, attempt), queue_row(engine, attempt)

    assert settled(engine, report, report) == Applied(0, 0)
    assert (read_attempt(engine, attempt), queue_row(engine, attempt)) == before


def test_all_reports_of_one_delivery_are_applied(engine: Engine) -> None:
    attempts = [make_attempt(engine, state=AttemptState.ACCEPTED) for _ in range(3)]
    reports = [
        replace(said(name, token_of(engine, attempt)), sid=None)
        for attempt in attempts
        for name in ("ringing", "in-progress", "completed")
    ]

    assert settled(engine, *reports) == Applied(9, 0)
    assert {status_of(engine, attempt) for attempt in attempts} == {("COMPLETED", "COMPLETED")}


@pytest.mark.parametrize("order", list(permutations(["ringing", "in-progress", "completed"])))
def test_every_order_of_a_call_ends_the_same(engine: Engine, order: tuple[str, ...]) -> None:
    attempt = make_attempt(engine, state=AttemptState.SENDING)
    for name in order:
        settled(engine, said(name, token_of(engine, attempt)))

    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")
    row = read_attempt(engine, attempt)
    assert (row["fold_rank"], row["fold_name"]) == (100, "completed")
    assert counted_equals_recount(engine)


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.permutations([*WORDS, "ringing"]),
    deliveries=st.lists(st.integers(1, 3), min_size=6, max_size=6),
)
def test_no_order_or_grouping_of_deliveries_changes_the_end(
    engine: Engine, names: list[str], deliveries: list[int]
) -> None:
    campaign = make_campaign(engine, retry_count=1)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request)
    token, sid = token_of(engine, attempt), f"CA-{attempt}"
    waiting = [said(name, token, sid=sid) for name in names]
    for size in deliveries:
        settled(engine, *waiting[:size])
        waiting = waiting[size:]

    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")
    assert queue_row(engine, request) is None
    assert counted_equals_recount(engine)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_machine_is_a_machine_whenever_the_word_of_it_comes(
    engine: Engine, order: tuple[int, ...]
) -> None:
    attempt = make_attempt(engine, state=AttemptState.SENDING)
    token, sid = token_of(engine, attempt), f"CA{attempt:032x}"
    answered_by = {"CallSid": sid, "AnsweredBy": "machine_start"}
    machine = read_answered_by(answered_by, token, OnMachine.NO_ANSWER)
    assert machine
    told = [said(name, token, sid=sid) for name in ("ringing", "in-progress", "completed")]
    for at in order:
        settled(engine, [*told, machine][at])

    assert status_of(engine, attempt) == ("FAILED", "MACHINE")
    assert counted_equals_recount(engine)


def make_call_that_minds_machines(engine: Engine, **values: Any) -> int:
    campaign = make_campaign(engine, voicemail_detection={"on_machine": "hang_up"}, **values)
    return make_attempt(
        engine, request=make_request(engine, batch=make_batch(engine, campaign=campaign))
    )


def answered_by(name: str, engine: Engine, attempt: int) -> Report:
    params = {"CallSid": f"CA{attempt:032x}", "AnsweredBy": name}
    report = read_answered_by(params, token_of(engine, attempt), OnMachine.HANG_UP)
    assert report
    return report


WHO = {
    "human": ("COMPLETED", "COMPLETED"),
    "unknown": ("COMPLETED", "COMPLETED"),
    "machine_start": ("PENDING", "MACHINE"),
}


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize(("who", "end"), WHO.items(), ids=WHO)
def test_a_call_is_closed_by_its_end_and_who_answered_in_any_order(
    engine: Engine, who: str, end: tuple[str, str], order: tuple[int, ...]
) -> None:
    attempt = make_call_that_minds_machines(engine, retry_count=1, retry_on=["machine"])
    token, sid = token_of(engine, attempt), f"CA{attempt:032x}"
    told = [said(name, token, sid=sid) for name in ("ringing", "in-progress", "completed")]
    for at in order:
        settled(engine, [*told, answered_by(who, engine, attempt)][at])

    assert status_of(engine, attempt) == end
    assert read_attempt(engine, attempt)["state"] == "DONE"
    assert counted_equals_recount(engine)


def test_a_call_that_is_over_waits_a_minute_for_who_answered(engine: Engine) -> None:
    attempt = make_call_that_minds_machines(engine)

    settled(engine, said("completed", token_of(engine, attempt)))

    assert status_of(engine, attempt) == ("CONNECTED", "COMPLETED")
    row = read_attempt(engine, attempt)
    assert (row["state"], row["fold_name"]) == ("ACCEPTED", "completed")
    waits = row["check_at"] - row["accepted_at"]
    assert 55 < waits.total_seconds() < 65


@pytest.mark.parametrize("retry_count", [0, 1, 2])
def test_a_missed_call_is_tried_again_as_often_as_its_campaign_says(
    engine: Engine, retry_count: int
) -> None:
    campaign = make_campaign(engine, retry_count=retry_count)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))

    missed = 0
    while read_request(engine, request)["request_status"] == "PENDING":
        attempt = make_attempt(engine, request=request)
        settled(engine, said("busy", token_of(engine, attempt), sid=f"CA-{attempt}"))
        missed += 1

    assert missed == 1 + retry_count
    after = read_request(engine, request)
    assert (after["request_status"], after["channel_manager_status"]) == ("FAILED", "BUSY")
    assert after["attempt_count"] == missed


def test_a_retry_is_due_after_the_interval(engine: Engine) -> None:
    campaign = make_campaign(engine, retry_count=1, retry_interval=text("interval '12 hours'"))
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request)

    settled(engine, said("busy", token_of(engine, attempt)))

    row = queue_row(engine, request)
    assert row is not None
    waits = row["due_at"] - read_attempt(engine, attempt)["closed_at"]
    assert 43_190 < waits.total_seconds() < 43_210
    assert transitions(engine, request)[-1] == ("INITIATED", "PENDING", "retry")


def test_evidence_for_what_was_judged_absent_takes_it_out_of_the_queue(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)

    settled(engine, said("ringing", token_of(engine, attempt)))

    assert queue_row(engine, request) is None
    after = read_request(engine, request)
    assert (after["request_status"], after["attempt_count"]) == ("INITIATED", 1)
    assert counted_equals_recount(engine)


def test_a_report_for_an_older_attempt_is_recorded_late_and_moves_nothing(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="CA2")

    settled(engine, said("completed", token_of(engine, older)))

    row = read_attempt(engine, older)
    assert (row["state"], row["late"], row["counted"]) == ("DONE", True, True)
    after = read_request(engine, request)
    assert (after["request_status"], after["attempt"]) == ("INITIATED", newer)
    assert after["call_manager_sid"] == "CA2"


def test_reports_for_two_attempts_of_one_request_come_in_one_delivery(engine: Engine) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=AttemptState.NOT_SENT)
    newer = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="CA2")

    settled(
        engine,
        said("busy", token_of(engine, older)),
        said("completed", token_of(engine, newer), sid="CA2"),
    )

    after = read_request(engine, request)
    assert (after["request_status"], after["attempt_count"]) == ("COMPLETED", 2)


def test_a_canceled_request_stays_canceled(engine: Engine) -> None:
    request = make_request(engine)
    attempt = make_attempt(
        engine, request=request, state=AttemptState.NOT_SENT, status=RequestStatus.CANCELED
    )

    settled(engine, said("completed", token_of(engine, attempt)))

    assert read_request(engine, request)["request_status"] == "CANCELED"
    assert read_attempt(engine, attempt)["state"] == "DONE"


@pytest.mark.parametrize("late", [False, True], ids=["latest attempt", "older attempt"])
def test_an_opt_out_suppresses_whichever_attempt_it_came_from(engine: Engine, late: bool) -> None:
    recipient = make_recipient(engine, channel=Channel.EMAIL)
    batch = make_batch(engine, channel=Channel.EMAIL)
    request = make_request(engine, batch=batch, recipient=recipient)
    attempt = make_attempt(engine, request=request, state=AttemptState.DONE)
    if late:
        make_attempt(engine, request=request)
    report = replace(
        said("completed", token_of(engine, attempt), channel=Channel.EMAIL),
        name="spamreport",
        meaning=Meaning.NOTED,
        suppress=SuppressReason.SPAM_REPORT,
    )

    assert_recipient_comes_first(engine, recipient, request, lambda: settled(engine, report))

    assert read(engine, schema.recipient, recipient)["suppress_reason"] == "spam_report"


@pytest.mark.parametrize(
    ("known", "told", "suspects"),
    [("CA1", "CA2", 1), ("CA1", "CA1", 0), (None, "CA2", 0)],
    ids=["another", "the same", "the first"],
)
def test_a_report_of_another_call_for_one_attempt_is_told(
    engine: Engine, known: str | None, told: str, suspects: int
) -> None:
    state = AttemptState.ACCEPTED if known else AttemptState.SENDING
    attempt = make_attempt(engine, state=state, sid=known)

    with capture_logs() as logs:
        found = settled(engine, said("ringing", token_of(engine, attempt), sid=told))

    assert found == Applied(1, 0, suspects)
    assert in_transaction(engine, tallies.read).get("double_contact", 0) == suspects
    risks = [one for one in logs if one["event"] == "double_contact_risk"]
    request = read_attempt(engine, attempt)["request"]
    expected = {
        "request": request,
        "attempt": attempt,
        "batch_id": batch_name(engine, request),
        "channel": "voice",
        "sid": known,
        "other_sid": told,
        "log_level": "error",
    }
    assert risks == [{"event": "double_contact_risk"} | expected] * suspects


def batch_name(engine: Engine, request: int) -> str:
    """The operator's name for the batch of a request: what a line of the log is joined by."""
    named = read(engine, schema.batch, read_request(engine, request)["batch"])["batch_id"]
    assert isinstance(named, str)
    return named


@pytest.mark.parametrize("state", [AttemptState.NOT_SENT, AttemptState.UNRESOLVED])
def test_whoever_was_reached_after_the_request_went_on_is_told_once(
    engine: Engine, state: AttemptState
) -> None:
    request = make_request(engine)
    older = make_attempt(engine, request=request, state=state)
    make_attempt(engine, request=request, state=AttemptState.SENDING)

    with capture_logs() as logs:
        found = [settled(engine, said(name, token_of(engine, older))) for name in WORDS]

    risks = [
        (one["attempt"], one["batch_id"]) for one in logs if one["event"] == "double_contact_risk"
    ]
    assert risks == [(older, batch_name(engine, request))]
    assert sum(one.doubled for one in found) == 1


def test_a_report_without_a_token_is_applied_by_its_sid(engine: Engine) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    settled(engine, said("completed", None))

    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")


def test_a_report_that_fits_nothing_waits_until_it_does(engine: Engine) -> None:
    assert settled(engine, said("completed", None, sid="CA9")) == Applied(1, 1)
    assert apply_waiting(engine, PATIENCE) == Applied(0, 0)

    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA9")
    _let_letters_be_due(engine)

    assert apply_waiting(engine, PATIENCE) == Applied(1, 0)
    assert status_of(engine, attempt) == ("COMPLETED", "COMPLETED")


def test_a_token_nobody_knows_ends_as_a_dead_letter(engine: Engine) -> None:
    bystander = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    assert settled(engine, said("completed", uuid4())) == Applied(1, 1)
    _let_letters_be_due(engine, older_by=DAY - timedelta(minutes=5))
    assert apply_waiting(engine, PATIENCE) == Applied(1, 1)
    _let_letters_be_due(engine, older_by=timedelta(minutes=5))
    apply_waiting(engine, PATIENCE)

    with engine.begin() as connection:
        [reason] = connection.scalars(select(schema.dead_letter.c.reason))
    assert "token" in reason
    assert status_of(engine, bystander)[0] == "INITIATED"
    _let_letters_be_due(engine)
    assert apply_waiting(engine, PATIENCE) == Applied(0, 0)


def test_a_report_that_can_not_be_judged_costs_the_others_nothing(engine: Engine) -> None:
    attempts = [make_attempt(engine, state=AttemptState.ACCEPTED) for _ in range(2)]
    good, bad = (said("completed", token_of(engine, one), sid=f"CA{one}") for one in attempts)

    # No column holds such a number.
    settled(engine, good, replace(bad, sequence=2**40))
    _let_letters_be_due(engine)
    apply_waiting(engine, PATIENCE)

    assert status_of(engine, attempts[0]) == ("COMPLETED", "COMPLETED")
    assert status_of(engine, attempts[1])[0] == "INITIATED"
    _let_letters_be_due(engine, older_by=DAY)
    apply_waiting(engine, PATIENCE)
    with engine.begin() as connection:
        assert list(connection.scalars(select(schema.dead_letter.c.reason))) == [
            "it can't be judged"
        ]


def test_a_report_that_can_not_be_stored_is_kept_whole_and_costs_the_others_nothing(
    engine: Engine,
) -> None:
    attempts = [make_attempt(engine, state=AttemptState.ACCEPTED) for _ in range(5)]
    reports = [said("completed", token_of(engine, one), sid=f"CA{one}") for one in attempts]
    reports[2] = replace(reports[2], key="a\0b", suppress=SuppressReason.SPAM_REPORT)

    settled(engine, *reports)

    statuses = [status_of(engine, one)[0] for one in attempts]
    assert statuses == ["COMPLETED", "COMPLETED", "INITIATED", "COMPLETED", "COMPLETED"]
    with engine.begin() as connection:
        [payload] = connection.scalars(select(schema.dead_letter.c.payload))
    assert str(reports[2].token) in payload


BARRED = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "undelivered"}


def undelivered(engine: Engine, attempt: int, code: int, sid: int = 0) -> Report:
    form = BARRED | {"MessageSid": f"SM{sid:032}", "ErrorCode": str(code)}
    token = token_of(engine, attempt)
    assert token is not None
    report = sms.read_callback(form, token)
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        (code, "campaign")
        for code in (30018, 30024, 30027, 30032, 30034, 30037, 30042, 30125, 21660, 21709)
    ]
    + [(30002, "channel"), (30454, "channel"), (20003, "channel")],
)
def test_what_is_said_of_the_sender_halts_and_costs_the_recipient_nothing(
    engine: Engine, code: int, scope: str
) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, retry_count=0)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    report = undelivered(engine, attempt, code)

    settled(engine, report)

    [halt] = in_transaction(engine, halts.in_force)
    assert (halt.scope, halt.key) == (scope, "sms" if scope == "channel" else str(campaign))
    assert str(code) in halt.reason
    assert read_request(engine, request)["request_status"] == "PENDING"
    assert queue_row(engine, request) is not None

    resume(engine, halt.scope, halt.key)
    settled(engine, report)
    assert not in_transaction(engine, halts.in_force), "a repetition halts nothing"
    again = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    settled(engine, undelivered(engine, again, 30008, sid=1))
    assert read_request(engine, request)["request_status"] == "FAILED", "one try, as allowed"


def test_a_receipt_after_all_takes_back_what_the_sender_was_given(engine: Engine) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, retry_count=0)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    report = undelivered(engine, attempt, 30032)
    receipt = replace(
        report, key="late", name="delivered", rank=100, meaning=Meaning.REACHED, code=None
    )

    settled(engine, report)
    settled(engine, receipt)

    assert read_request(engine, request)["request_status"] == "COMPLETED"
    assert read_request(engine, request)["extra_attempts"] == 0
    assert queue_row(engine, request) is None


@pytest.mark.parametrize(
    "code", [21408, 13227, 21612, 21657, 30040, 30041, 30043, 30005, 30007, 30038, 30003, 99_998]
)
def test_what_is_said_of_the_destination_or_the_recipient_halts_nothing(
    engine: Engine, code: int
) -> None:
    campaign = make_campaign(engine, channel=Channel.SMS, retry_count=0)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)

    settled(engine, undelivered(engine, attempt, code))

    assert not in_transaction(engine, halts.in_force)
    assert read_request(engine, request)["request_status"] in {"FAILED", "INVALID"}


def test_a_country_is_told_once_of_what_reports_say_of_it(engine: Engine) -> None:
    batch = make_batch(engine, campaign=make_campaign(engine, channel=Channel.SMS, retry_count=0))
    with capture_logs() as told:
        for n, number in enumerate(
            ("+34612345678", "+34612345679", "+447911123456", "+34612345670")
        ):
            request = make_request(engine, batch=batch, address=number)
            attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
            settled(engine, undelivered(engine, attempt, 30041, sid=n))

    countries = [one["country"] for one in told if one["event"] == "destination_refused"]
    assert countries == ["ES", "GG"]
    assert "3461" not in str(told)


def _let_letters_be_due(engine: Engine, older_by: object = None) -> None:
    with engine.begin() as connection:
        inbox = schema.inbox
        waiting = update(inbox).where(inbox.c.next_try_at.is_not(None))
        connection.execute(waiting.values(next_try_at=func.clock_timestamp()))
        if older_by is not None:
            connection.execute(waiting.values(received_at=inbox.c.received_at - older_by))


def test_a_mail_that_is_spoken_of_again_and_again_costs_few_statements(engine: Engine) -> None:
    batch = make_batch(engine, campaign=make_campaign(engine, channel=Channel.EMAIL))
    request = make_request(engine, batch=batch)
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED)
    token, opened = token_of(engine, attempt), email.EVENTS["open"]
    reports = [
        replace(
            said("completed", token, channel=Channel.EMAIL),
            key=f"open-{number}",
            name="open",
            rank=opened.rank,
            meaning=opened.meaning,
            channel_status=opened.channel_status,
        )
        for number in range(500)
    ]
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))

    assert settled(engine, *reports).new == len(reports)

    assert len(statements) < 25
    assert status_of(engine, attempt)[1] == "OPENED"
