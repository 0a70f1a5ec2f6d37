"""After the deadline somebody asks, and nobody guesses."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, func, update
from structlog.testing import capture_logs

from tests.factories import (
    ANA,
    HOUR,
    MINUTE,
    SECOND,
    counted_equals_recount,
    make_attempt,
    make_batch,
    make_campaign,
    make_recipient,
    make_request,
    make_timeouts,
    queue_row,
    read_attempt,
    read_request,
    token_of,
    transitions,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.desk.database import examine_doubts
from worker.desk.decide import count_as_sent
from worker.dispatch.apply_reports import apply_reports
from worker.dispatch.rescue import PAGE, rescue, rescue_all
from worker.domain.content.tickets import LookupRequest
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.lookups import Lookup, Matches, Undecided
from worker.domain.evidence.reports import Meaning, Report
from worker.domain.statuses import AttemptState, Channel, ChannelStatus
from worker.store import halts, metrics, schema
from worker.store.connect import in_transaction

PATIENCE = make_timeouts()
EMPTY = Matches(())
UNDECIDED = Undecided("503")


def listed(
    sid: str,
    meaning: Meaning = Meaning.REACHED,
    status: ChannelStatus = ChannelStatus.COMPLETED,
    *,
    rank: int = 100,
    channel: Channel = Channel.VOICE,
) -> Report:
    return Report(
        channel=channel,
        key=f"{sid}:look",
        token=None,
        sid=sid,
        name=meaning.value,
        rank=rank,
        sequence=0,
        meaning=meaning,
        channel_status=status,
    )


def look_after(
    engine: Engine, connect: Connect, *looks: Lookup | Exception, channel: Channel = Channel.VOICE
) -> FakeProvider:
    """One round of the rescuer for each look, with time passing between them."""
    provider = FakeProvider(channel, looks=looks)
    provider_loop = connect(provider)
    for _ in looks:
        make_overdue(engine)
        rescue(engine, provider_loop, PATIENCE)
    return provider


def make_overdue(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(schema.attempt)
            .where(schema.attempt.c.check_at.is_not(None))
            .values(check_at=func.clock_timestamp() - SECOND)
        )


def state_of(engine: Engine, attempt: int) -> tuple[str, str]:
    row = read_attempt(engine, attempt)
    return row["state"], read_request(engine, row["request"])["request_status"]


def test_an_attempt_before_its_deadline_is_left_alone(engine: Engine, connect: Connect) -> None:
    make_attempt(engine, check_in=HOUR)
    provider = FakeProvider(Channel.VOICE)

    assert rescue(engine, connect(provider), PATIENCE) == 0
    assert provider.inquiries == []


class Overtaken(FakeProvider):
    """While it is asked, the callback that says how the call ended comes in."""

    def __init__(self, engine: Engine, report: Report) -> None:
        super().__init__(Channel.VOICE, looks=[UNDECIDED])
        self._come_in = partial(apply_reports, engine, PATIENCE, [report])

    async def look_up(self, inquiry: LookupRequest) -> Lookup:
        await asyncio.to_thread(self._come_in)
        return await super().look_up(inquiry)


def test_what_a_callback_closes_meanwhile_is_left_alone(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1", check_in=-SECOND)

    with capture_logs() as told:
        rescue(engine, connect(Overtaken(engine, listed("CA1"))), PATIENCE)

    assert [line["event"] for line in told if line["log_level"] == "error"] == []
    assert state_of(engine, attempt) == ("DONE", "COMPLETED")
    assert read_attempt(engine, attempt)["checks"] == 0


def test_page_after_page_is_looked_after(engine: Engine, connect: Connect) -> None:
    overdue = {make_attempt(engine, check_in=-SECOND) for _ in range(PAGE + 1)}
    provider = FakeProvider(Channel.VOICE)

    rescue_all(engine, connect(provider), PATIENCE)

    assert {inquiry.attempt for inquiry in provider.inquiries} == overdue


@pytest.mark.parametrize("state", [AttemptState.SENDING, AttemptState.IN_DOUBT])
def test_a_call_that_the_provider_has_is_bound(
    engine: Engine, connect: Connect, state: AttemptState
) -> None:
    attempt = make_attempt(engine, state=state)

    look_after(engine, connect, Matches((listed("CA1"),)))

    assert state_of(engine, attempt) == ("DONE", "COMPLETED")
    row = read_attempt(engine, attempt)
    request = read_request(engine, row["request"])
    assert (row["sid"], request["call_manager_sid"]) == ("CA1", "CA1")
    assert transitions(engine, row["request"])[-1] == ("INITIATED", "COMPLETED", "reconcile")
    assert counted_equals_recount(engine)


ASKED = {
    "a machine": (listed("CA1", Meaning.MISSED, ChannelStatus.MACHINE, rank=110), "FAILED"),
    "nobody knows": (listed("CA1"), "COMPLETED"),
}


@pytest.mark.parametrize(("record", "end"), ASKED.values(), ids=ASKED)
def test_who_answered_a_call_that_is_over_is_asked_and_then_counts_as_a_person(
    engine: Engine, connect: Connect, record: Report, end: str
) -> None:
    campaign = make_campaign(engine, voicemail_detection={"on_machine": "no_answer"})
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request)
    over = replace(listed("CA1"), token=token_of(engine, attempt), sequence=3)
    apply_reports(engine, PATIENCE, [over])

    provider = look_after(engine, connect, UNDECIDED)
    assert state_of(engine, attempt) == ("ACCEPTED", "CONNECTED")
    look_after(engine, connect, Matches((record,)))

    assert state_of(engine, attempt) == ("DONE", end)
    assert provider.inquiries[0].on_machine is OnMachine.NO_ANSWER
    assert counted_equals_recount(engine)


def test_who_answered_can_not_be_asked_for_a_day(engine: Engine, connect: Connect) -> None:
    campaign = make_campaign(engine, voicemail_detection={"on_machine": "no_answer"})
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, began_ago=25 * HOUR)
    apply_reports(engine, PATIENCE, [replace(listed("CA1"), token=token_of(engine, attempt))])

    look_after(engine, connect, UNDECIDED)

    assert state_of(engine, attempt) == ("DONE", "COMPLETED")


def test_a_call_that_is_still_ringing_is_bound_and_awaited(
    engine: Engine, connect: Connect
) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)
    ringing = listed("CA1", Meaning.UNDERWAY, ChannelStatus.QUEUED, rank=30)

    look_after(engine, connect, Matches((ringing,)))

    assert state_of(engine, attempt) == ("ACCEPTED", "INITIATED")
    assert read_attempt(engine, attempt)["check_at"] is not None


def test_a_line_about_a_look_names_the_batch_as_the_operator_does(
    engine: Engine, connect: Connect
) -> None:
    request = make_request(engine, batch=make_batch(engine, batch_id="autumn"))
    attempt = make_attempt(engine, request=request, check_in=-SECOND)

    with capture_logs() as told:
        rescue(engine, connect(FakeProvider(Channel.VOICE)), PATIENCE)

    lines = [line for line in told if line["event"] == "attempt_looked_after"]
    assert {(line["attempt"], line["batch_id"]) for line in lines} == {(attempt, "autumn")}


def test_one_empty_look_proves_nothing(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    look_after(engine, connect, *[EMPTY] * (PATIENCE.empty_lookups - 1))

    assert state_of(engine, attempt) == ("IN_DOUBT", "INITIATED")
    assert read_attempt(engine, attempt)["checks"] == PATIENCE.empty_lookups - 1
    assert queue_row(engine, read_attempt(engine, attempt)["request"]) is None


@pytest.mark.parametrize("state", [AttemptState.SENDING, AttemptState.IN_DOUBT])
def test_several_empty_looks_are_proof_and_the_request_is_due_again(
    engine: Engine, connect: Connect, state: AttemptState
) -> None:
    attempt = make_attempt(engine, state=state)

    look_after(engine, connect, *[EMPTY] * PATIENCE.empty_lookups)

    assert state_of(engine, attempt) == ("NOT_SENT", "PENDING")
    request = read_attempt(engine, attempt)["request"]
    assert queue_row(engine, request) is not None
    assert read_request(engine, request)["attempt_count"] == 0
    assert transitions(engine, request)[-1] == ("INITIATED", "PENDING", "reconcile")
    assert counted_equals_recount(engine)


def test_looks_that_decide_nothing_are_no_proof(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    look_after(engine, connect, EMPTY, *[UNDECIDED] * 5, EMPTY)

    assert state_of(engine, attempt) == ("IN_DOUBT", "INITIATED")
    assert read_attempt(engine, attempt)["checks"] == 2


def test_two_rescuers_at_once_count_one_look(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)
    provider_loop = connect(FakeProvider(Channel.VOICE, looks=[EMPTY, EMPTY]))
    make_overdue(engine)

    assert [rescue(engine, provider_loop, PATIENCE), rescue(engine, provider_loop, PATIENCE)] == [
        1,
        0,
    ]
    assert read_attempt(engine, attempt)["checks"] == 1


def test_a_call_of_another_attempt_is_no_candidate(engine: Engine, connect: Connect) -> None:
    recipient = make_recipient(engine)
    other = make_request(engine, recipient=recipient)
    make_attempt(engine, request=other, state=AttemptState.DONE, sid="CA1")
    attempt = make_attempt(
        engine, request=make_request(engine, recipient=recipient), state=AttemptState.IN_DOUBT
    )

    look_after(engine, connect, Matches((listed("CA1"), listed("CA2"))))

    assert read_attempt(engine, attempt)["sid"] == "CA2"


def test_nothing_but_calls_of_other_attempts_is_an_empty_look(
    engine: Engine, connect: Connect
) -> None:
    recipient = make_recipient(engine)
    other = make_request(engine, recipient=recipient)
    make_attempt(engine, request=other, state=AttemptState.DONE, sid="CA1")
    attempt = make_attempt(
        engine, request=make_request(engine, recipient=recipient), state=AttemptState.IN_DOUBT
    )

    look_after(engine, connect, *[Matches((listed("CA1"),))] * PATIENCE.empty_lookups)

    assert state_of(engine, attempt) == ("NOT_SENT", "PENDING")


def test_two_candidates_decide_nothing(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    look_after(engine, connect, *[Matches((listed("CA1"), listed("CA2")))] * 4)

    assert state_of(engine, attempt) == ("IN_DOUBT", "INITIATED")
    assert (read_attempt(engine, attempt)["sid"], read_attempt(engine, attempt)["checks"]) == (
        None,
        0,
    )


def test_a_bug_while_asking_decides_nothing(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    look_after(engine, connect, RuntimeError("oops"))

    assert state_of(engine, attempt) == ("IN_DOUBT", "INITIATED")
    assert told(engine) == (False, "1 attempts can't be judged: RuntimeError", 1)

    look_after(engine, connect, UNDECIDED)
    assert told(engine) == WELL


WELL = (True, "every open attempt can be judged", 0)


def told(engine: Engine) -> tuple[bool, str, int]:
    """What `doctor` and the metric say of what can't be judged."""
    finding = examine_doubts(engine)
    figures = in_transaction(engine, metrics.read)
    return finding.well, finding.found, figures.attempts_unjudged


