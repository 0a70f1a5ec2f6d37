"""What the providers' refusals mean."""

import json
from uuid import uuid4

import pytest

from worker.domain.evidence.answers import (
    Answer,
    Halt,
    HaltScope,
    Refusal,
    Refused,
    Throttled,
    Unknown,
)
from worker.domain.evidence.destination_codes import DESTINATIONS
from worker.domain.evidence.reports import Meaning
from worker.providers import sendgrid_errors, sms, twilio_errors
from worker.providers.http_replies import read_date, reset_after, retry_after
from worker.providers.twilio_codes import KIND_OF, SAID, Kind, Passing, codes_of, source_of
from worker.providers.twilio_errors import error_code, meaning_of
from worker.sandbox import scenarios
from worker.sandbox.scenarios import Ends

NUMBER = "+14155550123"
MAILBOX = "canary.person@example.com"


def twilio(status: int, code: object = None, **headers: str) -> Answer:
    body = {"code": code, "message": f"{NUMBER} is no good", "status": status}
    return twilio_errors.judge(status, headers, json.dumps(body))


def sendgrid(status: int, *errors: tuple[str | None, str], **headers: str) -> Answer:
    body = {"errors": [{"field": field, "message": message} for field, message in errors]}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sendgrid_errors.judge(status, named, json.dumps(body))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, Refused(Refusal.INVALID_TARGET, "21211")),
        (400, 21614, Refused(Refusal.INVALID_TARGET, "21614")),
        (400, 21610, Refused(Refusal.OPTED_OUT, "21610")),
        (400, 21408, Refused(Refusal.NOT_PERMITTED, "21408")),
        (400, 21612, Refused(Refusal.NOT_PERMITTED, "21612")),
        (400, 13227, Refused(Refusal.NOT_PERMITTED, "13227")),
        (403, 21215, Refused(Refusal.NOT_PERMITTED, "21215")),
        (400, 21608, Refused(Refusal.NOT_PERMITTED, "21608")),
        (400, 30007, Refused(Refusal.CONTENT, "30007")),
        (400, 21611, Throttled(None, "21611")),
        (429, 20429, Throttled(None, "20429")),
        (429, None, Throttled(None, "http_429")),
        (400, 99_998, Refused(Refusal.NOT_PERMITTED, "99998")),
        (422, None, Refused(Refusal.NOT_PERMITTED, "http_422")),
        (500, 20500, Unknown("20500")),
        (503, 21211, Unknown("21211")),
        (408, 21211, Unknown("21211")),
        (504, None, Unknown("http_504")),
    ],
)
def test_what_twilio_means(status: int, code: int | None, expected: Answer) -> None:
    assert twilio(status, code) == expected


@pytest.mark.parametrize(
    ("status", "code", "scope", "named"),
    [
        (401, 20003, HaltScope.CHANNEL, "20003"),
        (400, 20003, HaltScope.CHANNEL, "20003"),
        (401, None, HaltScope.CHANNEL, "http_401"),
        (403, 20005, HaltScope.CHANNEL, "20005"),
        (403, None, HaltScope.CHANNEL, "http_403"),
        (404, 20404, HaltScope.CHANNEL, "20404"),
        (400, 21606, HaltScope.CAMPAIGN, "21606"),
        (400, 21205, HaltScope.CAMPAIGN, "21205"),
        (400, 21616, HaltScope.CAMPAIGN, "21616"),
        (400, 21660, HaltScope.CAMPAIGN, "21660"),
        (400, 30032, HaltScope.CAMPAIGN, "30032"),
        (302, None, HaltScope.CHANNEL, "redirected"),
    ],
)
def test_what_of_twilios_halts(status: int, code: int | None, scope: HaltScope, named: str) -> None:
    answer = twilio(status, code)

    assert isinstance(answer, Halt)
    assert (answer.scope, answer.code) == (scope, named)
    assert answer.why
    assert NUMBER not in answer.why


KINDS: list[Kind] = [*Refusal, *HaltScope, *Passing]


def test_no_code_has_two_meanings() -> None:
    assert sum(len(codes_of(kind)) for kind in KINDS) == len(KIND_OF)


def test_every_code_of_twilios_says_whom_it_means_in_words_and_where_that_stands() -> None:
    for code in KIND_OF:
        assert meaning_of(code), code
        assert SAID[code], code
        assert source_of(code).endswith(f"/{code}")


@pytest.mark.parametrize("code", [20429, 10004, 22005, 21611, 14107, 30036, 32016, 20500])
def test_a_bad_moment_told_in_a_report_is_a_miss_and_blames_nobody(code: int) -> None:
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "failed", "ErrorCode": str(code)}

    report = sms.read_callback(form, uuid4())

    assert report is not None
    assert (report.meaning, report.is_unknown) == (Meaning.MISSED, False)


def test_what_the_domain_says_of_countries_is_in_the_table() -> None:
    assert {int(code) for code in DESTINATIONS} <= KIND_OF.keys()


