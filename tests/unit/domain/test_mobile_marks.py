"""With its mark or without, a mobile number is one number to all who read, compare or ask for it."""

import pytest

from worker.domain.identities import identity_of
from worker.domain.mobile_marks import MOBILE_MARKS, unmarked
from worker.domain.spellings import spellings
from worker.domain.statuses import Mode
from worker.domain.targets import normalize


@pytest.mark.parametrize("region", MOBILE_MARKS)
def test_a_mark_is_met_alike_by_all(region: str) -> None:
    mark = MOBILE_MARKS[region]
    bare = f"+{mark.code}3433551212" if region == "AR" else f"+{mark.code}5512345678"
    marked = bare.replace(mark.code, mark.code + mark.digit, 1)

    assert unmarked(marked) == unmarked(bare) == bare
    assert identity_of(Mode.SMS, marked) == identity_of(Mode.VOICE, bare)
    assert set(spellings(marked)) == set(spellings(bare)) == {bare, marked}
    assert {normalize(Mode.SMS, one, None) for one in (bare, marked)} <= {bare, marked}


@pytest.mark.parametrize(
    "number", ["+5411234567", "+549112345678901", "+14155550123", "+5255123456789"]
)
def test_what_has_other_digits_has_no_mark(number: str) -> None:
    assert unmarked(number) == number
    assert [mark.other(number) for mark in MOBILE_MARKS.values()] == [None, None]