GIVING_UP: Sequence[tuple[Channel, timedelta]] = [
    (Channel.VOICE, PATIENCE.give_up[Channel.VOICE]),
    (Channel.SMS, PATIENCE.give_up[Channel.SMS]),
    (Channel.EMAIL, PATIENCE.give_up[Channel.EMAIL]),
]


@pytest.mark.parametrize(("channel", "age"), GIVING_UP)
def test_a_doubt_that_nobody_can_clear_is_closed_by_policy(
    engine: Engine, connect: Connect, channel: Channel, age: timedelta
) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=channel))
    attempt = make_attempt(engine, request=request, state=AttemptState.IN_DOUBT, began_ago=age)

    look_after(engine, connect, UNDECIDED, channel=channel)

    assert state_of(engine, attempt) == ("UNRESOLVED", "FAILED")
    after = read_request(engine, request)
    assert (after["channel_manager_status"], after["error_code"]) == (
        "DELIVERY_UNKNOWN",
        "in_doubt",
    )
    assert after["attempt_count"] == 1
    assert queue_row(engine, request) is None
    assert transitions(engine, request)[-1] == ("INITIATED", "FAILED", "inference")


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
def test_nobody_is_called_or_texted_again_on_doubt(
    engine: Engine, connect: Connect, channel: Channel
) -> None:
    campaign = make_campaign(engine, channel=channel, resend_in_doubt=True, retry_count=3)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    make_attempt(engine, request=request, state=AttemptState.IN_DOUBT, began_ago=HOUR)

    look_after(engine, connect, UNDECIDED, channel=channel)

    assert read_request(engine, request)["request_status"] == "FAILED"


