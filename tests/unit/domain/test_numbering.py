"""The quick way against the library, over every region of the world."""

import random
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
)

from worker.domain.numbering import quickly_valid

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
PUT_BEFORE = ("", "0", "1", "8", "00", "011", "+", "+1", "(", "tel:")


def by_the_library(target: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(target, region)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def examples(region: str) -> list[str]:
    """Every type's example, and one that is invalid, in every form they are written."""
    found = [phonenumbers.example_number_for_type(region, kind) for kind in TYPES]
    found.append(phonenumbers.invalid_example_number(region))
    return sorted(
        {
            phonenumbers.format_number(number, form)
            for number in found
            if number is not None
            for form in FORMATS
        }
    )


def variants(written: str, dice: random.Random) -> Iterator[str]:
    """The number as written, and what a slip of the finger makes of it."""
    digits = "".join(char for char in written if char.isdigit())
    yield written
    yield digits
    yield dice.choice(PUT_BEFORE) + digits
    yield f"{written[:-1]}{dice.randrange(10)}"
    yield written[:-1]
    yield f"{written}{dice.randrange(10)}"
    at = dice.randrange(len(written))
    yield f"{written[:at]}{dice.choice('0123456789 -./()+x#')}{written[at + 1 :]}"
    at = dice.randrange(len(written))
    yield f"{written[:at]}{dice.choice('0123456789')}{written[at + 1 :]}"
    yield written.replace(" ", ".").replace("-", "/")


@pytest.mark.parametrize("region", REGIONS)
def test_a_quick_yes_is_the_librarys_yes(region: str) -> None:
    dice = random.Random(region)  # noqa: S311  no secret is drawn
    defaults = (region, dice.choice(REGIONS), None)
    quick = 0
    for example in examples(region):
        for target in variants(example, dice):
            for default in defaults:
                said = quickly_valid(target.strip())
                quick += said is not None
                assert said in {None, by_the_library(target, default)}, (target, default)
    assert quick


def test_most_valid_numbers_are_judged_quickly() -> None:
    """Those that are not belong to countries whose prefixes are rewritten rather than cut off."""
    judged = [
        quickly_valid(target) is not None
        for region in REGIONS
        for target in examples(region)
        if by_the_library(target, region) is not None and target.startswith("+")
    ]

    assert sum(judged) > 0.9 * len(judged)


@settings(max_examples=1_500, derandomize=True, deadline=None, database=None)
@given(st.data())
def test_whatever_the_numbering_plans_allow_is_judged_alike(data: st.DataObject) -> None:
    """Numbers out of the patterns themselves, with the prefixes they might be confused with."""
    facts = PhoneMetadata.metadata_for_region(data.draw(st.sampled_from(REGIONS)))
    assert facts is not None
    number = data.draw(st.from_regex(data.draw(st.sampled_from(patterns(facts))), fullmatch=True))
    before = ("", "+", str(facts.country_code), f"+{facts.country_code}")
    between = ("", facts.national_prefix or "", "00", "011")
    target = data.draw(st.sampled_from(before)) + data.draw(st.sampled_from(between)) + number

    assert quickly_valid(target) in {None, by_the_library(target, facts.id)}


def patterns(facts: PhoneMetadata) -> list[str]:
    """What national numbers look like, and what may be written before them."""
    general = facts.general_desc
    assert general is not None
    kinds = (general, facts.fixed_line, facts.mobile, facts.toll_free, facts.premium_rate)
    known = [kind.national_number_pattern for kind in kinds if kind is not None]
    prefix = facts.national_prefix_for_parsing or ""
    before = f"(?:{prefix})(?:{general.national_number_pattern})"
    return [pattern.replace("\\d", "[0-9]") for pattern in (*known, before) if pattern]


@pytest.mark.parametrize("region", ["US", "CA", "GB", "DE", "IT", "RU", "KZ", "AR", "BR", "MX"])
def test_random_digits_are_judged_alike(region: str) -> None:
    dice = random.Random(region)  # noqa: S311  no secret is drawn
    for _ in range(1_000):
        digits = "".join(dice.choices("0123456789", k=dice.randrange(3, 15)))
        target = dice.choice(("", "", "+", f"+{phonenumbers.country_code_for_region(region)}"))
        assert quickly_valid(target + digits) in {
            None,
            by_the_library(target + digits, region),
        }


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("+39 345 678 9012", id="without-a-zero"),
        pytest.param("+7 777 123 4567", id="the-second-region-of-a-code"),
    ],
)
def test_what_people_write_needs_no_library(target: str) -> None:
    expected = by_the_library(target, None)

    assert expected is not None
    assert quickly_valid(target) == expected


@pytest.mark.parametrize(
    "target",
    [
        *(
            "",
            "+",
            "٤١٥٥٥٥٢٦٧١",
            "+1 415-555-2671 x22",
            "+1 415 555 2671 / 2672",
            "+1#415",
            "415-555-2671",
        ),
        pytest.param("+3758109148693", id="a-prefix-that-may-be-a-digit-of-the-number"),
        pytest.param("+49 30 12345 040 54321", id="a-group-like-another-number"),
        pytest.param("+15125550100.0", id="decimals"),
        pytest.param("+1512555 01 00\n", id="a-line-that-ends"),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_library(target: str) -> None:
    assert quickly_valid(target) is None
