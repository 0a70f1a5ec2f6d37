"""With its mark or without, a mobile number is one number to all who read, compare or ask for it."""

import pytest

from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.mobile_marks import MOBILE_MARKS, strip_mark
from worker.domain.recipients.stored_spellings import spellings
from worker.domain.recipients.targets import normalize
from worker.domain.statuses import Channel


@pytest.mark.parametrize("region", MOBILE_MARKS)
def test_a_mark_is_met_alike_by_all(region: str) -> None:
    mark = MOBILE_MARKS[region]
    bare = f"+{mark.code}3433551212" if region == "AR" else f"+{mark.code}5512345678"
    marked = bare.replace(mark.code, mark.code + mark.digit, 1)

    assert strip_mark(marked) == strip_mark(bare) == bare
    assert identity_of(Channel.SMS, marked) == identity_of(Channel.VOICE, bare)
    assert set(spellings(marked)) == set(spellings(bare)) == {bare, marked}
    assert {normalize(Channel.SMS, one, None) for one in (bare, marked)} <= {bare, marked}


@pytest.mark.parametrize(
    "number", ["+5411234567", "+549112345678901", "+14155550123", "+5255123456789"]
)
def test_what_has_other_digits_has_no_mark(number: str) -> None:
    assert strip_mark(number) == number
    assert [mark.other(number) for mark in MOBILE_MARKS.values()] == [None, None]
