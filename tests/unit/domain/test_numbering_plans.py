"""The quick way against the slow one, over every region of the world."""

import random
import secrets
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import (
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
)

from tests.prove.spellings import BESIDE
from tests.samples import FULL, sample
from worker.domain.recipients.numbering_plans import is_surely_none
from worker.domain.recipients.phone_fast_path import quickly_valid
from worker.domain.recipients.phone_parsing import UnreadNumber
from worker.domain.recipients.phone_reading import read_number
from worker.domain.recipients.phone_spelling import read_spelling

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
PUT_BEFORE = ("", "0", "1", "8", "00", "011", "+", "+1", "(", "tel:")


def by_the_slow_way(target: str, region: str | None) -> str | None:
    spelled = read_spelling(target)
    if isinstance(spelled, str):
        return None
    try:
        return read_number(spelled, region)
    except UnreadNumber:
        return None


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
def test_a_quick_yes_is_the_slow_ones_yes(region: str) -> None:
    dice = random.Random(region)  # noqa: S311  no secret is drawn
    defaults = (region, dice.choice(REGIONS), None)
    quick = 0
    for example in examples(region):
        for target in variants(example, dice):
            for default in defaults if FULL else (dice.choice(defaults),):
                said = quickly_valid(target, default)
                quick += said is not None
                assert said in {None, by_the_slow_way(target, default)}, (target, default)
    assert quick


@pytest.mark.parametrize("region", REGIONS)
def test_a_quick_no_is_the_librarys_no(region: str) -> None:
    dice = random.Random(region)  # noqa: S311  no secret is drawn
    for example in examples(region):
        for target in variants(example, dice):
            digits = "".join(one for one in target if one in "0123456789")
            if is_surely_none(digits):
                assert not phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}")), digits


@pytest.mark.parametrize("digits", ["491545395911", "447700493742", "12005550100"])
def test_what_is_as_long_as_a_number_and_none_needs_no_library(digits: str) -> None:
    assert is_surely_none(digits)


@pytest.mark.parametrize(("begins", "share"), [("+", 0.95), ("", 0.65)], ids=["abroad", "at home"])
def test_most_valid_numbers_are_judged_quickly(begins: str, share: float) -> None:
    """Those that are not: prefixes rewritten rather than cut off, area codes that are calling codes."""
    judged = [
        quickly_valid(target, region) is not None
        for region in REGIONS
        for target in examples(region)
        if by_the_slow_way(target, region) is not None
        and (target.startswith("+") if begins else target[0] in "(0123456789")
    ]

    assert sum(judged) > share * len(judged)


@settings(max_examples=sample(400, 1_500), derandomize=True, deadline=None, database=None)
@given(st.data())
def test_whatever_the_numbering_plans_allow_is_judged_alike(data: st.DataObject) -> None:
    """Numbers out of the patterns themselves, with the prefixes they might be confused with."""
    facts = PhoneMetadata.metadata_for_region(data.draw(st.sampled_from(REGIONS)))
    assert facts is not None
    number = data.draw(st.from_regex(data.draw(st.sampled_from(patterns(facts))), fullmatch=True))
    before = ("", "+", str(facts.country_code), f"+{facts.country_code}")
    between = ("", facts.national_prefix or "", "00", "011")
    target = data.draw(st.sampled_from(before)) + data.draw(st.sampled_from(between)) + number

    assert quickly_valid(target, facts.id) in {None, by_the_slow_way(target, facts.id)}


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
    for _ in range(sample(300, 1_000)):
        digits = "".join(dice.choices("0123456789", k=dice.randrange(3, 15)))
        target = dice.choice(("", "", "+", f"+{phonenumbers.country_code_for_region(region)}"))
        assert quickly_valid(target + digits, region) in {
            None,
            by_the_slow_way(target + digits, region),
        }


@pytest.mark.parametrize(
    ("target", "region"),
    [
        pytest.param("+39 345 678 9012", None, id="without-a-zero"),
        pytest.param("+33 6 12 34 05 06", None, id="groups-that-begin-with-a-zero"),
        pytest.param("+7 777 123 4567", None, id="the-second-region-of-a-code"),
        pytest.param("0171 2345678", "DE", id="a-national-prefix"),
        pytest.param("030 1234567", "DE", id="a-national-prefix-and-an-area"),
        pytest.param("06 12 34 56 78", "FR", id="pairs"),
        pytest.param("(323) 555-2671", "US", id="an-area-in-parentheses"),
        pytest.param("212-555-2671", "US", id="an-area-that-is-a-calling-code-of-longer-numbers"),
        pytest.param("20 12 34 56", "DK", id="no-prefix"),
    ],
)
def test_what_people_write_needs_no_library(target: str, region: str | None) -> None:
    expected = by_the_slow_way(target, region)

    assert expected is not None
    assert quickly_valid(target, region) == expected


@pytest.mark.parametrize(
    ("target", "region"),
    [
        *((target, None) for target in ("", "+", "٤١٥٥٥٥٢٦٧١", "+1#415", "+1 415-555-2671 x22")),
        ("+1 415 555 2671 / 2672", None),
        ("415-555-2671", None),
        pytest.param("+3758109148693", None, id="a-prefix-that-may-be-a-digit-of-the-number"),
        pytest.param("+49 30 12345 040 54321", None, id="a-group-like-another-number"),
        pytest.param("+15125550100.0", None, id="decimals"),
        pytest.param("+1512555 01 00\n", None, id="a-line-that-ends"),
        pytest.param("+390212345600 2", None, id="a-tail"),
        pytest.param("+39 02 1234 5600 2 3", None, id="two-tails"),
        pytest.param("030 1234567 68", "DE", id="a-tail-at-home"),
        pytest.param("2 01512 3456788", "DE", id="a-place-in-a-list"),
        pytest.param("9292 030 123464", "DE", id="a-long-place-in-a-list"),
        pytest.param("12-05-2024", "DK", id="a-date"),
        pytest.param("323 5552671", "XX", id="an-unknown-region"),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_slow_way(target: str, region: str | None) -> None:
    assert quickly_valid(target, region) is None


def test_digits_beside_a_number_are_judged_alike() -> None:
    seed = secrets.randbelow(10_000)
    dice = random.Random(seed)  # noqa: S311  a run to be repeated, not a secret
    for region in REGIONS:
        for written in examples(region):
            for put in BESIDE.values():
                target = put(dice, written.removeprefix("tel:"))
                said = quickly_valid(target, region)
                assert said in {None, by_the_slow_way(target, region)}, f"{target}, seed {seed}"
