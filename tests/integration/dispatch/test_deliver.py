"""Sending a chunk: who is contacted, who is not, and by when."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, update

from tests.factories import (
    ANA,
    HOUR,
    MINUTE,
    SECOND,
    counted_equals_recount,
    database_time,
    lease,
    make_attempt,
    make_batch,
    make_campaign,
    make_limits,
    make_recipient,
    make_request,
    queue_row,
    read_attempt,
    read_request,
    transitions,
)
from tests.fakes.provider import FakeProvider
from tests.integration.dispatch.conftest import Connect
from worker.dispatch.deliver import Delivered, deliver
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.content.render import render
from worker.domain.content.tickets import Call, Content, Mail, Text
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.statuses import AttemptState, Channel
from worker.limits import OpenGate
from worker.providers import Moment, boot_clock, deadline_clock
from worker.store import attempts, halts, schema
from worker.store.connect import in_transaction
from worker.store.queue import Chunk

LIMITS = make_limits()


def send(engine: Engine, provider_loop: ProviderLoop, chunk: Chunk) -> Delivered:
    return deliver(engine, provider_loop, LIMITS, chunk)


def test_a_call_is_placed_and_recorded(engine: Engine, connect: Connect) -> None:
    request = make_request(engine)
    provider = FakeProvider(Channel.VOICE, answers=[Accepted("CA1")])

    done = send(engine, connect(provider), lease(engine, request))

    assert done.answers == {"Accepted": 1}
    after = read_request(engine, request)
    assert (after["request_status"], after["call_manager_sid"]) == ("INITIATED", "CA1")
    assert read_attempt(engine, after["attempt"])["state"] == "ACCEPTED"
    assert counted_equals_recount(engine)


CONTENTS = {
    Channel.VOICE: Call(twiml="<Response><Say>Hello Ana</Say></Response>", url=None),
    Channel.SMS: Text("Hello Ana"),
    Channel.EMAIL: Mail(subject="Hello", html=None, text="Hello Ana"),
}


@pytest.mark.parametrize("channel", Channel)
def test_a_ticket_says_what_to_whom_from_where(
    engine: Engine, connect: Connect, channel: Channel
) -> None:
    # The filter keeps the mail from being a form whose places the provider fills.
    words = {"text": "Hello {{ name | strip }}"} if channel is Channel.EMAIL else {}
    campaign = make_campaign(engine, channel=channel, **words)
    request = make_request(engine, batch=make_batch(engine, campaign=campaign))
    provider = FakeProvider(channel)

    send(engine, connect(provider), lease(engine, request))

    [ticket] = provider.tickets
    after = read_request(engine, request)
    attempt = read_attempt(engine, after["attempt"])
    assert (ticket.attempt, ticket.request) == (attempt["id"], request)
    assert (ticket.token, ticket.source) == (attempt["token"], attempt["source"])
    assert ticket.address == after["address"]
    assert ticket.content == CONTENTS[channel]


def test_the_attempt_is_committed_before_anybody_is_contacted(
    engine: Engine, connect: Connect
) -> None:
    seen: list[str] = []
    provider = FakeProvider(
        Channel.VOICE,
        meanwhile=lambda ticket: seen.append(read_attempt(engine, ticket.attempt)["state"]),
    )

    send(engine, connect(provider), lease(engine, make_request(engine)))

    assert seen == ["SENDING"]


def test_the_deadline_is_the_send_window_from_before_begin(
    engine: Engine, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Moment] = []
    during_begin(monkeypatch, lambda: asked.append(Moment.now()))
    provider = FakeProvider(Channel.VOICE)

    send(engine, connect(provider), lease(engine, make_request(engine)))

    ([deadline], [begin]) = provider.deadlines, asked
    latest = begin.later(LIMITS.send_window.total_seconds())
    assert deadline.boot <= latest.boot
    assert deadline.wall <= latest.wall


@pytest.mark.parametrize("seen_on", ["boot", "wall"])
def test_a_machine_that_stood_still_since_begin_sends_nothing(
    engine: Engine, connect: Connect, monkeypatch: pytest.MonkeyPatch, seen_on: str
) -> None:
    """Suspended, the boot clock goes on; by its hypervisor, only the wall clock is put right after it."""
    stood = dict.fromkeys(("boot", "wall"), 0.0)
    clocks = SimpleNamespace(
        clock_gettime=lambda clock: time.clock_gettime(clock) + stood["boot"],
        time=lambda: time.time() + stood["wall"],
    )
    monkeypatch.setattr(deadline_clock, "time", clocks)
    during_begin(monkeypatch, lambda: stood.update({seen_on: HOUR.total_seconds()}))
    provider = FakeProvider(Channel.VOICE)

    send(engine, connect(provider), lease(engine, make_request(engine)))

    [deadline] = provider.deadlines
    assert (
        deadline.passed
    )  # and then no byte is written: tests/integration/providers/test_deadline.py


def during_begin(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen while begin is asked."""
    real = attempts.begin

    def begin(*asked: Any, **told: Any) -> Any:
        happens()
        return real(*asked, **told)

    monkeypatch.setattr(attempts, "begin", begin)