def test_every_code_that_the_sandbox_answers_with_is_in_the_table() -> None:
    ends = [end for one in scenarios.SCENARIOS for end in (one.call, one.message)]
    refused = {end.code for end in ends if isinstance(end, scenarios.Refuses)}
    told = {one.message.code for one in scenarios.SCENARIOS if isinstance(one.message, Ends)}

    assert refused | (told - {None}) <= KIND_OF.keys()


@pytest.mark.parametrize("code", [99_998, None, *sorted(KIND_OF)])
def test_no_reply_that_is_no_readable_success_proves_a_contact_or_lets_a_doubt_pass(
    code: int | None,
) -> None:
    for status in range(200, 600):
        answer = twilio(status, code)
        proves_nothing = status < 300 or status >= 500 or status in {408, 409, 425}
        assert isinstance(answer, Unknown) == proves_nothing, status
        assert isinstance(answer, Unknown | Refused | Throttled | Halt), status


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", "null", '{"code": "21211"}', '{"code": true}']
)
def test_a_body_that_says_nothing_leaves_the_status(text: str) -> None:
    assert twilio_errors.judge(400, {}, text) == Refused(Refusal.NOT_PERMITTED, "http_400")


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_is_never_judged_less_than_unknown(status: int) -> None:
    assert isinstance(twilio(status, 21211), Unknown)
    assert isinstance(sendgrid_errors.judge(status, {}, ""), Unknown)


@pytest.mark.parametrize(
    ("status", "errors", "expected"),
    [
        (
            400,
            [("personalizations.0.to.0.email", "bad")],
            Refused(Refusal.INVALID_TARGET, "recipient"),
        ),
        (400, [("personalizations.0.to", "bad")], Refused(Refusal.INVALID_TARGET, "recipient")),
        (413, [], Refused(Refusal.CONTENT, "too_large")),
        (429, [(None, "too many requests")], Throttled(None, "http_429")),
        (418, [], Refused(Refusal.NOT_PERMITTED, "http_418")),
        (500, [], Unknown("http_500")),
        (502, [], Unknown("http_502")),
        (408, [], Unknown("http_408")),
    ],
)
def test_what_sendgrid_means(
    status: int, errors: list[tuple[str | None, str]], expected: Answer
) -> None:
    assert sendgrid(status, *errors) == expected


@pytest.mark.parametrize(
    ("status", "field", "message", "scope", "code"),
    [
        (400, "personalizations.0.custom_args", "bad", HaltScope.CAMPAIGN, "http_400"),
        (400, None, f"{MAILBOX} is bad", HaltScope.CAMPAIGN, "http_400"),
        (401, None, "Maximum credits exceeded", HaltScope.CHANNEL, "credits"),
        (401, None, "The authorization grant is invalid", HaltScope.CHANNEL, "http_401"),
        (
            403,
            "from",
            "The from address does not match a verified Sender Identity.",
            HaltScope.CAMPAIGN,
            "sender",
        ),
        (403, None, "access forbidden", HaltScope.CHANNEL, "http_403"),
        (404, None, "", HaltScope.CHANNEL, "http_404"),
        (307, None, "", HaltScope.CHANNEL, "redirected"),
    ],
)
def test_what_of_sendgrids_halts(
    status: int, field: str | None, message: str, scope: HaltScope, code: str
) -> None:
    answer = sendgrid(status, (field, message))

    assert isinstance(answer, Halt)
    assert (answer.scope, answer.code) == (scope, code)
    assert answer.why
    assert MAILBOX not in answer.why


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"errors": 5}', '{"errors": [5, null]}'])
def test_an_odd_body_of_sendgrids_leaves_the_status(text: str) -> None:
    answer = sendgrid_errors.judge(400, {}, text)

    assert isinstance(answer, Halt)
    assert answer.scope is HaltScope.CAMPAIGN


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", 3600.0),
        ("-1", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_followed_within_reason(written: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": written}) == seconds


@pytest.mark.parametrize(
    ("reset", "date", "seconds"),
    [
        ("1600112542", "Mon, 14 Sep 2020 19:41:42 GMT", 40.0),
        ("1600112000", "Mon, 14 Sep 2020 19:41:42 GMT", 0.0),
        ("1700112542", "Mon, 14 Sep 2020 19:41:42 GMT", 3600.0),
        ("soon", "Mon, 14 Sep 2020 19:41:42 GMT", None),
        ("1600112542", "yesterday", None),
        ("1600112542", "", None),
    ],
)
def test_a_reset_is_measured_on_the_providers_clock(
    reset: str, date: str, seconds: float | None
) -> None:
    assert reset_after({"X-RateLimit-Reset": reset, "Date": date}) == seconds


def test_a_date_without_a_zone_is_no_date() -> None:
    assert read_date({"Date": "Mon, 14 Sep 2020 19:41:42 -0000"}) is None


@pytest.mark.parametrize(
    ("code", "read"), [(9_999, None), (10_000, 10_000), (99_999, 99_999), (100_000, None)]
)
def test_a_code_of_twilio_has_five_digits(code: int, read: int | None) -> None:
    assert error_code(f'{{"code": {code}}}') == read
