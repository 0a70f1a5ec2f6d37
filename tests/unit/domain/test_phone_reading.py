"""One text, one number, or nobody: what people write on purpose, and what only looks like it."""

import secrets
from random import Random

import pytest

from tests.prove.numbers import RATES, REGIONS, try_region
from worker.domain.recipients.phone_reading import AMBIGUOUS, NO_PLUS, NOT_IN_USE, OTHER_DIGITS
from worker.domain.recipients.phone_spelling import (
    A_DATE,
    DECIMALS,
    EXTENSION,
    NOTHING,
    SHORTENED,
    TWO,
    WORDS,
)
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel

WIDE = "".join(chr(ord(one) + 0xFEE0) for one in "03-1234-5678")


@pytest.mark.parametrize(
    ("region", "text", "number"),
    [
        ("DE", "030/1234567", "+49301234567"),
        ("AT", "06 64 12 34 94", "+43664123494"),
        ("LU", "20 28 06 46", "+35220280646"),
        ("DE", "030 123456-78", "+493012345678"),
        ("DE", "030 12 34 56 78", "+493012345678"),
        ("DE", "030 123 456", "+4930123456"),
        ("DE", "0221 1234 567", "+492211234567"),
        ("DE", "089 5555-0", "+498955550"),
        ("AT", "+43 1 58801-0", "+431588010"),
        ("AT", "0664 123 45 67", "+436641234567"),
        ("FR", "+33 6 12 34 05 06", "+33612340506"),
        ("LU", "27 12 34 56", "+35227123456"),
        ("SE", "08-123 456 78", "+46812345678"),
        ("DE", "+49 (0)171 2345678", "+491712345678"),
        ("DE", "(+49) 171 2345678", "+491712345678"),
        ("DE", "0049 171 2345678", "+491712345678"),
        ("GB", "+44 (0) 20 7031 3000", "+442070313000"),
        ("GB", "447911123456", "+447911123456"),
        ("US", "15125550111", "+15125550111"),
        ("US", "(323) 555-2671", "+13235552671"),
        ("US", "323.555.2671", "+13235552671"),
        ("US", "tel:+1-512-555-0100", "+15125550100"),
        ("US", "+1 512 555 0117", "+15125550117"),
        ("US", "\u202a+15125550118\u202c", "+15125550118"),
        ("JP", WIDE, "+81312345678"),
        ("AR", "0343 15-555-1212", "+5493435551212"),
        ("AR", "+54 9 343 555 1212", "+5493435551212"),
        ("BR", "0 15 11 96123-4567", "+5511961234567"),
        ("US", "+52 1 55 1234 5678", "+525512345678"),
        ("DE", "+52 1 55 1234 5678", "+525512345678"),
        ("IT", "06 6982 0001", "+390669820001"),
        ("RU", "8 (301) 212-34-56", "+73012123456"),
        ("US", "1-800-FLOWERS", "+18003569377"),
        ("US", "1 800 GO-FEDEX", "+18004633339"),
        ("DE", "+1 (800) flowers", "+18003569377"),
        ("US", "1-888-555-HELP", "+18885554357"),
    ],
)
def test_what_people_write_is_read(region: str, text: str, number: str) -> None:
    assert normalize(Channel.VOICE, text, region) == number


@pytest.mark.parametrize(
    ("region", "text", "reason"),
    [
        ("DE", "030 123456 Tel", WORDS),
        ("DE", "030 123457 (Frau)", WORDS),
        ("DE", "ID 4711 0815", WORDS),
        ("DE", "+4930123456 STOP", WORDS),
        ("DE", "030 123456 (2)", WORDS),
        ("DE", "030 1234 (2) 56", WORDS),
        ("DE", "030 1234567/68", TWO),
        ("FO", "29 87 26 890", TWO),
        ("CA", "+13107959 890", TWO),
        ("DE", "030 1234567-68", TWO),
        ("DE", "030 1234567 68", TWO),
        ("DE", "+49 30 123456 2", TWO),
        ("DE", "+49 30 1234567 68", TWO),
        ("DE", "0800 1234567888-2", TWO),
        ("AT", "0800 182262 68", TWO),
        ("IT", "+390212345600 2", TWO),
        ("IT", "02 1234 5600 - 2", TWO),
        ("IT", "331 0123 4511 2", TWO),
        ("LU", "+352 27 12 34 5 2", TWO),
        ("NG", "+234 700 123 9013 5", TWO),
        ("CL", "+56600123403.5", DECIMALS),
        ("DE", "0301234567,5", DECIMALS),
        ("CL", "+56 600 123 403.5", TWO),
        ("DE", "4,9301E+11", SHORTENED),
        ("DE", "0 0171 23456789", TWO),
        ("IT", "00 - 331 0123 4507", TWO),
        ("DE", "5682/16414828", TWO),
        ("DE", "9292 030 123464", TWO),
        ("DE", "2 0049 30 1234567", NOT_IN_USE),
        ("DE", "1. +49 30 1234567", TWO),
        ("DE", "030 1234567 / 030 1234568", TWO),
        ("DE", "030 12345 040 54321", TWO),
        ("DE", "2 01512 3456788", TWO),
        ("DE", "3 / 0180 1 2620", TWO),
        ("SE", "8/08-12 34 33", TWO),
        ("PK", "3. 0900 123 45", TWO),
        ("LU", "3. 20 20 12 21", TWO),
        ("PG", "8/270 0133", TWO),
        ("DE", "+0049 30 123456", OTHER_DIGITS),
        ("US", "+15125550100 +15125550101", TWO),
        ("US", "+15125550100, +15125550101", WORDS),
        ("US", "+1512\n5550100", WORDS),
        ("US", "212 234 Frau", WORDS),
        ("US", "1-800-FLOWERSX", WORDS),
        ("CA", "+13107183und", WORDS),
        ("BM", "13101135", AMBIGUOUS),
        ("US", "1-8oo-356-9377", WORDS),
        ("DE", "0171 FLOWERS", WORDS),
        ("US", "+1 415 555 2671 x 22", EXTENSION),
        ("US", "+1 415 555 2671;ext=22", EXTENSION),
        ("US", "call me", NOTHING),
        ("US", "5125550100.0", DECIMALS),
        ("DK", "12.05.2024", A_DATE),
        ("DK", "2024-05-12", A_DATE),
        ("US", "911", NOT_IN_USE),
        ("DE", "491701234567", AMBIGUOUS),
        ("DE", "4915123456789", AMBIGUOUS),
        ("US", "3235552671", AMBIGUOUS),
        ("US", "4915123456789", NO_PLUS),
        ("US", "447911123456", NO_PLUS),
    ],
)
def test_what_only_looks_like_one_number_says_why(region: str, text: str, reason: str) -> None:
    assert normalize(Channel.VOICE, text, region) == Unreachable(reason)


def test_in_every_region_no_spelling_is_read_as_another_number() -> None:
    seed = secrets.randbelow(10_000)
    random = Random(seed)  # noqa: S311  a run to be repeated, not a secret

    tallies = {region: try_region(random, region, 1) for region in REGIONS}

    assert [line for one in tallies.values() for line in one.wrong] == [], f"seed {seed}"
    for kind, least in RATES.items():
        tried = sum(one.tried[kind] for one in tallies.values())
        assert sum(one.read[kind] for one in tallies.values()) >= least * tried, f"seed {seed}"
