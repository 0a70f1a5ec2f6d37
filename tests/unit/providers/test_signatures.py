"""Signatures against the vectors of the SDKs' own test suites, and everything that must not pass."""

import json

import pytest

from worker.providers.signatures import sendgrid_signature_holds, twilio_signature_holds

# twilio-python, tests/unit/test_request_validator.py
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
REPEATED = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]
BODY_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

# sendgrid-python, test/unit/test_eventwebhook.py
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpV"
    "KS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
OTHER_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXS"
    "JCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
)
MAIL_SIGNATURE = (
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+l"
    "uQAbPIqHh89M15TluLtEZtM="
)
TIMESTAMP = "1600112502"
EVENTS = [
    {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": (
            "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0"
        ),
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
]
PAYLOAD = (json.dumps(EVENTS, sort_keys=True, separators=(",", ":")) + "\r\n").encode()


def test_twilios_own_vectors_hold() -> None:
    assert twilio_signature_holds(URL, PARAMS, SIGNATURE, ["12345"])
    assert twilio_signature_holds(URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", ["12345"])


SIGNED_BYTES = range(0, len(PAYLOAD), 7)


@pytest.mark.parametrize("at", SIGNED_BYTES)
def test_no_bit_of_a_delivery_may_be_flipped(at: int) -> None:
    flipped = bytearray(PAYLOAD)
    flipped[at] ^= 1

    now = int(TIMESTAMP)
    assert not sendgrid_signature_holds(bytes(flipped), MAIL_SIGNATURE, TIMESTAMP, [KEY], now)


@pytest.mark.parametrize("at", range(len(PARAMS)))
def test_no_bit_of_a_form_may_be_flipped(at: int) -> None:
    name, value = PARAMS[at]
    flipped = [*PARAMS[:at], (name, value[:-1] + chr(ord(value[-1]) ^ 1)), *PARAMS[at + 1 :]]

    assert not twilio_signature_holds(URL, flipped, SIGNATURE, ["12345"])


def test_while_a_webhook_key_is_rotated_both_hold() -> None:
    now = int(TIMESTAMP)

    for keys in ([OTHER_KEY, KEY], [KEY, OTHER_KEY], ["no key", KEY]):
        assert sendgrid_signature_holds(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, keys, now)
    assert not sendgrid_signature_holds(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, [], now)


def test_while_a_token_is_rotated_both_hold() -> None:
    assert twilio_signature_holds(URL, PARAMS, SIGNATURE, ["new", "12345"])
    assert twilio_signature_holds(URL, PARAMS, SIGNATURE, ["12345", "old"])


@pytest.mark.parametrize(
    ("url", "params", "signature", "tokens"),
    [
        pytest.param(URL, PARAMS, None, ["12345"], id="no signature"),
        pytest.param(URL, PARAMS, "", ["12345"], id="empty signature"),
        pytest.param(URL, PARAMS, "é" * 28, ["12345"], id="odd signature"),
        pytest.param(URL, PARAMS, SIGNATURE[::-1], ["12345"], id="wrong signature"),
        pytest.param(URL, PARAMS, SIGNATURE, ["54321"], id="wrong token"),
        pytest.param(URL, PARAMS, SIGNATURE, [], id="no token"),
        pytest.param(URL + "3", PARAMS, SIGNATURE, ["12345"], id="other query"),
        pytest.param(
            "https://mycompany.com/myapp.php?bar=2&foo=1",
            PARAMS,
            SIGNATURE,
            ["12345"],
            id="query in another order",
        ),
        pytest.param(URL.replace("my", "your"), PARAMS, SIGNATURE, ["12345"], id="other host"),
        pytest.param(URL.replace("https", "http"), PARAMS, SIGNATURE, ["12345"], id="other scheme"),
        pytest.param(URL + "#rc=3", PARAMS, SIGNATURE, ["12345"], id="with fragment"),
        pytest.param(URL, PARAMS[1:], SIGNATURE, ["12345"], id="missing field"),
        pytest.param(URL, [*PARAMS, ("A", "")], SIGNATURE, ["12345"], id="added field"),
        pytest.param(
            URL, [*PARAMS, PARAMS[0], ("To", "x")], SIGNATURE, ["12345"], id="added value"
        ),
        pytest.param("http://[", PARAMS, SIGNATURE, ["12345"], id="no address"),
    ],
)
def test_what_twilio_did_not_sign_does_not_hold(
    url: str, params: list[tuple[str, str]], signature: str | None, tokens: list[str]
) -> None:
    assert not twilio_signature_holds(url, params, signature, tokens)


def test_an_address_that_promises_a_body_hash_does_not_free_the_form_from_being_signed() -> None:
    url = f"{URL}&bodySHA256={BODY_HASH}"

    assert not twilio_signature_holds(url, [], "a9nBmqA0ju/hNViExpshrM61xv4=", ["12345"])


def test_sendgrids_own_vector_holds_while_it_is_fresh() -> None:
    now = int(TIMESTAMP)

    assert sendgrid_signature_holds(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, [KEY], now)
    assert sendgrid_signature_holds(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, [KEY], now + 35 * 3600)


@pytest.mark.parametrize(
    ("body", "signature", "timestamp", "key", "age"),
    [
        pytest.param(PAYLOAD, None, TIMESTAMP, KEY, 0, id="no signature"),
        pytest.param(PAYLOAD, "", TIMESTAMP, KEY, 0, id="empty signature"),
        pytest.param(PAYLOAD, "%%%", TIMESTAMP, KEY, 0, id="not base64"),
        pytest.param(PAYLOAD, "AAAA", TIMESTAMP, KEY, 0, id="not DER"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, None, KEY, 0, id="no timestamp"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, "timestamp", KEY, 0, id="no number"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, f" {TIMESTAMP}", KEY, 0, id="padded timestamp"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, "1600112503", KEY, 0, id="other timestamp"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, OTHER_KEY, 0, id="other key"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, "no key", 0, id="no key"),
        pytest.param(PAYLOAD.strip(), MAIL_SIGNATURE, TIMESTAMP, KEY, 0, id="trimmed body"),
        pytest.param(PAYLOAD + b"\xff", MAIL_SIGNATURE, TIMESTAMP, KEY, 0, id="not UTF-8"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, KEY, 37 * 3600, id="too old"),
        pytest.param(PAYLOAD, MAIL_SIGNATURE, TIMESTAMP, KEY, -37 * 3600, id="from the future"),
    ],
)
def test_what_sendgrid_did_not_sign_lately_does_not_hold(
    body: bytes, signature: str | None, timestamp: str | None, key: str, age: float
) -> None:
    now = int(TIMESTAMP) + age

    assert not sendgrid_signature_holds(body, signature, timestamp, [key], now)
