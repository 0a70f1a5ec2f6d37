"""Placing on all channels when something goes wrong: the answer each failure becomes."""

import asyncio

import pytest

from tests.integration.providers.connected import (
    CONTENTS,
    EVERY_CHANNEL,
    NUMBER,
    TWILIO_CHANNELS,
    accepting,
    connected,
    during,
    placed,
    soon,
    ticket,
)
from tests.integration.providers.wire import Step, Wire, answer
from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    NotSent,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.statuses import Channel
from worker.providers import Moment


@EVERY_CHANNEL
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(Step(then="hang"), Unknown("read_timeout"), id="read timeout"),
        pytest.param(Step(then="close"), Unknown("connection_lost"), id="cut"),
        pytest.param(
            Step(b"HTTP/1.1 201 -\r\nContent-Length: 9\r\n\r\n{", "close"),
            Unknown("truncated"),
            id="truncated",
        ),
        pytest.param(Step(b"\x00\x01\r\n\r\n"), Unknown("garbled"), id="garbage"),
        pytest.param(answer(500), Unknown("http_500"), id="500"),
        pytest.param(answer(502, b"<html>bad gateway"), Unknown("http_502"), id="502 in HTML"),
        pytest.param(answer(503, Retry_After="9"), Unknown("http_503"), id="503"),
        pytest.param(answer(408), Unknown("http_408"), id="408"),
        pytest.param(answer(429, Retry_After="9"), Throttled(9.0, "http_429"), id="429"),
        pytest.param(answer(429), Throttled(None, "http_429"), id="429 without a time"),
    ],
)
def test_failures_every_provider_shares(channel: Channel, step: Step, expected: Answer) -> None:
    outcome, wire = placed(channel, step)

    assert outcome == expected
    assert len(wire.seen) == 1, "asked once"


@EVERY_CHANNEL
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_halts_the_channel_and_is_not_followed(channel: Channel, status: int) -> None:
    outcome, wire = placed(channel, answer(status, Location="/elsewhere"), accepting(channel))

    assert isinstance(outcome, Halt)
    assert (outcome.scope, outcome.code) == (HaltScope.CHANNEL, "redirected")
    assert len(wire.seen) == 1


@EVERY_CHANNEL
def test_a_refused_connection_is_not_sent(channel: Channel) -> None:
    async def scenario() -> Answer:
        async with Wire([]) as gone:
            pass
        providers = connected(gone.url)
        try:
            return await providers[channel].place(ticket(CONTENTS[channel]), deadline=soon())
        finally:
            await providers.close()

    assert asyncio.run(scenario()) == NotSent("refused")


@EVERY_CHANNEL
def test_past_the_deadline_nothing_reaches_the_provider(channel: Channel) -> None:
    late = Moment.now().later(-1)

    outcome, wire = during([], lambda p: p[channel].place(ticket(CONTENTS[channel]), deadline=late))

    assert outcome == NotSent("deadline")
    assert wire.bytes_received == 0


@TWILIO_CHANNELS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"accepted",
        b"[]",
        b"{}",
        b'{"sid": null}',
        b'{"sid": "<html>"}',
        b'{"sid": "CA11111111111111111111111111111111", "date_created": 5}',
        b'{"sid": "CA11111111111111111111111111111111", "date_created": "31 Feb 2026 00:00:00"}',
    ],
)
def test_an_acceptance_that_cannot_be_read_is_unknown(channel: Channel, body: bytes) -> None:
    outcome, _ = placed(channel, answer(201, body))

    assert outcome == Unknown("garbled")


def test_an_acceptance_of_mail_with_another_status_is_unknown() -> None:
    assert placed(Channel.EMAIL, answer(200))[0] == Unknown("http_200")


@TWILIO_CHANNELS
def test_a_refusal_is_read_from_twilios_code(channel: Channel) -> None:
    body = {"code": 21211, "message": f"The 'To' number {NUMBER} is not valid", "status": 400}

    outcome, _ = placed(channel, answer(400, body))

    assert outcome == Refused(Refusal.INVALID_TARGET, "21211")


@TWILIO_CHANNELS
def test_a_problem_document_is_read_like_the_older_form(channel: Channel) -> None:
    body = {"type": "x", "title": "x", "status": 401, "code": 20003, "detail": "no"}

    outcome, _ = placed(channel, answer(401, body))

    assert isinstance(outcome, Halt)
    assert (outcome.scope, outcome.code) == (HaltScope.CHANNEL, "20003")


def test_a_throttled_mail_waits_until_the_reset_on_sendgrids_clock() -> None:
    step = answer(429, X_RateLimit_Reset="1600112542", Date="Mon, 14 Sep 2020 19:41:42 GMT")

    assert placed(Channel.EMAIL, step)[0] == Throttled(40.0, "http_429")