def test_a_mail_in_doubt_is_sent_again_where_its_campaign_chose_so(
    engine: Engine, connect: Connect
) -> None:
    campaign = make_campaign(engine, channel=Channel.EMAIL, resend_in_doubt=True)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, state=AttemptState.IN_DOUBT, began_ago=HOUR)

    look_after(engine, connect, UNDECIDED, channel=Channel.EMAIL)

    assert state_of(engine, attempt) == ("UNRESOLVED", "PENDING")
    assert queue_row(engine, request) is not None


def test_an_accepted_call_without_its_end_is_asked_for_by_sid(
    engine: Engine, connect: Connect
) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, sid="CA1")

    provider = look_after(engine, connect, Matches((listed("CA1"),)))

    assert [inquiry.sid for inquiry in provider.inquiries] == ["CA1"]
    assert state_of(engine, attempt) == ("DONE", "COMPLETED")


@pytest.mark.parametrize("look", [EMPTY, UNDECIDED])
def test_an_accepted_call_is_asked_for_again_until_silence_is_judged(
    engine: Engine, connect: Connect, look: Lookup
) -> None:
    attempt = make_attempt(engine, state=AttemptState.ACCEPTED, began_ago=23 * HOUR)
    look_after(engine, connect, look)
    assert state_of(engine, attempt) == ("ACCEPTED", "INITIATED")
    assert read_attempt(engine, attempt)["check_at"] is not None

    with engine.begin() as connection:
        connection.execute(
            update(schema.attempt).values(began_at=schema.attempt.c.began_at - 2 * HOUR)
        )
    look_after(engine, connect, look)

    assert state_of(engine, attempt) == ("DONE", "FAILED")
    request = read_request(engine, read_attempt(engine, attempt)["request"])
    assert request["channel_manager_status"] == "NO_OUTCOME"


