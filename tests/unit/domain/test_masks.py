"""A mask tells two apart, and nobody's number."""

import pytest

from worker.domain.recipients.masks import mask


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("+15125550101", "+1 512 ··· ··01"),
        ("+1 (512) 555-0101", "+1 512 ··· ··01"),
        ("(512) 555-0101", "··· ··01"),
        ("+4930123456", "+49 ··· ··56"),
        ("+491701234567", "+49 170 ··· ··67"),
        ("ana@example.com", "a···@e···"),
        ("@", "···@···"),
        ("112", "···"),
        ("not a number", "···"),
        ("", "···"),
    ],
)
def test_a_target_is_shown_in_part(target: str, shown: str) -> None:
    assert mask(target) == shown


@pytest.mark.parametrize("target", ["+15125550101", "+4930123456", "+6421555012"])
def test_at_least_four_digits_of_a_number_stay_unknown(target: str) -> None:
    shown = [one for one in mask(target) if one.isdecimal()]

    assert len(target) - 1 - len(shown) >= 4
