"""Who is one person, however they are spelled, and who stays two."""

import pytest

from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import normalize
from worker.domain.statuses import Channel


def identity(channel: Channel, written: str, region: str | None = None) -> str:
    address = normalize(channel, written, region)
    assert isinstance(address, str)
    return identity_of(channel, address)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Ana.Lopez@example.com", "ana.lopez@example.com", " ANA.LOPEZ@EXAMPLE.COM "),
        (
            "ana@bücher.example",
            "ANA@BÜCHER.EXAMPLE",
            "ana@xn--bcher-kva.example",
            "ana@bu\u0308cher.example",
        ),
    ],
)
def test_a_mailbox_is_one_person_in_every_spelling(spellings: tuple[str, ...]) -> None:
    assert len({identity(Channel.EMAIL, one) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("region", "spellings"),
    [
        ("AR", ("0343 15-555-1212", "+54 9 343 555 1212", "+54 343 555 1212", "0343 555-1212")),
        ("MX", ("+52 1 55 1234 5678", "+52 55 1234 5678", "55 1234 5678")),
        ("IT", ("06 6982 0001", "+39 06 6982 0001", "0039 06 69820001")),
        ("DE", ("0171 2345678", "+49 171 2345678", "+49 (0)171 2345678", "0049 171/2345678")),
    ],
)
def test_a_number_is_one_person_in_every_spelling(region: str, spellings: tuple[str, ...]) -> None:
    assert len({identity(Channel.SMS, one, region) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        (Channel.EMAIL, "ana.lopez@example.com", "analopez@example.com"),
        (Channel.EMAIL, "ana+news@example.com", "ana@example.com"),
        (Channel.EMAIL, "ana@example.com", "ana@example.org"),
        (Channel.SMS, "+39 06 6982 0001", "+39 6 6982 0001"),
    ],
)
def test_who_stays_two_people(channel: Channel, one: str, other: str) -> None:
    second = normalize(channel, other, None)

    assert not isinstance(second, str) or identity(channel, one) != identity_of(channel, second)


def test_a_mail_goes_to_the_spelling_that_was_given() -> None:
    assert normalize(Channel.EMAIL, "Ana.Lopez@Example.com", None) == "Ana.Lopez@example.com"
