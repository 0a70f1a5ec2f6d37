"""Placing on all channels: the request on the wire, and the answer each reply becomes."""

import json
import logging
from base64 import b64decode
from dataclasses import replace
from uuid import UUID

import pytest

from tests.integration.providers.connected import (
    ACCOUNT,
    API_KEY,
    AUTH_TOKEN,
    CALL_SID,
    CONTENTS,
    EVERY_CHANNEL,
    MAILBOX,
    MESSAGE_SID,
    NUMBER,
    PUBLIC_URL,
    SENDER,
    SOURCE,
    TOKEN,
    TWILIO_CHANNELS,
    accepting,
    during,
    placed,
    soon,
    ticket,
)
from tests.integration.providers.wire import Seen, Step, answer
from worker.domain.content.tickets import Call, Mail, Ticket
from worker.domain.content.voicemail import OnMachine
from worker.domain.evidence.answers import (
    Accepted,
    Answer,
    GroupRefused,
    NotSent,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.statuses import Channel
from worker.providers import Providers
from worker.providers.list_unsubscribe import WaysOut


def test_a_call_on_the_wire() -> None:
    outcome, wire = placed(Channel.VOICE, accepting(Channel.VOICE))

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
        Channel.VOICE,
        accepting(Channel.VOICE),
        content=Call(twiml=None, url="https://twiml.example/a?b=c%20d", caller_id="+15125550199"),
    )

    form = wire.seen[0].form
    assert form["Url"] == ["https://twiml.example/a?b=c%20d"]
    assert form["CallerId"] == ["+15125550199"]
    assert "Twiml" not in form


@pytest.mark.parametrize(
    ("on_machine", "detection"),
    [
        (OnMachine.LEAVE_MESSAGE, "DetectMessageEnd"),
        (OnMachine.NO_ANSWER, "Enable"),
        (OnMachine.HANG_UP, "Enable"),
    ],
)
def test_a_call_whose_campaign_minds_machines(on_machine: OnMachine, detection: str) -> None:
    content = Call("<Response/>", None, on_machine=on_machine)

    _, wire = placed(Channel.VOICE, accepting(Channel.VOICE), content=content)

    form = wire.seen[0].form
    assert (form["MachineDetection"], form["AsyncAmd"]) == ([detection], ["true"])
    address = f"{PUBLIC_URL}/callbacks/voice/{TOKEN}/answered-by/{on_machine}#rc=3&rp=ct,rt,5xx"
    assert form["AsyncAmdStatusCallback"] == [address]


def test_a_message_on_the_wire() -> None:
    outcome, wire = placed(Channel.SMS, accepting(Channel.SMS))

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


MARK = "s" * 32


@TWILIO_CHANNELS
def test_a_mark_travels_behind_the_token(channel: Channel) -> None:
    marked = replace(ticket(CONTENTS[channel]), mark=MARK)

    _, wire = during([accepting(channel)], lambda p: p[channel].place(marked, deadline=soon()))

    address = f"{PUBLIC_URL}/callbacks/{channel}/{TOKEN}?mark={MARK}#rc=3&rp=ct,rt,5xx"
    assert wire.seen[0].form["StatusCallback"] == [address]


def test_a_mark_travels_to_who_tells_machines() -> None:
    call = Call("<Response/>", None, on_machine=OnMachine.HANG_UP)
    marked = replace(ticket(call), mark=MARK)

    _, wire = during([accepting(Channel.VOICE)], lambda p: p.voice.place(marked, deadline=soon()))

    answered = f"{TOKEN}/answered-by/hang_up?mark={MARK}#rc=3&rp=ct,rt,5xx"
    assert wire.seen[0].form["AsyncAmdStatusCallback"] == [
        f"{PUBLIC_URL}/callbacks/voice/{answered}"
    ]


def test_a_mark_travels_with_a_mail_and_in_its_link() -> None:
    marked = replace(ticket(CONTENTS[Channel.EMAIL]), mark=MARK)

    _, wire = during([accepting(Channel.EMAIL)], lambda p: p.email.place(marked, deadline=soon()))

    [person] = json.loads(wire.seen[0].body)["personalizations"]
    assert person["custom_args"] == {"outreach_token": str(TOKEN), "outreach_mark": MARK}
    link = f"<{PUBLIC_URL}/unsubscribe/{TOKEN}?mark={MARK}>"
    assert person["headers"]["List-Unsubscribe"] == link