def test_the_deadline_is_the_expiry_where_that_comes_first(
    engine: Engine, connect: Connect
) -> None:
    provider = FakeProvider(Channel.VOICE)
    batch = make_batch(engine, expires_in=2 * SECOND)

    send(engine, connect(provider), lease(engine, make_request(engine, batch=batch)))

    [deadline] = provider.deadlines
    assert deadline.boot <= boot_clock() + 2


VALID: dict[str, tuple[timedelta | None, timedelta | None, timedelta | None]] = {
    "no end in sight": (None, None, None),
    "the recipient's day ends": (HOUR, None, HOUR),
    "the batch expires first": (HOUR, 10 * MINUTE, 10 * MINUTE),
    "the batch expires": (None, 10 * MINUTE, 10 * MINUTE),
}


@pytest.mark.parametrize(("closes", "expires", "end"), VALID.values(), ids=VALID)
def test_a_text_is_valid_until_the_recipients_day_or_its_batch_ends(
    engine: Engine,
    connect: Connect,
    closes: timedelta | None,
    expires: timedelta | None,
    end: timedelta | None,
) -> None:
    request = make_text(engine, closes_in=closes, expires_in=expires)
    provider = FakeProvider(Channel.SMS)

    send(engine, connect(provider), lease(engine, request))

    [ticket] = provider.tickets
    left = None if ticket.valid_until is None else ticket.valid_until - boot_clock()
    assert left == (pytest.approx(end.total_seconds(), abs=2) if end else None)


@pytest.mark.parametrize(
    ("closes", "expires"),
    [(9 * SECOND, None), (None, 9 * SECOND), (-MINUTE, None)],
    ids=["the day is about to end", "the batch is about to expire", "the day has ended"],
)
def test_a_text_that_would_come_too_late_is_left_to_its_lease(
    engine: Engine, connect: Connect, closes: timedelta | None, expires: timedelta | None
) -> None:
    request = make_text(engine, closes_in=closes, expires_in=expires)
    provider = FakeProvider(Channel.SMS)

    done = send(engine, connect(provider), lease(engine, request))

    assert provider.tickets == []
    assert done.handed_back == {"too_late": 1}
    waiting = queue_row(engine, request)
    assert waiting is not None
    assert waiting["lease_token"] is not None
    assert read_request(engine, request)["attempt_count"] == 0


def test_a_fault_of_ours_in_one_request_keeps_no_other(
    engine: Engine, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(2)]
    faults = iter([KeyError("name")])

    def render_but_one(*asked: Any) -> Content:
        for fault in faults:
            raise fault
        return render(*asked)

    monkeypatch.setattr("worker.dispatch.drafts.render", render_but_one)
    provider = FakeProvider(Channel.VOICE)

    done = send(engine, connect(provider), lease(engine, *requests))

    assert len(provider.tickets) == 1
    assert done.handed_back == {"render": 1}
    told = [read_request(engine, one)["error_message"] for one in requests]
    assert "it can't be rendered: KeyError" in told