def test_a_text_is_taken_for_sent_only_when_the_provider_says_so(
    engine: Engine, connect: Connect
) -> None:
    request = make_request(engine, batch=make_batch(engine, channel=Channel.SMS))
    attempt = make_attempt(
        engine, request=request, state=AttemptState.ACCEPTED, sid="SM1", began_ago=13 * HOUR
    )

    look_after(engine, connect, UNDECIDED, channel=Channel.SMS)
    assert state_of(engine, attempt) == ("ACCEPTED", "INITIATED")

    sent = listed("SM1", Meaning.UNDERWAY, ChannelStatus.SENT, rank=30, channel=Channel.SMS)
    look_after(engine, connect, Matches((sent,)), Matches((sent,)), channel=Channel.SMS)
    assert state_of(engine, attempt) == ("DONE", "COMPLETED")
    assert read_request(engine, request)["channel_manager_status"] == "SENT"


def test_a_callback_that_came_while_the_provider_was_asked_stands(
    engine: Engine, connect: Connect
) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)

    class Meanwhile(FakeProvider):
        async def look_up(self, inquiry: object) -> Lookup:
            with engine.begin() as connection:
                connection.execute(
                    update(schema.attempt)
                    .where(schema.attempt.c.id == attempt)
                    .values(state="DONE", sid="CA1", check_at=None, closed_at=func.now())
                )
            return EMPTY

    make_overdue(engine)
    rescue(engine, connect(Meanwhile(Channel.VOICE)), PATIENCE)

    assert read_attempt(engine, attempt)["state"] == "DONE"


