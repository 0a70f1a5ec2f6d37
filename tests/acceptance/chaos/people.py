"""Who is contacted, as the files spell them: most of them plain, some with every scenario and fault.

The judge of people knows only these files, what the sandbox saw, and how a human reads an address.
"""

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from worker.sandbox.scenarios import FAULTS, SCENARIOS

SOURCES = {"voice": "+1512555{:04}", "sms": "+1512556{:04}", "email": "sender{}@example.com"}
MAIL_TAGS = ("bounce", "blocked", "dropped", "deferred", "open", "unsubscribe", "spam")
CONTENT = {
    "voice": {"twiml": "<Response><Say>Hello {{ name }}</Say></Response>"},
    "sms": {"body": "Hello {{ name }}"},
    "email": {"subject": "Hello {{ name }}", "text": "Hello {{ name }}"},
}
# Three of each fault, so that a run of any size sees every one; one person in five has a story.
EACH_FAULT = 3
# These lose mail for good: SendGrid can't be asked, so the policy closes them.
AREAS = ("205", "212", "305", "312", "404", "415", "512", "617", "702", "713", "808", "907", "919")


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """One batch of the run, with a sender of its own: that is how posts are told apart."""

    batch_id: str
    channel: str
    source: str
    people: tuple[str, ...]
    """Addresses as the file spells them, one a row."""
    campaign: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What its campaign asks for beside the content."""

    def csv_slice(self, number: int, slices: int) -> bytes:
        """The rows of one slice as an upload."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("reference_id", "target", "name"))
        for index in range(number, len(self.people), slices):
            writer.writerow((f"{self.batch_id}-{index}", self.people[index], "Ana"))
        return out.getvalue().encode()


# Area codes whose clocks are five or six hours apart, and the zone of each.
OPEN_AREA, CLOSED_AREA = "212", "808"
ZONES = {OPEN_AREA: "America/New_York", CLOSED_AREA: "Pacific/Honolulu"}
CLOSED_BATCH = "chaos-voice-3"
"""Half of its people are asleep for as long as the run lasts; it is deleted at the end."""
FREQUENCY_CAP = 1
RESPELLED = 20
"""One row in so many repeats somebody of the same file in another spelling."""


def make_batches(random: Random, n: int, now: datetime) -> list[BatchPlan]:
    """Two batches per channel, the second of which shares a third of its people with the first.

    Beside them one whose campaign caps how often anybody is contacted, whose people are those of
    others, and one that may call only the half of its people whose morning or evening it is.
    """
    batches = []
    for channel in ("voice", "sms", "email"):
        numbers = count(1)
        half = n // 6
        first = _people(random, channel, half, numbers)
        second = first[: half // 3] + _people(random, channel, half - half // 3, numbers)
        batches += [_batch(random, channel, 1, first), _batch(random, channel, 2, second)]
        if channel == "sms":
            cap = {"frequency_cap": FREQUENCY_CAP, "frequency_days": 1}
            batches.append(_batch(random, channel, 3, second[: half // 4], cap))
    sleepers = [f"+1{area}655{last:04}" for area in ZONES for last in range(2000, 2000 + n // 100)]
    return [*batches, _batch(random, "voice", 3, sleepers, open_hours(now))]


def open_hours(now: datetime) -> dict[str, Any]:
    """Hours of the recipient's day in which it is open in one zone, and closed in the other."""
    local = now.astimezone(ZoneInfo(ZONES[OPEN_AREA]))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    since = max(midnight, local - timedelta(hours=1))
    until = min(midnight + timedelta(hours=23, minutes=59), local + timedelta(hours=3))
    return {
        "recipient_hours": True,
        "recipient_start_time": f"{since:%H:%M:%S}",
        "recipient_end_time": f"{until:%H:%M:%S}",
    }


def person_of(written: str) -> str:
    """Whom a human reads in an address: a mailbox without case, an American number by its digits."""
    if "@" in written:
        return unicodedata.normalize("NFC", written).strip().casefold()
    digits = "".join(filter(str.isdigit, written))
    is_whole = written.strip().startswith("+") or (len(digits) == 11 and digits[0] == "1")
    return f"+{digits}" if is_whole else f"+1{digits}"


def _batch(
    random: Random,
    channel: str,
    number: int,
    people: list[str],
    campaign: dict[str, Any] | None = None,
) -> BatchPlan:
    respelled = [_respell(random, one) for one in people[::RESPELLED]]
    rows = people + respelled
    random.shuffle(rows)
    source = SOURCES[channel].format(number)
    return BatchPlan(f"chaos-{channel}-{number}", channel, source, tuple(rows), campaign or {})


def _respell(random: Random, address: str) -> str:
    """The same person, spelled as somebody else would."""
    if "@" in address:
        return random.choice((address.upper(), address.title(), f" {address} "))
    area, exchange, last = address[2:5], address[5:8], address[8:]
    shapes = (
        f"({area}) {exchange}-{last}",
        f"+1 {area} {exchange} {last}",
        f"1-{area}-{exchange}-{last}",
    )
    return random.choice(shapes)


def _people(random: Random, channel: str, n: int, numbers: "count[int]") -> list[str]:
    stories = [name for name in FAULTS for _ in range(EACH_FAULT)]
    others = [s.name for s in SCENARIOS] if channel != "email" else list(MAIL_TAGS)
    stories += [random.choice(others) for _ in range(max(0, n // 5 - len(stories)))]
    stories += ["plain"] * max(0, n - len(stories))
    make = _mailbox if channel == "email" else _number
    return [make(story, next(numbers)) for story in stories[:n]]


def _number(story: str, number: int) -> str:
    digits = FAULTS | {scenario.name: scenario.digits for scenario in SCENARIOS}
    area, exchange = AREAS[number % len(AREAS)], 220 + number // len(AREAS) % 700
    last = digits.get(story, f"{2000 + number // (len(AREAS) * 700):04}")
    return f"+1{area}{exchange}{last}"


def _mailbox(story: str, number: int) -> str:
    tag = "" if story == "plain" else f"+{story}-{number:05}"
    return f"person{number:05}{tag}@example.com"
