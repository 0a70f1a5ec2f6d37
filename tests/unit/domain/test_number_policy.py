"""Which numbers a campaign contacts at all."""

from collections.abc import Sequence

import phonenumbers
import pytest
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, PhoneNumberType

from worker.domain.recipients.costly_numbers import COSTLY_KINDS
from worker.domain.recipients.number_policy import LINE_TYPES, NumberPolicy
from worker.domain.recipients.numbering_plans import costly_kind


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


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("+351707123456", "shared-cost"),
        ("+351708123456", "shared-cost"),
        ("+81570000123", "shared-cost"),
        ("+27860123456", "shared-cost"),
        ("+27861123456", "shared-cost"),
        ("+27862123456", "premium-rate"),
        ("+548101234567", "shared-cost"),
        ("+61147101234", "satellite"),
        ("+61145100123", "satellite"),
        ("+16002345678", "satellite"),
        ("+8613491234567", "satellite"),
        ("+8617401234567", "satellite"),
        ("+62868123456", "satellite"),
        ("+79541234567", "satellite"),
    ],
)
def test_ranges_that_the_library_counts_among_others_need_it_too(address: str, kind: str) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(address))
    assert (NumberPolicy().refusal(address) or "").startswith(f"{kind} numbers are contacted only")
    assert NumberPolicy(allow_costly_numbers=True).refusal(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "+443001234567",
        "+445512345678",
        "+358107123456",
        "+8215881234",
        "+31881234567",
        "+353818123456",
        "+904441234",
        "+61412345678",
        "+79123456789",
        "+8613412345678",
        "+819012345678",
        "+5491123456789",
    ],
)
def test_numbers_beside_those_ranges_do_not(address: str) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(address))
    assert NumberPolicy().refusal(address) is None


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
