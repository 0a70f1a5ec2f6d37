"""A token's mark is opened by the key that made it, for its own token and channel, and by nothing else."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest

from worker.domain.evidence.marks import LENGTH, Mark, derive_key, make_mark, read_mark
from worker.domain.statuses import Channel

SECRET = "a-token"
PUBLIC_URL = "https://outreach.example.com"
KEY = derive_key(SECRET, PUBLIC_URL, "outreach")
TOKEN, OTHER_TOKEN = UUID(int=1), UUID(int=2)
AT = datetime(2027, 11, 21, 9, 0, 0, 123_000, tzinfo=UTC)
WRITTEN = make_mark(KEY, Channel.SMS, TOKEN, request=4711, began_ms=int(AT.timestamp() * 1000))


def test_it_says_whose_request_and_when() -> None:
    assert read_mark([KEY], Channel.SMS, TOKEN, WRITTEN) == Mark(4711, AT)


def test_it_fits_an_address_as_it_is() -> None:
    assert len(WRITTEN) == LENGTH
    assert WRITTEN.replace("-", "").replace("_", "").isalnum()


def test_it_is_opened_by_the_key_before_while_one_is_rotated() -> None:
    assert read_mark([derive_key("new", PUBLIC_URL, "outreach"), KEY], Channel.SMS, TOKEN, WRITTEN)


@pytest.mark.parametrize(
    "key",
    [
        derive_key("another-token", PUBLIC_URL, "outreach"),
        derive_key(SECRET, "https://staging.example.com", "outreach"),
        derive_key(SECRET, PUBLIC_URL, "staging"),
    ],
    ids=["secret", "address", "namespace"],
)
def test_another_deployment_opens_none_of_ours(key: bytes) -> None:
    assert read_mark([key], Channel.SMS, TOKEN, WRITTEN) is None


def test_without_a_key_none_is_opened() -> None:
    assert read_mark([], Channel.SMS, TOKEN, WRITTEN) is None


def test_of_another_token_or_channel_it_says_nothing() -> None:
    assert read_mark([KEY], Channel.SMS, OTHER_TOKEN, WRITTEN) is None
    assert read_mark([KEY], Channel.EMAIL, TOKEN, WRITTEN) is None


@pytest.mark.parametrize("at", range(24))
def test_no_byte_of_it_can_be_altered(at: int) -> None:
    said = bytearray(urlsafe_b64decode(WRITTEN))
    said[at] ^= 1

    assert read_mark([KEY], Channel.SMS, TOKEN, urlsafe_b64encode(said).decode()) is None


@pytest.mark.parametrize(
    "written",
    ["", WRITTEN[:-1], WRITTEN + "A", "=" * LENGTH, "é" * LENGTH, "*" * LENGTH, "A" * 30 + "=="],
)
def test_what_is_no_mark_says_nothing(written: str) -> None:
    assert read_mark([KEY], Channel.SMS, TOKEN, written) is None
