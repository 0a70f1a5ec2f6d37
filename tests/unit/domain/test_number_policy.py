"""Which numbers a campaign contacts at all."""

from collections.abc import Sequence

import phonenumbers
import pytest
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, PhoneNumberType

from worker.domain.recipients.number_policy import LINE_TYPES, NumberPolicy
from worker.domain.recipients.numbering_plans import COSTLY_KINDS, costly_kind


def example(region: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


US, FRENCH = example("US", PhoneNumberType.MOBILE), example("FR", PhoneNumberType.MOBILE)
PREMIUM = example("FR", PhoneNumberType.PREMIUM_RATE)


@pytest.mark.parametrize(
    ("regions", "types", "address", "why"),
    [
        ((), (), FRENCH, None),
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


@pytest.mark.parametrize(
    "address",
    [
        "+19005551234",
        "+499001234567",
        "+449012345678",
        "+447012345678",
        "+447640123456",
        "+4781212345",
        "+49177991234567",
        "+88161234567",
        "+870773111632",
        "+80812345678",
        "+878101234567890",
        "+8823421234",
        "+883510012345",
        "+979123456789",
    ],
)
def test_numbers_that_cost_more_need_the_campaign_s_word(address: str) -> None:
    assert "allow_costly_numbers" in (NumberPolicy().refusal(address) or "")
    assert NumberPolicy(allow_costly_numbers=True).refusal(address) is None


def in_kind(kind: int) -> list[str]:
    """An example of every region that has numbers of this kind, where the library agrees on it."""
    found = (phonenumbers.example_number_for_type(one, kind) for one in SUPPORTED_REGIONS)
    numbers = [one for one in found if one and phonenumbers.number_type(one) == kind]
    return sorted({phonenumbers.format_number(one, PhoneNumberFormat.E164) for one in numbers})


@pytest.mark.parametrize("name", COSTLY_KINDS)
def test_a_costly_number_is_one_in_every_region_of_a_shared_calling_code(name: str) -> None:
    examples = in_kind(getattr(PhoneNumberType, name.upper()))
    missed = [one for one in examples if costly_kind(one) != COSTLY_KINDS[name]]

    # North America's 5XX are called like any other.
    assert [one for one in missed if not one.startswith("+15")] == []
    assert len(examples) > 1


@pytest.mark.parametrize("kind", [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE])
def test_no_ordinary_number_of_any_region_is_costly(kind: int) -> None:
    assert [one for one in in_kind(kind) if costly_kind(one)] == []


@pytest.mark.parametrize(
    "address", ["+15125550100", "+18005551234", "+4930901820", "+447911123456", "+15005550006"]
)
def test_ordinary_numbers_do_not(address: str) -> None:
    assert NumberPolicy().refusal(address) is None