def test_a_lost_worker_is_named_as_the_reason(engine: Engine, connect: Connect) -> None:
    attempt = make_attempt(engine, state=AttemptState.SENDING)

    look_after(engine, connect, UNDECIDED)

    row = read_attempt(engine, attempt)
    assert (row["state"], row["error_code"]) == ("IN_DOUBT", "worker_lost")


def test_a_page_of_attempts_is_looked_after_at_a_time(engine: Engine, connect: Connect) -> None:
    for _ in range(3):
        make_attempt(engine, check_in=-MINUTE)
    provider_loop = connect(FakeProvider(Channel.VOICE))

    assert [rescue(engine, provider_loop, PATIENCE, limit=2) for _ in range(3)] == [2, 1, 0]


def test_one_attempt_that_can_not_be_judged_spoils_no_other(
    engine: Engine, connect: Connect
) -> None:
    spoiled = make_attempt(engine, state=AttemptState.IN_DOUBT, check_in=-HOUR)
    sound = make_attempt(engine, state=AttemptState.IN_DOUBT, check_in=-MINUTE)
    unstorable = Matches((listed("CA\x00"),))
    provider_loop = connect(
        FakeProvider(Channel.VOICE, looks=[unstorable, Matches((listed("CA1"),))])
    )

    rescue(engine, provider_loop, PATIENCE)

    assert state_of(engine, sound) == ("DONE", "COMPLETED")
    assert state_of(engine, spoiled) == ("IN_DOUBT", "INITIATED")
    assert told(engine) == (False, "1 attempts can't be judged: StoreRefused", 1)

    make_overdue(engine)
    rescue(engine, connect(FakeProvider(Channel.VOICE, looks=[unstorable])), PATIENCE)
    assert told(engine) == (False, "1 attempts can't be judged: StoreRefused", 1)

    count_as_sent(engine, spoiled, by=ANA)
    assert told(engine) == WELL


def test_a_call_from_another_sender_decides_nothing_until_it_is_known_as_anothers(
    engine: Engine, connect: Connect
) -> None:
    attempt = make_attempt(engine, state=AttemptState.IN_DOUBT)
    listed_too = Matches((), other_senders=("CA-of-another-sender",))

    look_after(engine, connect, listed_too)
    assert read_attempt(engine, attempt)["checks"] == 0

    make_attempt(engine, state=AttemptState.DONE, sid="CA-of-another-sender")
    look_after(engine, connect, listed_too)
    assert read_attempt(engine, attempt)["checks"] == 1


def test_what_a_look_says_of_the_sender_halts_the_campaign(
    engine: Engine, connect: Connect
) -> None:
    campaign = make_campaign(engine)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    attempt = make_attempt(engine, request=request, state=AttemptState.ACCEPTED, sid="CA1")
    told = listed("CA1", Meaning.SENDER_BARRED, ChannelStatus.FAILED)

    look_after(engine, connect, Matches((replace(told, token=token_of(engine, attempt)),)))

    [halt] = in_transaction(engine, halts.in_force)
    assert (halt.scope, halt.key) == ("campaign", str(campaign))
    assert state_of(engine, attempt) == ("DONE", "PENDING")
