"""The official SDKs, unmodified, against the sandbox: every scenario and every fault of its table."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
import requests
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient  # type: ignore[attr-defined]  # the SDK names no exports
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.fixtures.receiver import Posted, Receiver
from tests.fixtures.sandbox import Sandbox, ask
from tests.sessions import eventually
from worker.sandbox.scenarios import FAULTS, MAIL_EVENTS, SCENARIOS, STRAYS, Ends, Refuses, Scenario

FROM = "+15125550199"
TWIML = "<Response><Say>Hello</Say></Response>"
EVENTS = ["initiated", "ringing", "answered", "completed"]
ENDS = {"completed", "busy", "no-answer", "failed", "delivered", "undelivered"}
BROKEN = (TwilioException, requests.RequestException, ValueError)
ACCEPTED_FAULTS = set(FAULTS) - {"throttled", "timeout", "cut", "redirect", "error"}


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Client]:
    http = TwilioHttpClient(timeout=1.0)
    client = Client(sandbox.account_sid, sandbox.auth_token, http_client=http)
    client.api.base_url = sandbox.url
    yield client
    close(http)


@pytest.fixture
def sendgrid(sandbox: Sandbox) -> SendGridAPIClient:
    client = SendGridAPIClient(sandbox.api_key, host=sandbox.url)
    client.client.timeout = 1.0
    return client


def close(http: TwilioHttpClient) -> None:
    if http.session:
        http.session.close()


def call(twilio: Client, receiver: Receiver, to: str, **more: Any) -> tuple[str, Any]:
    """Place a call; its token and what the SDK gave."""
    token = str(uuid4())
    callback = f"{receiver.url}/callbacks/voice/{token}#rc=3&rp=ct,rt,5xx"
    made = twilio.calls.create(
        to=to,
        from_=FROM,
        twiml=TWIML,
        status_callback=callback,
        status_callback_event=EVENTS,
        **more,
    )
    return token, made


def text(twilio: Client, receiver: Receiver, to: str) -> tuple[str, Any]:
    token = str(uuid4())
    callback = f"{receiver.url}/callbacks/sms/{token}#rc=3&rp=ct,rt,5xx"
    return token, twilio.messages.create(to=to, from_=FROM, body="Hi", status_callback=callback)


def mail(sendgrid: SendGridAPIClient, to: str, **changes: object) -> tuple[str, Any]:
    token = str(uuid4())
    person = {"to": [{"email": to}], "custom_args": {"outreach_token": token}}
    message = {
        "personalizations": [person],
        "from": {"email": "billing@example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hello"}],
    }
    return token, sendgrid.send(message | changes)


def about(posted: list[Posted], token: str) -> list[Posted]:
    return [one for one in posted if one.path.endswith(token)]


def over(token: str, field: str) -> Any:
    return lambda posted: any(one.form.get(field) in ENDS for one in about(posted, token))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_call_ends_as_its_digits_say(
    twilio: Client, receiver: Receiver, sandbox: Sandbox, scenario: Scenario
) -> None:
    number = f"+1512555{scenario.digits}"
    if isinstance(scenario.call, Refuses):
        with pytest.raises(TwilioRestException) as refused:
            call(twilio, receiver, number)
        assert (refused.value.status, refused.value.code) == (400, scenario.call.code)
        assert sandbox.ledger() == []
        return

    token, made = call(twilio, receiver, number, machine_detection="Enable")

    assert str(made.status) == "queued"
    posted = about(receiver.wait_for(over(token, "CallStatus")), token)
    statuses = [one.form["CallStatus"] for one in posted]
    answered = ["in-progress"] if scenario.call.status == "completed" else []
    assert statuses == ["initiated", "ringing", *answered, scenario.call.status]
    assert [one.form["SequenceNumber"] for one in posted] == [str(n) for n in range(len(posted))]
    if scenario.call.code:
        assert posted[-1].form["SipResponseCode"] == str(scenario.call.code)
    if scenario.call.answered_by:
        assert posted[-1].form["AnsweredBy"] == scenario.call.answered_by
    assert str(twilio.calls(made.sid).fetch().status) == scenario.call.status
    assert [entry["token"] for entry in sandbox.ledger()] == [token]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_text_ends_as_its_digits_say(
    twilio: Client, receiver: Receiver, sandbox: Sandbox, scenario: Scenario
) -> None:
    number = f"+1512555{scenario.digits}"
    if isinstance(scenario.message, Refuses):
        with pytest.raises(TwilioRestException) as refused:
            text(twilio, receiver, number)
        assert (refused.value.status, refused.value.code) == (400, scenario.message.code)
        return

    token, made = text(twilio, receiver, number)

    last = _last_of_text(scenario.message)
    posted = receiver.wait_for(
        lambda all_: any(one.form.get("MessageStatus") == last for one in about(all_, token))
    )
    statuses = [one.form["MessageStatus"] for one in about(posted, token)]
    assert statuses == (["sent"] if last == "sent" else ["sent", last])
    if scenario.message.code:
        assert about(posted, token)[-1].form["ErrorCode"] == str(scenario.message.code)
    assert str(twilio.messages(made.sid).fetch().status) == last


def _last_of_text(ends: Ends) -> str:
    return ends.status


def test_callbacks_of_calls_and_texts_are_signed_as_twilio_signs_them(
    twilio: Client, receiver: Receiver, sandbox: Sandbox
) -> None:
    token, _ = call(twilio, receiver, "+15125559999")
    other, _ = text(twilio, receiver, "+15125559998")
    receiver.wait_for(over(token, "CallStatus"))
    posted = receiver.wait_for(over(other, "MessageStatus"))

    validator = RequestValidator(sandbox.auth_token)
    for one in posted:
        url, signature = f"{receiver.url}{one.path}", one.headers["x-twilio-signature"]
        assert validator.validate(url, one.form, signature)
        assert not validator.validate(url, one.form | {"To": "+15125550000"}, signature)


def test_a_callback_that_fails_is_repeated_as_its_address_asks(
    twilio: Client, receiver: Receiver
) -> None:
    receiver.fail_first = 2
    token, _ = call(twilio, receiver, "+15125559997")

    posted = about(receiver.wait_for(over(token, "CallStatus")), token)

    assert posted[0].form["CallStatus"] == "initiated"


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_breaks_the_first_answer_only(
    twilio: Client, receiver: Receiver, sandbox: Sandbox, fault: str
) -> None:
    number = f"+1415{uuid4().int % 600 + 220}{FAULTS[fault]}"
    whole = {"slow", "early", "no-callbacks", "doubled", "reversed"}

    if fault in whole:
        call(twilio, receiver, number)
    else:
        with pytest.raises(BROKEN):
            call(twilio, receiver, number)

    accepted = [entry for entry in sandbox.ledger() if entry["to"] == number]
    assert len(accepted) == (1 if fault in ACCEPTED_FAULTS else 0)
    assert sandbox.summary()["faults_fired"] == {fault: 1}
    if fault not in whole:
        _, again = call(twilio, receiver, number)
        assert str(again.status) == "queued"


def test_what_each_request_was_answered_is_written_down(
    twilio: Client, sendgrid: SendGridAPIClient, receiver: Receiver, sandbox: Sandbox
) -> None:
    endings = (
        "0107",
        "0120",
        "0105",
        "0121",
        "0124",
        "0125",
        "0126",
        "0127",
        "0128",
        "0129",
        "0130",
    )
    for ending in endings:
        with suppress(*BROKEN):
            call(twilio, receiver, f"+1512555{ending}")
    with suppress(*BROKEN):
        text(twilio, receiver, "+15125550122")
    people = [{"to": [{"email": f"ann+invalid-{n}@example.com"}]} for n in (1, 2)]
    with suppress(HTTPError):
        mail(sendgrid, "", personalizations=people)
    mail(sendgrid, "ann-answered@example.com")

    def answered() -> dict[tuple[object, ...], int]:
        told = ask(f"{sandbox.url}/sandbox/answers")
        return {(one["kind"], one["people"], one["status"], one["whole"]): one["n"] for one in told}

    expected = {
        ("call", 1, 201, True): 2,
        ("call", 1, 400, True): 1,
        ("call", 1, 429, True): 1,
        ("call", 1, 302, True): 1,
        ("call", 1, 500, True): 1,
        ("call", 1, 503, True): 1,
        ("call", 1, 201, False): 3,
        ("call", 1, 200, False): 1,
        ("message", 1, 201, False): 1,
        ("mail", 2, 400, True): 1,
        ("mail", 1, 202, True): 1,
    }
    with suppress(AssertionError):  # that the client hung up is noticed a moment later
        eventually(lambda: answered() == expected)
    assert answered() == expected


def test_callbacks_come_doubled_reversed_or_never_where_asked(
    twilio: Client, receiver: Receiver
) -> None:
    doubled, _ = text(twilio, receiver, f"+1512556{FAULTS['doubled']}")
    turned, _ = text(twilio, receiver, f"+1512556{FAULTS['reversed']}")
    never, _ = text(twilio, receiver, f"+1512556{FAULTS['no-callbacks']}")

    posted = receiver.wait_for(
        lambda all_: len(about(all_, doubled)) == 4 and len(about(all_, turned)) == 2
    )

    assert [one.form["MessageStatus"] for one in about(posted, doubled)] == [
        "sent",
        "sent",
        "delivered",
        "delivered",
    ]
    assert [one.form["MessageStatus"] for one in about(posted, turned)] == ["delivered", "sent"]
    assert about(posted, never) == []


def test_lists_filter_by_recipient_and_lag_behind_where_asked(
    twilio: Client, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.change(list_lag=60)
    _, made = call(twilio, receiver, "+15125559996")
    assert twilio.calls.list(to="+15125559996", limit=10) == []

    sandbox.change(list_lag=0)
    listed = twilio.calls.list(to="+15125559996", limit=10)
    assert [one.sid for one in listed] == [made.sid]
    assert twilio.calls.list(to="+15125559995", limit=10) == []


def test_a_queued_call_can_be_canceled_and_posts_nothing_more(
    twilio: Client, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.change(pace=20)
    token, made = call(twilio, receiver, "+15125559994")

    assert str(twilio.calls(made.sid).update(status="canceled").status) == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls(made.sid).update(status="canceled")

    assert refused.value.code == 21220
    assert len(about(receiver.posted, token)) <= 1
    assert [one["taken_back"] for one in sandbox.ledger()] == [True]


def test_a_call_that_a_machine_answers_can_be_ended(
    twilio: Client, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.change(pace=5)
    answered_by = f"{receiver.url}/answered-by"
    token, made = call(
        twilio,
        receiver,
        "+15125550107",
        machine_detection="Enable",
        async_amd="true",
        async_amd_status_callback=answered_by,
    )
    receiver.wait_for(lambda all_: any(one.path == "/answered-by" for one in all_))
    assert not over(token, "CallStatus")(receiver.posted)

    assert str(twilio.calls(made.sid).update(status="completed").status) == "completed"

    posted = about(receiver.wait_for(over(token, "CallStatus")), token)
    statuses = [one.form["CallStatus"] for one in posted]
    assert statuses == ["initiated", "ringing", "in-progress", "completed"]
    assert [entry["hung_up"] for entry in sandbox.ledger()] == [True]


WRONG_CALLS: dict[str, tuple[dict[str, Any], int]] = {
    "no such number": ({"to": "12345"}, 21211),
    "sender is no number": ({"from_": "nobody"}, 21606),
    "nothing to say": ({"twiml": None}, 21205),
    "TwiML is not XML": ({"twiml": "<Response>"}, 21205),
}


@pytest.mark.parametrize(("change", "code"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_refused_with_twilios_code(
    twilio: Client, change: dict[str, Any], code: int
) -> None:
    fields = {"to": "+15125559993", "from_": FROM, "twiml": TWIML} | change

    with pytest.raises(TwilioRestException) as refused:
        twilio.calls.create(**{name: value for name, value in fields.items() if value})

    assert (refused.value.status, refused.value.code) == (400, code)


def test_wrong_credentials_and_suspended_accounts_are_refused(
    twilio: Client, sandbox: Sandbox, receiver: Receiver
) -> None:
    http = TwilioHttpClient(timeout=1.0)
    stranger = Client(sandbox.account_sid, "wrong", http_client=http)
    stranger.api.base_url = sandbox.url
    with pytest.raises(TwilioRestException) as refused:
        stranger.calls.create(to="+15125559992", from_=FROM, twiml=TWIML)
    assert (refused.value.status, refused.value.code) == (401, 20003)
    close(http)

    sandbox.change(suspended=True)
    with pytest.raises(TwilioRestException) as refused:
        call(twilio, receiver, "+15125559992")
    assert (refused.value.status, refused.value.code) == (403, 20005)


@pytest.mark.parametrize("tag", [tag for tag in MAIL_EVENTS if tag not in {"invalid", "silent"}])
def test_a_mail_brings_the_events_its_tag_says(
    sendgrid: SendGridAPIClient, receiver: Receiver, sandbox: Sandbox, tag: str
) -> None:
    token, answer = mail(sendgrid, f"ana+{tag}-0001@example.com")

    assert answer.status_code == 202
    expected = ["processed", *(name for name in MAIL_EVENTS[tag] if name not in STRAYS)]
    expected = ["bounce" if name == "blocked" else name for name in expected]
    posted = receiver.wait_for(lambda all_: len(_events(all_, token)) >= len(expected))
    events = _events(posted, token)
    assert [event["event"] for event in events] == expected
    sid = answer.headers["X-Message-Id"]
    assert {event["sg_message_id"].partition(".")[0] for event in events} == {sid}
    assert [entry["token"] for entry in sandbox.ledger()] == [token]


@pytest.mark.parametrize(("tag", "name"), [("complaint", "spamreport"), ("stray-bounce", "bounce")])
def test_a_stray_event_comes_without_our_token(
    sendgrid: SendGridAPIClient, receiver: Receiver, tag: str, name: str
) -> None:
    mailbox = f"gus+{tag}-0002@example.com"
    _, answer = mail(sendgrid, mailbox)

    posted = receiver.wait_for(lambda all_: any(_strays(all_, mailbox)))
    [stray] = _strays(posted, mailbox)
    assert stray["event"] == name
    sid = stray["sg_message_id"].partition(".")[0]
    assert sid == (answer.headers["X-Message-Id"] if tag == "complaint" else "")


def _strays(posted: list[Posted], mailbox: str) -> list[dict[str, Any]]:
    arrays = [json.loads(one.body) for one in posted if one.path == "/callbacks/email"]
    events = [event for array in arrays for event in array if event["email"] == mailbox]
    return [event for event in events if "outreach_token" not in event]


def _events(posted: list[Posted], token: str) -> list[dict[str, Any]]:
    arrays = [json.loads(one.body) for one in posted if one.path == "/callbacks/email"]
    return [event for array in arrays for event in array if event.get("outreach_token") == token]


def test_mail_events_are_signed_as_sendgrid_signs_them(
    sendgrid: SendGridAPIClient, receiver: Receiver, sandbox: Sandbox
) -> None:
    token, _ = mail(sendgrid, "ana@example.com")
    posted = receiver.wait_for(lambda all_: len(_events(all_, token)) == 2)

    verifier = EventWebhook(sandbox.public_key)
    for one in (
        one for one in posted if _events([one], token)
    ):  # others come late from other tests
        signature = one.headers["x-twilio-email-event-webhook-signature"]
        timestamp = one.headers["x-twilio-email-event-webhook-timestamp"]
        assert verifier.verify_signature(one.body.decode(), signature, timestamp)
        assert not verifier.verify_signature(one.body.decode() + " ", signature, timestamp)


WRONG_MAILS: dict[str, tuple[str, dict[str, object], int, str]] = {
    "a bad recipient": ("ana+invalid-1@example.com", {}, 400, "personalizations.0.to.0.email"),
    "no mailbox": ("nobody", {}, 400, "personalizations.0.to.0.email"),
    "no subject": ("ana@example.com", {"subject": ""}, 400, "subject"),
    "a line break in the subject": ("ana@example.com", {"subject": "a\nb"}, 400, "subject"),
    "no content": ("ana@example.com", {"content": []}, 400, "content"),
    "no sender": ("ana@example.com", {"from": {"email": "x"}}, 400, "from.email"),
}


@pytest.mark.parametrize(("to", "change", "status", "field"), WRONG_MAILS.values(), ids=WRONG_MAILS)
def test_a_wrong_mail_is_refused_with_the_field(
    sendgrid: SendGridAPIClient, to: str, change: dict[str, object], status: int, field: str
) -> None:
    with pytest.raises(HTTPError) as refused:
        mail(sendgrid, to, **change)

    assert refused.value.status_code == status
    assert json.loads(refused.value.body)["errors"][0]["field"] == field


def test_a_wrong_key_and_exhausted_credits_are_refused(
    sandbox: Sandbox, sendgrid: SendGridAPIClient
) -> None:
    with pytest.raises(HTTPError) as refused:
        mail(SendGridAPIClient("SG.wrong", host=sandbox.url), "ana@example.com")
    assert refused.value.status_code == 401

    sandbox.change(credits_exhausted=True)
    with pytest.raises(HTTPError) as refused:
        mail(sendgrid, "ana@example.com")
    assert "Maximum credits exceeded" in json.loads(refused.value.body)["errors"][0]["message"]


def test_a_mail_without_words_of_ours_may_use_a_template(
    sendgrid: SendGridAPIClient, sandbox: Sandbox
) -> None:
    mail(sendgrid, "ana@example.com", subject=None, content=None, template_id="d-1")

    assert sandbox.summary()["contacts"] == 1


def test_an_unknown_switch_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="400"):
        sandbox.change(colour="red")