def make_text(engine: Engine, *, closes_in: timedelta | None, expires_in: timedelta | None) -> int:
    """A text to Lisbon whose recipient's day ends so soon, whenever the test runs."""
    hours: dict[str, Any] = {}
    if closes_in is not None:
        end = (database_time(engine) + closes_in).astimezone(ZoneInfo("Europe/Lisbon"))
        began = end - 12 * HOUR
        hours = {
            "recipient_hours": True,
            "recipient_start_time": began.time(),
            "recipient_end_time": end.time(),
        }
    campaign = make_campaign(engine, channel=Channel.SMS, **hours)
    batch = make_batch(engine, campaign=campaign, expires_in=expires_in)
    recipient = make_recipient(engine, channel=Channel.SMS, address=f"+35121{batch:07}")
    return make_request(engine, batch=batch, recipient=recipient)


def test_a_redelivered_message_contacts_nobody(engine: Engine, connect: Connect) -> None:
    provider = FakeProvider(Channel.VOICE)
    chunk = lease(engine, make_request(engine))
    provider_loop = connect(provider)

    send(engine, provider_loop, chunk)
    again = send(engine, provider_loop, chunk)

    assert len(provider.tickets) == 1
    assert (again.answers, again.handed_back) == ({}, {})


def test_what_can_not_be_rendered_is_closed_before_anything_is_sent(
    engine: Engine, connect: Connect
) -> None:
    batch = make_batch(engine)
    nameless = make_request(engine, batch=batch, request_variables={"nickname": "Ani"})
    sound = make_request(engine, batch=batch)
    provider = FakeProvider(Channel.VOICE)

    done = send(engine, connect(provider), lease(engine, nameless, sound))

    assert [ticket.request for ticket in provider.tickets] == [sound]
    assert done.handed_back == {"render": 1}
    after = read_request(engine, nameless)
    assert (after["request_status"], after["error_code"]) == ("FAILED", "render")
    assert (after["attempt"], after["attempt_count"]) == (None, 0)
    assert "name" in after["error_message"]
    assert "Ani" not in after["error_message"]


FENCES: dict[str, dict[str, Any]] = {
    "paused": {"paused": True},
    "deleted": {"deleted_at": func.clock_timestamp(), "deleted_reason": "by mistake"},
    "expired": {"expires_on": func.clock_timestamp()},
}


@pytest.mark.parametrize("why", FENCES)
def test_a_closed_batch_contacts_nobody(engine: Engine, connect: Connect, why: str) -> None:
    chunk = lease(engine, make_request(engine))
    provider = FakeProvider(Channel.VOICE)
    with engine.begin() as connection:
        connection.execute(
            update(schema.batch).where(schema.batch.c.id == chunk.batch).values(**FENCES[why])
        )

    done = send(engine, connect(provider), chunk)

    assert provider.tickets == []
    assert done.handed_back == {why: 1}


def test_a_suppressed_recipient_is_not_contacted(engine: Engine, connect: Connect) -> None:
    recipient = make_recipient(
        engine, suppressed_at=func.clock_timestamp(), suppress_reason="unsubscribed"
    )
    provider = FakeProvider(Channel.VOICE)

    done = send(engine, connect(provider), lease(engine, make_request(engine, recipient=recipient)))

    assert provider.tickets == []
    assert done.handed_back == {"suppressed": 1}


