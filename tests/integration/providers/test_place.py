"""Placing on all channels: the request on the wire, and the answer each reply becomes."""

import asyncio
import json
import logging
from base64 import b64decode

import pytest

from tests.integration.providers.connected import (
    ACCOUNT,
    API_KEY,
    AUTH_TOKEN,
    CALL,
    MAIL,
    MAILBOX,
    NUMBER,
    PUBLIC_URL,
    SENDER,
    SOURCE,
    TEXT,
    TOKEN,
    connected,
    during,
    soon,
    ticket,
)
from tests.integration.providers.wire import Seen, Step, Wire, answer
from worker.domain.answers import (
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
from worker.domain.statuses import Mode
from worker.domain.tickets import Call, Content, Mail
from worker.providers import Providers, boot_clock

CALL_SID = "CA" + "1" * 32
MESSAGE_SID = "SM" + "2" * 32

CONTENTS: dict[Mode, Content] = {Mode.VOICE: CALL, Mode.SMS: TEXT, Mode.EMAIL: MAIL}
EVERY_MODE = pytest.mark.parametrize("mode", list(Mode))
TWILIO_MODES = pytest.mark.parametrize("mode", [Mode.VOICE, Mode.SMS])


def placed(mode: Mode, *steps: Step, content: Content | None = None) -> tuple[Answer, Wire]:
    sent = ticket(content or CONTENTS[mode])
    return during(list(steps), lambda p: p[mode].place(sent, deadline=soon()))


def accepting(mode: Mode) -> Step:
    if mode is Mode.EMAIL:
        return answer(202, X_Message_Id="mail-1")
    return answer(201, {"sid": CALL_SID if mode is Mode.VOICE else MESSAGE_SID})


def test_a_call_on_the_wire() -> None:
    outcome, wire = placed(Mode.VOICE, accepting(Mode.VOICE))

    (seen,) = wire.seen
    assert outcome == Accepted(CALL_SID)
    assert (seen.method, seen.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
    assert basic(seen) == f"{ACCOUNT}:{AUTH_TOKEN}"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.form == {
        "To": [NUMBER],
        "From": [SOURCE],
        "Twiml": ["<Response><Say>Hi &amp; bye</Say></Response>"],
        "Timeout": ["25"],
        "StatusCallback": [f"{PUBLIC_URL}/callbacks/voice/{TOKEN}#rc=3&rp=ct,rt,5xx"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }


def test_a_call_that_fetches_its_words() -> None:
    _, wire = placed(
        Mode.VOICE,
        accepting(Mode.VOICE),
        content=Call(twiml=None, url="https://twiml.example/a?b=c%20d", caller_id="+15125550199"),
    )

    form = wire.seen[0].form
    assert form["Url"] == ["https://twiml.example/a?b=c%20d"]
    assert form["CallerId"] == ["+15125550199"]
    assert "Twiml" not in form


def test_a_message_on_the_wire() -> None:
    outcome, wire = placed(Mode.SMS, accepting(Mode.SMS))

    (seen,) = wire.seen
    assert outcome == Accepted(MESSAGE_SID)
    assert (seen.method, seen.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert basic(seen) == f"{ACCOUNT}:{AUTH_TOKEN}"
    assert seen.form == {
        "To": [NUMBER],
        "From": [SOURCE],
        "Body": ["Dear Canary, hello"],
        "ValidityPeriod": ["14400"],
        "StatusCallback": [f"{PUBLIC_URL}/callbacks/sms/{TOKEN}#rc=3&rp=ct,rt,5xx"],
    }


def test_a_mail_on_the_wire() -> None:
    outcome, wire = placed(Mode.EMAIL, accepting(Mode.EMAIL))

    (seen,) = wire.seen
    assert outcome == Accepted("mail-1")
    assert (seen.method, seen.path) == ("POST", "/v3/mail/send")
    assert seen.headers["authorization"] == f"Bearer {API_KEY}"
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {
        "personalizations": [
            {"to": [{"email": MAILBOX}], "custom_args": {"outreach_token": str(TOKEN)}}
        ],
        "from": {"email": SENDER},
        "subject": "Due soon",
        "content": [
            {"type": "text/plain", "value": "Hi"},
            {"type": "text/html", "value": "<p>Hi</p>"},
        ],
    }


def test_a_mail_by_template_on_the_wire() -> None:
    templated = Mail(None, None, None, template_id="d-1", template_data={"name": "Ana"})

    _, wire = placed(Mode.EMAIL, accepting(Mode.EMAIL), content=templated)

    sent = json.loads(wire.seen[0].body)
    assert sent["template_id"] == "d-1"
    assert sent["personalizations"][0]["dynamic_template_data"] == {"name": "Ana"}
    assert not {"subject", "content"} & sent.keys()


def test_a_mail_accepted_without_an_id_is_accepted() -> None:
    outcome, _ = placed(Mode.EMAIL, answer(202))

    assert outcome == Accepted(f"unnamed-{TOKEN}")


@EVERY_MODE
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
def test_failures_every_provider_shares(mode: Mode, step: Step, expected: Answer) -> None:
    outcome, wire = placed(mode, step)

    assert outcome == expected
    assert len(wire.seen) == 1, "asked once"


@EVERY_MODE
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_halts_the_channel_and_is_not_followed(mode: Mode, status: int) -> None:
    outcome, wire = placed(mode, answer(status, Location="/elsewhere"), accepting(mode))

    assert isinstance(outcome, Halt)
    assert (outcome.scope, outcome.code) == (HaltScope.CHANNEL, "redirected")
    assert len(wire.seen) == 1


@EVERY_MODE
def test_a_refused_connection_is_not_sent(mode: Mode) -> None:
    async def scenario() -> Answer:
        async with Wire([]) as gone:
            pass
        providers = connected(gone.url)
        try:
            return await providers[mode].place(ticket(CONTENTS[mode]), deadline=soon())
        finally:
            await providers.close()

    assert asyncio.run(scenario()) == NotSent("refused")


@EVERY_MODE
def test_past_the_deadline_nothing_reaches_the_provider(mode: Mode) -> None:
    late = boot_clock() - 1

    outcome, wire = during([], lambda p: p[mode].place(ticket(CONTENTS[mode]), deadline=late))

    assert outcome == NotSent("deadline")
    assert wire.bytes_received == 0


@TWILIO_MODES
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
def test_an_acceptance_that_cannot_be_read_is_unknown(mode: Mode, body: bytes) -> None:
    outcome, _ = placed(mode, answer(201, body))

    assert outcome == Unknown("garbled")


def test_an_acceptance_of_mail_with_another_status_is_unknown() -> None:
    assert placed(Mode.EMAIL, answer(200))[0] == Unknown("http_200")


@TWILIO_MODES
def test_a_refusal_is_read_from_twilios_code(mode: Mode) -> None:
    body = {"code": 21211, "message": f"The 'To' number {NUMBER} is not valid", "status": 400}

    outcome, _ = placed(mode, answer(400, body))

    assert outcome == Refused(Refusal.INVALID_TARGET, "21211")


@TWILIO_MODES
def test_a_problem_document_is_read_like_the_older_form(mode: Mode) -> None:
    body = {"type": "x", "title": "x", "status": 401, "code": 20003, "detail": "no"}

    outcome, _ = placed(mode, answer(401, body))

    assert isinstance(outcome, Halt)
    assert (outcome.scope, outcome.code) == (HaltScope.CHANNEL, "20003")


def test_a_throttled_mail_waits_until_the_reset_on_sendgrids_clock() -> None:
    step = answer(429, X_RateLimit_Reset="1600112542", Date="Mon, 14 Sep 2020 19:41:42 GMT")

    assert placed(Mode.EMAIL, step)[0] == Throttled(40.0, "http_429")


@EVERY_MODE
def test_many_contacts_share_one_connection(mode: Mode) -> None:
    async def place_ten(providers: Providers) -> None:
        for _ in range(10):
            outcome = await providers[mode].place(ticket(CONTENTS[mode]), deadline=soon())
            assert isinstance(outcome, Accepted)

    _, wire = during([accepting(mode)] * 10, place_ten)

    assert (len(wire.seen), wire.connections) == (10, 1)


def test_the_sdks_environment_variables_change_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://nowhere.invalid:1")

    outcome, wire = placed(Mode.VOICE, accepting(Mode.VOICE))

    assert outcome == Accepted(CALL_SID)
    assert wire.seen[0].headers["host"] == f"127.0.0.1:{wire.port}"


@EVERY_MODE
@pytest.mark.parametrize(
    "step",
    [
        answer(201, {"sid": CALL_SID}, X_Message_Id="mail-1"),
        answer(
            400, {"code": 21211, "message": f"{NUMBER} {MAILBOX}", "errors": [{"message": MAILBOX}]}
        ),
        answer(401, {"code": 20003, "message": f"{NUMBER} {MAILBOX} {AUTH_TOKEN}"}),
        answer(500, f"{NUMBER} {MAILBOX}".encode()),
        Step(then="close"),
    ],
    ids=["accepted", "refused", "halted", "failed", "cut"],
)
def test_nothing_of_a_person_or_a_secret_leaves_the_room(
    mode: Mode, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    outcome, _ = placed(mode, step)

    told = f"{outcome!r} {caplog.text}"
    for canary in (NUMBER, NUMBER[1:], MAILBOX, "Canary", AUTH_TOKEN, API_KEY, str(TOKEN)):
        assert canary not in told


def basic(seen: Seen) -> str:
    return b64decode(seen.headers["authorization"].removeprefix("Basic ")).decode()
