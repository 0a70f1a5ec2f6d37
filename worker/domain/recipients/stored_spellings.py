"""The other ways one phone number is written internationally: a provider may store any of them.

Each rule adds or drops digits that a national plan changed, that some networks want and others refuse.
A provider that was asked for one spelling says nothing of what it stored under another, so it is asked
by all of them. One too many costs a question; one too few would call a message absent that went out.
"""

import re

from worker.domain.recipients.mobile_marks import other_marks

# A shape, and what it becomes in another. Where no page is named: https://www.itu.int/oth/T0202, the
# national numbering plans as the countries report them.
_RULES: tuple[tuple[str, str], ...] = (
    # Brazil: mobiles have had a ninth digit since 2012 to 2016; the older form is still accepted.
    # https://www.twilio.com/en-us/guidelines/br/sms
    (r"\+55(\d{2})9([6-9]\d{7})", r"+55\1\2"),
    (r"\+55(\d{2})([6-9]\d{7})", r"+55\g<1>9\2"),
    # Benin: 01 in front of the eight old digits since November 2024.
    (r"\+22901(\d{8})", r"+229\1"),
    (r"\+229(\d{8})", r"+22901\1"),
    # Côte d'Ivoire: two digits that name the operator, since January 2021.
    (r"\+225(?:01|05|07|21|25|27)(\d{8})", r"+225\1"),
    *((r"\+225(\d{8})", rf"+225{operator}\1") for operator in ("01", "05", "07", "21", "25", "27")),
    # Gabon: 06 and 07 were 6 and 7 until 2019.
    (r"\+2410([67]\d{6,7})", r"+241\1"),
    (r"\+241([67]\d{6,7})", r"+2410\1"),
    # Italy and San Marino: the zero of a landline belongs to the number, and is dropped by some.
    (r"\+390(\d{5,10})", r"+39\1"),
    (r"\+39([1-9]\d{4,9})", r"+390\1"),
)
_COMPILED = tuple((re.compile(shape), other) for shape, other in _RULES)


def spellings(number: str) -> tuple[str, ...]:
    """Every way in which this number may be stored, the one given first.

    Args:
        number: in E.164, with its plus.
    """
    others = [shape.sub(other, number) for shape, other in _COMPILED if shape.fullmatch(number)]
    return tuple(dict.fromkeys([number, *other_marks(number), *others]))
