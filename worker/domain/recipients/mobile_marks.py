"""A digit that says that a mobile phone is called, and is no part of the number of whoever has it.

One table for all who meet it: where a number is read it is set or cut off, it makes nobody another person,
and a provider may have stored a number with it or without.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MobileMark:
    """The mark that may stand between the calling code and the ten digits of area and subscriber."""

    code: str
    digit: str

    def other(self, number: str) -> str | None:
        """The same number in E.164 with the mark instead of without, or without; None: not of here."""
        bare, marked = f"+{self.code}", f"+{self.code}{self.digit}"
        if number.startswith(marked) and len(number) == len(marked) + DIGITS:
            return bare + number.removeprefix(marked)
        if number.startswith(bare) and len(number) == len(bare) + DIGITS:
            return marked + number.removeprefix(bare)
        return None


DIGITS = 10
MOBILE_MARKS: dict[str, MobileMark] = {
    # Mobiles are called from abroad with a 9, texted with or without; at home a 15 follows the area code.
    # https://www.itu.int/oth/T020200000A/en, https://www.twilio.com/en-us/guidelines/ar/sms
    "AR": MobileMark("54", "9"),
    # The 1 was abolished on 3 August 2019, and is still written, and stored by some.
    # https://www.twilio.com/en-us/guidelines/mx/voice, https://www.twilio.com/en-us/guidelines/mx/sms
    "MX": MobileMark("52", "1"),
}
"""By the region that has one."""
_BEGINS = tuple(f"+{mark.code}" for mark in MOBILE_MARKS.values())


def other_marks(number: str) -> list[str]:
    """The ways but for a mark in which a number in E.164 is the same one."""
    return [other for mark in MOBILE_MARKS.values() if (other := mark.other(number))]


def strip_mark(number: str) -> str:
    """The number in E.164 without the mark."""
    # Most numbers are of elsewhere, and every row of an upload asks.
    return min([number, *other_marks(number)], key=len) if number.startswith(_BEGINS) else number
