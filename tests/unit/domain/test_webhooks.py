from base64 import b64decode
from datetime import timedelta

import pytest

from worker.domain.contract.campaigns import campaign_fields
from worker.domain.contract.webhooks import Backoff, signature, webhooks
from worker.domain.errors import WrongFields

SMS = {"campaign_name": "c", "mode": "sms", "source": "+15125550100", "body": "hi"}

# The example of the Standard Webhooks reference implementations.
KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
EVENT, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_signature_is_that_of_standard_webhooks() -> None:
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    assert signature([KEY], EVENT, TIMESTAMP, BODY) == expected
    assert signature([KEY, b"other"], EVENT, TIMESTAMP, BODY).split()[0] == expected


WRONG = {
    "no url": ({}, "webhooks: 0.url: is missing"),
    "http": ({"url": "http://example.com"}, "webhooks: 0.url: must be an https:// address"),
    "another scheme": ({"url": "file:///etc"}, "webhooks: 0.url: must be an https:// address"),
    "no host": ({"url": "https:///x"}, "webhooks: 0.url: must be an https:// address"),
    "a broken port": ({"url": "https://x:y/"}, "webhooks: 0.url: must be an https:// address"),
    "a password": (
        {"url": "https://a:b@example.com"},
        "webhooks: 0.url: must be an https:// address without user, password or spaces",
    ),
}


@pytest.mark.parametrize(("webhook", "fault"), WRONG.values(), ids=WRONG)
def test_a_wrong_webhook_is_refused_in_a_sentence(webhook: dict[str, object], fault: str) -> None:
    with pytest.raises(WrongFields) as caught:
        campaign_fields({**SMS, "webhooks": [webhook]})

    assert caught.value.faults == [fault]


UNKNOWN = {
    "a field": {"url": "https://example.com", "secret": "s"},
    "a status": {"url": "https://example.com", "statuses": ["DONE"]},
    "no status": {"url": "https://example.com", "statuses": []},
}


@pytest.mark.parametrize("webhook", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_is_refused(webhook: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^0\.(secret|statuses)"):
        webhooks([webhook])


def test_a_webhook_is_kept_as_json_and_checked_again_unchanged() -> None:
    given = {"url": "https://example.com/x", "statuses": ["FAILED", "COMPLETED"]}
    kept = webhooks([given, {"url": "http://127.0.0.1:1/"}])

    assert kept == (
        {"url": "https://example.com/x", "statuses": ["COMPLETED", "FAILED"]},
        {"url": "http://127.0.0.1:1/"},
    )
    assert webhooks(kept) == kept


def test_the_pauses_grow_for_about_three_days_and_end() -> None:
    backoff = Backoff()
    pauses = [backoff.pause(tries, 0.5) for tries in range(1, 24)]

    assert pauses[:3] == [timedelta(seconds=seconds) for seconds in (10, 20, 40)]
    assert pauses[-2:] == [timedelta(hours=6), None]
    total = sum((pause for pause in pauses if pause), timedelta())
    assert timedelta(days=2.8) < total < timedelta(days=3.2)


def test_chance_spreads_a_pause_by_a_fifth() -> None:
    assert Backoff().pause(1, 0) == timedelta(seconds=8)
    assert Backoff().pause(1, 1) == timedelta(seconds=12)