ANSWERS: dict[str, tuple[Answer | Exception, str, str, int]] = {
    "accepted": (Accepted("CA1"), "ACCEPTED", "INITIATED", 1),
    "not sent": (NotSent("connect_timeout"), "NOT_SENT", "PENDING", 0),
    "throttled": (Throttled(1.0, "429"), "NOT_SENT", "PENDING", 0),
    "refused": (Refused(Refusal.INVALID_TARGET, "21211"), "REFUSED", "INVALID", 1),
    "unknown": (Unknown("read_timeout"), "IN_DOUBT", "INITIATED", 1),
    "halt": (Halt(HaltScope.CHANNEL, "20003", "bad key"), "NOT_SENT", "PENDING", 0),
    "a bug of ours": (RuntimeError("oops"), "IN_DOUBT", "INITIATED", 1),
}


@pytest.mark.parametrize(
    ("answer", "state", "status", "count"), ANSWERS.values(), ids=ANSWERS.keys()
)
def test_an_answer_becomes_a_state(
    engine: Engine,
    connect: Connect,
    answer: Answer | Exception,
    state: str,
    status: str,
    count: int,
) -> None:
    request = make_request(engine)

    send(engine, connect(FakeProvider(Channel.VOICE, answers=[answer])), lease(engine, request))

    after = read_request(engine, request)
    assert (after["request_status"], after["attempt_count"]) == (status, count)
    assert read_attempt(engine, after["attempt"])["state"] == state
    assert (queue_row(engine, request) is not None) == (status == "PENDING")
    assert counted_equals_recount(engine)


def test_a_doubt_is_never_due_again_by_itself(engine: Engine, connect: Connect) -> None:
    request = make_request(engine)
    provider = FakeProvider(Channel.VOICE, answers=[Unknown("read_timeout")])
    provider_loop, chunk = connect(provider), lease(engine, request)

    send(engine, provider_loop, chunk)
    send(engine, provider_loop, chunk)

    assert queue_row(engine, request) is None
    assert len(provider.tickets) == 1


def test_answers_of_one_chunk_are_told_apart(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(3)]
    provider = FakeProvider(
        Channel.VOICE,
        answers=[Accepted("CA1"), Refused(Refusal.CONTENT, "21617"), Unknown("read_timeout")],
    )

    done = send(engine, connect(provider), lease(engine, *requests))

    assert done.answers == {"Accepted": 1, "Refused": 1, "Unknown": 1}
    by_attempt = {ticket.attempt: ticket.request for ticket in provider.tickets}
    assert set(by_attempt.values()) == set(requests)
    for ticket, state in zip(provider.tickets, ("ACCEPTED", "REFUSED", "IN_DOUBT"), strict=True):
        assert read_attempt(engine, ticket.attempt)["state"] == state
    assert counted_equals_recount(engine)


def test_a_flush_of_one_row_records_every_answer(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(4)]

    done = deliver(
        engine,
        connect(FakeProvider(Channel.VOICE)),
        replace(LIMITS, flush_rows=1),
        lease(engine, *requests),
    )

    assert done.answers == {"Accepted": 4}
    assert {read_request(engine, one)["channel_manager_status"] for one in requests} == {"QUEUED"}


def test_an_answer_that_never_comes_is_left_to_the_rescuer(
    engine: Engine, connect: Connect
) -> None:
    request = make_request(engine)
    provider = _Silent()

    done = deliver(
        engine, connect(provider), replace(LIMITS, answer_time=SECOND / 10), lease(engine, request)
    )

    assert done.answers == {}
    attempt = read_attempt(engine, read_request(engine, request)["attempt"])
    assert attempt["state"] == "SENDING"
    assert attempt["check_at"] is not None


def test_a_halt_stops_the_channel_for_those_who_come_after(
    engine: Engine, connect: Connect
) -> None:
    batch = make_batch(engine)
    first, second = make_request(engine, batch=batch), make_request(engine, batch=batch)
    provider = FakeProvider(Channel.VOICE, answers=[Halt(HaltScope.CHANNEL, "20003", "bad key")])
    provider_loop = connect(provider)

    send(engine, provider_loop, lease(engine, first))
    done = send(engine, provider_loop, lease(engine, second))

    assert done.handed_back == {"halted": 1}
    assert len(provider.tickets) == 1
    [found] = in_transaction(engine, halts.in_force)
    assert (found.scope, found.key) == ("channel", "voice")