def test_the_action_of_a_pressed_key_leads_to_us_with_the_calls_token() -> None:
    words = '<Response><Gather numDigits="1" action="outreach:9=opt-out"/></Response>'

    _, wire = placed(Channel.VOICE, accepting(Channel.VOICE), content=Call(words, None))

    address = f"{PUBLIC_URL}/callbacks/voice/{TOKEN}/pressed/9=opt-out#rc=3&amp;rp=ct,rt,5xx"
    assert wire.seen[0].form["Twiml"] == [words.replace("outreach:9=opt-out", address)]


@pytest.mark.parametrize(
    ("left", "held"),
    [(None, "14400"), (86_400.0, "14400"), (600.5, "600"), (6.0, "6")],
    ids=["no end in sight", "tomorrow", "in ten minutes", "in a moment"],
)
def test_a_message_is_held_no_longer_than_it_may_arrive(left: float | None, held: str) -> None:
    deadline = soon()
    until = None if left is None else deadline.boot + left
    text = replace(ticket(CONTENTS[Channel.SMS]), valid_until=until)

    _, wire = during([accepting(Channel.SMS)], lambda p: p.sms.place(text, deadline=deadline))

    assert wire.seen[0].form["ValidityPeriod"] == [held]


@pytest.mark.parametrize("source", ["12345", "Hill Clinic"])
def test_a_message_from_a_short_code_or_a_name_on_the_wire(source: str) -> None:
    text = replace(ticket(CONTENTS[Channel.SMS]), source=source)

    _, wire = during([accepting(Channel.SMS)], lambda p: p.sms.place(text, deadline=soon()))

    assert wire.seen[0].form["From"] == [source]
    assert "MessagingServiceSid" not in wire.seen[0].form


def test_a_message_by_a_service_on_the_wire() -> None:
    service = "MG" + "a" * 32
    text = replace(ticket(CONTENTS[Channel.SMS]), source=service)

    _, wire = during([accepting(Channel.SMS)], lambda p: p.sms.place(text, deadline=soon()))

    assert wire.seen[0].form["MessagingServiceSid"] == [service]
    assert "From" not in wire.seen[0].form, "or Twilio would not choose"


def test_a_message_that_would_come_too_late_is_not_sent() -> None:
    deadline = soon()
    text = replace(ticket(CONTENTS[Channel.SMS]), valid_until=deadline.boot + 5)

    outcome, wire = during([], lambda p: p.sms.place(text, deadline=deadline))

    assert outcome == NotSent("too_late")
    assert wire.bytes_received == 0


