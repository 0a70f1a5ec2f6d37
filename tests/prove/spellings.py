"""Numbers of every region, how they are written, and what may stand beside them in a cell."""

import re
from collections.abc import Iterator
from random import Random

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
SEPARATORS = (" ", "-", ".", "\u00a0", "\u2011", " - ")
WORDS = (
    *("Tel", "Frau", "(Frau)", "ID", "STOP", "home", "x", "ext. 12", "#4", "a.m.", "mobil:"),
    *("=", "?", "дом", "電話", "هاتف", "und", ", ", "; ", " or ", "*", "&", "@", "\u20ac", "+"),
    "\n",
)
CLOSE_BEHIND = ("/68", " / 69", "(2)", " (2)", "/1234567", "; 12", ".0", "-")
GAPS = (" ", " ", "-", ".", "/", " - ", " / ", "\u00a0", "\t")
TAILS = ("2", "5", "0", "12", "68", "890", "2 3", "68 69")
PLACES = (" ", " ", ". ", "/", "-", " - ", ") ", ": ", "\t", " / ")
PREFIXES = ("0", "00", "9", "0 0", "8", "1", "(0)")
"""What is dialed for an outside line, or was typed twice."""
FORMS = (
    ("international", PhoneNumberFormat.E164),
    ("international", PhoneNumberFormat.INTERNATIONAL),
    ("international", PhoneNumberFormat.RFC3966),
    ("national", PhoneNumberFormat.NATIONAL),
)


def draw_number(random: Random, region: str) -> PhoneNumber | None:
    """A valid number of the region, of any type: an example with other last digits."""
    example = phonenumbers.example_number_for_type(region, random.choice(TYPES))
    if example is None:
        return None
    national = phonenumbers.national_significant_number(example)
    for _ in range(20):
        keep = max(1, len(national) - random.randint(1, 5))
        tail = "".join(str(random.randrange(10)) for _ in range(len(national) - keep))
        text = f"+{example.country_code}{national[:keep]}{tail}"
        number = phonenumbers.parse(text)
        if phonenumbers.is_valid_number_for_region(number, region):
            return number
    return example


def spell(random: Random, region: str, number: PhoneNumber) -> Iterator[tuple[str, str]]:
    """Kinds of spelling and the text of each."""
    for kind, form in FORMS:
        text = phonenumbers.format_number(number, form)
        yield kind, text
        separator = random.choice(SEPARATORS)
        yield kind, text.replace("tel:", "").replace("-", " ").replace(" ", separator)
    yield "international", phonenumbers.format_out_of_country_calling_number(number, region)


def grouped_by_hand(random: Random, number: PhoneNumber) -> str:
    """The national form with what stands behind its first group in pairs, threes, fours or one piece."""
    text = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    first, *others = re.findall("[0-9]+", text)
    rest, size, gap = "".join(others), random.choice((2, 3, 4, 20)), random.choice((" ", "-", "."))
    pieces = [rest[at : at + size] for at in range(0, len(rest), size)]
    if len(pieces) > 1 and len(pieces[-1]) == 1:
        pieces[-2:] = ["".join(pieces[-2:])]
    return f"{first}{random.choice((' ', '/', gap))}{gap.join(pieces)}" if rest else first


def is_direct_dial(text: str, number: PhoneNumber) -> bool:
    """Whether a hyphen stands before a tail, where that is how direct dials are written."""
    has_them = number.country_code in (43, 49)
    has_them = has_them and phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE
    return has_them and re.search(r"[0-9] ?- ?[0-9]{1,3}\Z", text) is not None


def with_words(random: Random, text: str) -> str:
    """More than one number's digits: words or another number before, behind or between."""
    if random.random() < 0.2:
        return text + random.choice(CLOSE_BEHIND)
    word = random.choice((*WORDS, " " + str(random.randrange(10**6, 10**9)) + " +"))
    at = random.choice((0, len(text), random.randrange(1, len(text))))
    gap = random.choice(("", " "))
    return text[:at] + gap + word + gap + text[at:]


def with_tail(random: Random, text: str) -> str:
    """A number, and behind it an extension, a count, or the last digits of another one."""
    return text + random.choice(GAPS) + random.choice(TAILS)


def behind_place(random: Random, text: str) -> str:
    """A number behind its place in a list."""
    place = random.randrange(1, random.choice((10, 100, 10_000)))
    return f"{place}{random.choice(PLACES)}{text}"


def behind_prefix(random: Random, text: str) -> str:
    """A number behind digits that are dialed before others."""
    return random.choice(PREFIXES) + random.choice(GAPS) + text


BESIDE = {
    "with a tail": with_tail,
    "behind its place in a list": behind_place,
    "behind a prefix too many": behind_prefix,
}


def is_spelling_of(text: str, address: str, region: str) -> bool:
    """Whether this is just how the library writes that number, whoever else was meant."""
    number = phonenumbers.parse(address)
    forms = {phonenumbers.format_number(number, form) for _, form in FORMS}
    forms.add(phonenumbers.format_out_of_country_calling_number(number, region))
    return _grouped(text) in map(_grouped, forms)


def _grouped(text: str) -> str:
    """Digits with blanks between, the plus before them."""
    return " ".join("".join(one if one.isdigit() or one == "+" else " " for one in text).split())