def test_a_busy_recipient_is_not_contacted_from_a_second_batch(
    engine: Engine, connect: Connect
) -> None:
    recipient = make_recipient(engine)
    make_attempt(
        engine,
        request=make_request(engine, recipient=recipient),
        state=AttemptState.IN_DOUBT,
        check_in=MINUTE,
    )
    request = make_request(engine, recipient=recipient)
    provider = FakeProvider(Channel.VOICE)

    done = send(engine, connect(provider), lease(engine, request))

    assert provider.tickets == []
    assert done.handed_back == {"recipient_busy": 1}
    assert transitions(engine, request) == [(None, "PENDING", "ingest")]


def test_nobody_is_named_in_what_is_counted(engine: Engine, connect: Connect) -> None:
    done = send(engine, connect(FakeProvider(Channel.VOICE)), lease(engine, make_request(engine)))

    assert ANA not in repr(done)
    assert "+1" not in repr(done)


class _Silent(FakeProvider):
    """Takes the ticket and is never heard of again."""

    def __init__(self) -> None:
        super().__init__(Channel.VOICE, meanwhile=self._vanish)

    def _vanish(self, _ticket: object) -> None:
        raise _Vanished


class _Vanished(BaseException):
    """As if the loop had died: nothing catches it."""


@pytest.mark.parametrize(
    ("suppressed", "level"), [(0, -1.0), (1, 0.0), (2, 1.0)], ids=["none", "one", "both"]
)
def test_a_paced_batch_has_its_rate_back_for_what_did_not_begin(
    engine: Engine, connect: Connect, suppressed: int, level: float
) -> None:
    batch = make_batch(engine, call_rate=1)
    gone: dict[str, Any] = {
        "suppressed_at": func.clock_timestamp(),
        "suppress_reason": "unsubscribed",
    }
    people = [make_recipient(engine, **(gone if n < suppressed else {})) for n in range(2)]
    requests = [make_request(engine, batch=batch, recipient=person) for person in people]
    spent = update(schema.batch_pace).values(allowance=-1.0, next_claim_at="infinity")
    with engine.begin() as connection:
        connection.execute(spent)

    send(engine, connect(FakeProvider(Channel.VOICE)), lease(engine, *requests))

    with engine.begin() as connection:
        assert connection.scalar(select(schema.batch_pace.c.allowance)) == level


def test_no_more_calls_are_placed_than_may_be_under_way(engine: Engine, connect: Connect) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(5)]
    provider = FakeProvider(Channel.VOICE)
    provider_loop, limits = connect(provider), replace(LIMITS, concurrent_calls=3)

    done = deliver(engine, provider_loop, limits, lease(engine, *requests))
    again = deliver(engine, provider_loop, limits, lease(engine, *requests[3:]))

    assert len(provider.tickets) == 3
    assert (done.answers, done.handed_back) == ({"Accepted": 3}, {"no_slot": 2})
    assert (again.answers, again.handed_back) == ({}, {"no_slot": 2})


def test_a_worker_that_stops_begins_nothing_more_and_hands_the_rest_back(
    engine: Engine, connect: Connect
) -> None:
    batch = make_batch(engine)
    requests = [make_request(engine, batch=batch) for _ in range(3)]
    gate = OpenGate()
    provider = FakeProvider(Channel.VOICE, meanwhile=lambda _: gate.stop())

    done = deliver(
        engine, connect(provider), replace(LIMITS, at_once=1), lease(engine, *requests), gate
    )

    assert done.answers == {"Accepted": 1}
    assert done.handed_back == {"stopping": 2}
    waiting = [queue_row(engine, one) for one in requests if queue_row(engine, one)]
    assert [row["lease_token"] for row in waiting if row] == [None, None]
