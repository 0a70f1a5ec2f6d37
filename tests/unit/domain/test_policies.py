"""Which numbers a campaign contacts at all."""

from collections.abc import Sequence

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from worker.domain.policies import LINE_TYPES, NumberPolicy


def example(region: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


US, FRENCH = example("US", PhoneNumberType.MOBILE), example("FR", PhoneNumberType.MOBILE)
PREMIUM = example("FR", PhoneNumberType.PREMIUM_RATE)


@pytest.mark.parametrize(
    ("regions", "types", "address", "why"),
    [
        ((), (), PREMIUM, None),
        (("FR",), (), FRENCH, None),
        (("US", "CA"), (), FRENCH, "the campaign does not contact numbers of FR"),
        ((), ("premium_rate",), FRENCH, None),
        ((), ("premium_rate",), PREMIUM, "the campaign does not contact premium_rate numbers"),
        (("FR",), ("mobile",), FRENCH, "the campaign does not contact mobile numbers"),
    ],
    ids=["nothing said", "allowed", "another country", "another type", "premium", "mobile"],
)
def test_a_number_is_refused_by_country_or_type(
    regions: Sequence[str], types: Sequence[str], address: str, why: str | None
) -> None:
    assert NumberPolicy(regions, types).refusal(address) == why


def test_every_type_that_can_be_named_exists() -> None:
    assert all(hasattr(PhoneNumberType, name.upper()) for name in LINE_TYPES)


@pytest.mark.parametrize("region", ["US", "FR", "DE", "GB", "IN"])
def test_a_refusal_quotes_no_number(region: str) -> None:
    address = example(region, PhoneNumberType.MOBILE)
    why = NumberPolicy(("XX",), ()).refusal(address)

    assert why is not None
    assert address[1:] not in why
