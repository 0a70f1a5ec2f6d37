"""Whom a target names."""

import pytest

from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel

PHONES = pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])


@PHONES
@pytest.mark.parametrize(
    ("target", "region", "address"),
    [
        ("+14155552671", None, "+14155552671"),
        (" +1 (415) 555-2671 ", None, "+14155552671"),
        ("415-555-2671", "US", "+14155552671"),
        ("001 415 555 2671", "DE", "+14155552671"),
        ("030 901820", "DE", "+4930901820"),
        ("020 7031 3000", "GB", "+442070313000"),
        ("06 6982 0001", "IT", "+390669820001"),
        ("٤١٥٥٥٥٢٦٧١", "US", "+14155552671"),
    ],
)
def test_a_number_becomes_e164(
    channel: Channel, target: str, region: str | None, address: str
) -> None:
    assert normalize(channel, target, region) == address


@PHONES
@pytest.mark.parametrize(
    ("target", "region", "reason"),
    [
        ("", "US", "is not a phone number"),
        ("call me", "US", "is not a phone number"),
        ("4155552671", None, "has no country code we know"),
        ("+999 415 555 2671", None, "has no country code we know"),
        ("911", "US", "is not a number in use in its country"),
        ("415 555", "US", "is not a number in use in its country"),
        ("+1 415 555 2671 x 22", None, "has an extension, which can't be dialed"),
        ("1" * 300, "US", "is too long for a phone number"),
    ],
)
def test_what_is_no_number_says_why(
    channel: Channel, target: str, region: str | None, reason: str
) -> None:
    assert normalize(channel, target, region) == Unreachable(reason)


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana.Lopez+due@EXAMPLE.Com ", "Ana.Lopez+due@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_a_mailbox_keeps_its_name_and_lowers_its_domain(target: str, address: str) -> None:
    assert normalize(Channel.EMAIL, target, None) == address


@pytest.mark.parametrize(
    "target",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "ana@@example.com",
        "ana lopez@example.com",
        "Ana <ana@example.com>",
        "ana@example.com, eva@example.com",
        "ana@example.com\r\nBcc: eva@example.com",
        "ana@[127.0.0.1]",
        "añá@example.com",
        f"{'a' * 65}@example.com",
    ],
)
def test_what_is_no_mailbox_says_so(target: str) -> None:
    assert normalize(Channel.EMAIL, target, None) == Unreachable("is not a mailbox")
