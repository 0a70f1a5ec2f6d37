"""Who is contacted: distinct valid addresses, most of them plain, some with every scenario and fault."""

import csv
import io
from dataclasses import dataclass
from itertools import count
from random import Random

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
    mode: str
    source: str
    people: tuple[str, ...]

    def csv_slice(self, number: int, slices: int) -> bytes:
        """The rows of one slice as an upload."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("reference_id", "target", "name"))
        for index in range(number, len(self.people), slices):
            writer.writerow((f"{self.batch_id}-{index}", self.people[index], "Ana"))
        return out.getvalue().encode()


def make_batches(random: Random, n: int) -> list[BatchPlan]:
    """Two batches per channel, the second of which shares a third of its people with the first."""
    batches = []
    for mode in ("voice", "sms", "email"):
        numbers = count(1)
        half = n // 6
        first = _people(random, mode, half, numbers)
        second = first[: half // 3] + _people(random, mode, half - half // 3, numbers)
        for index, people in enumerate((first, second), 1):
            random.shuffle(people)
            source = SOURCES[mode].format(index)
            batches.append(BatchPlan(f"chaos-{mode}-{index}", mode, source, tuple(people)))
    return batches


def _people(random: Random, mode: str, n: int, numbers: "count[int]") -> list[str]:
    stories = [name for name in FAULTS for _ in range(EACH_FAULT)]
    others = [s.name for s in SCENARIOS] if mode != "email" else list(MAIL_TAGS)
    stories += [random.choice(others) for _ in range(max(0, n // 5 - len(stories)))]
    stories += ["plain"] * max(0, n - len(stories))
    make = _mailbox if mode == "email" else _number
    return [make(story, next(numbers)) for story in stories[:n]]


def _number(story: str, number: int) -> str:
    digits = FAULTS | {scenario.name: scenario.digits for scenario in SCENARIOS}
    area, exchange = AREAS[number % len(AREAS)], 220 + number // len(AREAS) % 700
    last = digits.get(story, f"{2000 + number // (len(AREAS) * 700):04}")
    return f"+1{area}{exchange}{last}"


def _mailbox(story: str, number: int) -> str:
    tag = "" if story == "plain" else f"+{story}-{number:05}"
    return f"person{number:05}{tag}@example.com"
