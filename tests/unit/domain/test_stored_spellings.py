"""Every way one number is written internationally is asked for, and no other number is."""

import pytest
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
)

from worker.domain.recipients.stored_spellings import spellings


@pytest.mark.parametrize(
    ("number", "others"),
    [
        pytest.param("+525512345678", {"+5215512345678"}, id="Mexico"),
        pytest.param("+541123456789", {"+5491123456789"}, id="Argentina"),
        pytest.param("+551161234567", {"+5511961234567"}, id="Brazil"),
        pytest.param("+22990011234", {"+2290190011234"}, id="Benin"),
        pytest.param("+2410 6031234".replace(" ", ""), {"+2416031234"}, id="Gabon"),
        pytest.param("+390236618300", {"+39236618300"}, id="Italy"),
        pytest.param("+14155550123", set(), id="United States"),
        pytest.param("+4915123456789", set(), id="Germany"),
        pytest.param("+447400123456", set(), id="United Kingdom"),
    ],
)
def test_a_number_is_asked_for_in_every_spelling(number: str, others: set[str]) -> None:
    assert spellings(number)[0] == number
    assert set(spellings(number)) == {number} | others
    for other in others:
        assert number in spellings(other), "whichever of them we were given"


def test_the_five_operators_of_an_old_number_are_all_asked_for() -> None:
    old = "+22507123456"

    assert old not in spellings(old)[1:]
    assert all(old in spellings(new) for new in spellings(old))


@pytest.mark.parametrize("region", sorted(SUPPORTED_REGIONS))
@pytest.mark.parametrize("kind", [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE])
def test_whichever_spelling_is_given_the_others_are_found(region: str, kind: int) -> None:
    example = example_number_for_type(region, kind)
    if example is None:
        return
    number = format_number(example, PhoneNumberFormat.E164)

    for other in spellings(number):
        assert other[:3] == number[:3]
        assert number in spellings(other)