def unsubscribing(token: UUID) -> dict[str, str]:
    """RFC 8058, as large mailbox providers want it."""
    return {
        "List-Unsubscribe": f"<{PUBLIC_URL}/unsubscribe/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_a_mail_on_the_wire() -> None:
    outcome, wire = placed(Channel.EMAIL, accepting(Channel.EMAIL))

    (seen,) = wire.seen
    assert outcome == Accepted("mail-1")
    assert (seen.method, seen.path) == ("POST", "/v3/mail/send")
    assert seen.headers["authorization"] == f"Bearer {API_KEY}"
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {
        "personalizations": [
            {
                "to": [{"email": MAILBOX}],
                "custom_args": {"outreach_token": str(TOKEN)},
                "headers": unsubscribing(TOKEN),
            }
        ],
        "from": {"email": SENDER},
        "subject": "Due soon",
        "content": [
            {"type": "text/plain", "value": "Hi"},
            {"type": "text/html", "value": "<p>Hi</p>"},
        ],
    }


def test_a_mailbox_that_is_read_is_offered_as_well() -> None:
    ways = WaysOut(PUBLIC_URL, "leave+me@example.com").headers(ticket(CONTENTS[Channel.EMAIL]))

    assert ways["List-Unsubscribe"] == (
        f"<{PUBLIC_URL}/unsubscribe/{TOKEN}>,"
        f" <mailto:leave+me@example.com?subject=unsubscribe%20{TOKEN}>"
    )
    assert ways["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def mails(*names: str) -> list[Ticket]:
    """Tickets that share their words, each with a token and a value of its own."""
    shared = Mail("Due", None, "Hi -m-", substitutions={})
    return [
        replace(
            ticket(replace(shared, substitutions={"-m-": name})),
            token=UUID(int=number),
            address=f"{name}@example.com",
        )
        for number, name in enumerate(names, start=1)
    ]


def test_mails_that_share_their_words_on_the_wire() -> None:
    outcome, wire = during(
        [accepting(Channel.EMAIL)],
        lambda p: p.email.place_group(mails("ana", "ben"), deadline=soon()),
    )

    (seen,) = wire.seen
    assert outcome == [Accepted("mail-1")] * 2
    sent = json.loads(seen.body)
    assert sent["personalizations"] == [
        {
            "to": [{"email": f"{name}@example.com"}],
            "custom_args": {"outreach_token": str(UUID(int=number))},
            "headers": unsubscribing(UUID(int=number)),
            "substitutions": {"-m-": name},
        }
        for number, name in ((1, "ana"), (2, "ben"))
    ]
    assert sent["content"] == [{"type": "text/plain", "value": "Hi -m-"}]


REPLIES: dict[str, tuple[Step, type[Answer]]] = {
    "refused": (
        answer(400, {"errors": [{"message": "no", "field": "personalizations.1.to"}]}),
        GroupRefused,
    ),
    "throttled": (answer(429), Throttled),
    "in doubt": (answer(503), Unknown),
}


@pytest.mark.parametrize(("reply", "kind"), REPLIES.values(), ids=REPLIES)
def test_what_is_said_of_a_group_is_said_of_each_mail(reply: Step, kind: type[Answer]) -> None:
    outcome, _ = during(
        [reply], lambda p: p.email.place_group(mails("ana", "ben"), deadline=soon())
    )

    assert [type(one) for one in outcome] == [kind] * 2


def test_a_mail_that_is_refused_alone_is_refused_for_good() -> None:
    reply, _ = REPLIES["refused"]

    outcome, _ = during([reply], lambda p: p.email.place_group(mails("ana"), deadline=soon()))

    assert [type(one) for one in outcome] == [Refused]


def test_a_mail_by_template_on_the_wire() -> None:
    templated = Mail(None, None, None, template_id="d-1", template_data={"name": "Ana"})

    _, wire = placed(Channel.EMAIL, accepting(Channel.EMAIL), content=templated)

    sent = json.loads(wire.seen[0].body)
    assert sent["template_id"] == "d-1"
    assert sent["personalizations"][0]["dynamic_template_data"] == {"name": "Ana"}
    assert not {"subject", "content"} & sent.keys()


def test_a_mail_accepted_without_an_id_is_accepted() -> None:
    outcome, _ = placed(Channel.EMAIL, answer(202))

    assert outcome == Accepted(f"unnamed-{TOKEN}")


@EVERY_CHANNEL
def test_many_contacts_share_one_connection(channel: Channel) -> None:
    async def place_ten(providers: Providers) -> None:
        for _ in range(10):
            outcome = await providers[channel].place(ticket(CONTENTS[channel]), deadline=soon())
            assert isinstance(outcome, Accepted)

    _, wire = during([accepting(channel)] * 10, place_ten)

    assert (len(wire.seen), wire.connections) == (10, 1)


def test_the_sdks_environment_variables_change_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_EDGE", "TWILIO_REGION", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://nowhere.invalid:1")

    outcome, wire = placed(Channel.VOICE, accepting(Channel.VOICE))

    assert outcome == Accepted(CALL_SID)
    assert wire.seen[0].headers["host"] == f"127.0.0.1:{wire.port}"


@EVERY_CHANNEL
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
    channel: Channel, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    outcome, _ = placed(channel, step)

    told = f"{outcome!r} {caplog.text}"
    for canary in (NUMBER, NUMBER[1:], MAILBOX, "Canary", AUTH_TOKEN, API_KEY, str(TOKEN)):
        assert canary not in told


@pytest.mark.parametrize("name", ["twilio.http_client", "python_http_client.client", "sendgrid"])
def test_the_sdks_loggers_are_silent_below_warning(name: str) -> None:
    logging.getLogger(name.split(".", maxsplit=1)[0]).setLevel(logging.NOTSET)

    during([], _nothing)

    assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING


async def _nothing(_: Providers) -> None:
    return None


def basic(seen: Seen) -> str:
    return b64decode(seen.headers["authorization"].removeprefix("Basic ")).decode()
