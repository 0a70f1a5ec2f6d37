"""The demo's judge of the metrics: they count what the sandbox wrote down, by channel and answer."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from worker.domain.statuses import Channel
from worker.local.stack import Stack

CHANNELS = {"call": Channel.VOICE, "message": Channel.SMS, "mail": Channel.EMAIL}
"""By the sandbox's word for a contact."""
PATIENCE = 12.0
"""Seconds: each process brings what it has measured every five."""
LOOK = 0.5

Counts = Counter[tuple[str, str]]
"""By channel and answer."""
Rows = Sequence[Mapping[str, Any]]


def compare_metrics(house: Stack) -> tuple[list[str], Counter[str]]:
    """Hold what Prometheus would read against the sandbox's books.

    Returns:
        what differs, a sentence each; and the contacts that are counted, by channel.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        exposition = _read(f"{house.api_url}/metrics").decode()
        ledger = json.loads(_read(f"{house.sandbox_url}/sandbox/ledger"))
        answers = json.loads(_read(f"{house.sandbox_url}/sandbox/answers"))
        wrong = list(judge_metrics(exposition, ledger, answers))
        if not wrong or time.monotonic() > deadline:
            contacts = count(exposition, "outreach_contacts_total")
            return wrong, _by_channel(contacts)
        time.sleep(LOOK)


def judge_metrics(exposition: str, ledger: Rows, answers: Rows) -> Iterator[str]:
    """What differs, a sentence each.

    Every request is counted by the answer that its worker read, and every person by what made the contact
    known: where the answer could not be read, that may be a callback which came before it broke.

    Args:
        exposition: what Prometheus reads.
        ledger: the contacts, as the sandbox knows them.
        answers: the answers that it gave to requests, with how many people each asked for, n times.
    """
    requests, people = Counts(), Counts()
    for one in answers:
        channel, answer = CHANNELS[one["kind"]].value, name_answer(one)
        requests[channel, answer] += one["n"]
        people[channel, PERSONAL.get(answer, answer)] += one["n"] * one["people"]
    answered = count(exposition, "outreach_answers_total")
    people = _with_early_callbacks(people, answered)
    contacts = Counts({key: n for key, n in people.items() if key[1] == "accepted"})
    for channel, n in Counter(CHANNELS[one["kind"]].value for one in ledger).items():
        contacts[channel, "found"] = n - contacts[channel, "accepted"]
    yield from _differ("requests", exposition, "outreach_provider_answer_seconds_count", requests)
    yield from _differ("answers", exposition, "outreach_answers_total", people)
    yield from _differ("contacts", exposition, "outreach_contacts_total", contacts)


def _with_early_callbacks(people: Counts, answered: Counts) -> Counts:
    """As many of the unread answers as were known by a callback before, counted as accepted."""
    moved = people.copy()
    for channel in Channel:
        accepted, unknown = (channel.value, "accepted"), (channel.value, "unknown")
        early = min(max(answered[accepted] - people[accepted], 0), people[unknown])
        moved[accepted] += early
        moved[unknown] -= early
    return moved


PERSONAL = {"throttled": "not_sent", "group_refused": "not_sent", "halt": "not_sent"}
"""What an answer to a request is counted as for each of its people, where it has another name."""


def name_answer(one: Mapping[str, Any]) -> str:
    """Our name for an answer of the sandbox's."""
    status = one["status"]
    if not one["whole"] or status >= 500 or 300 <= status < 400:
        return "unknown"
    if status == 429:
        return "throttled"
    if status >= 400:
        return "group_refused" if one["people"] > 1 else "refused"
    return "accepted"


def count(exposition: str, name: str) -> Counts:
    """A metric's sums by channel and answer, those without a count left out."""
    sums = Counts()
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            if sample.name == name and sample.value:
                sums[sample.labels["channel"], sample.labels["answer"]] += int(sample.value)
    return sums


def _differ(what: str, exposition: str, name: str, expected: Counts) -> Iterator[str]:
    found = count(exposition, name)
    for channel, answer in sorted({*found, *+expected}):
        counted, there = found[channel, answer], expected[channel, answer]
        if counted != there:
            yield f"{what}: {counted} {answer} {channel} in the metrics, {there} in the sandbox's books"


def _by_channel(counts: Counts) -> Counter[str]:
    sums = Counter[str]()
    for (channel, _), n in counts.items():
        sums[channel] += n
    return sums


def _read(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:  # noqa: S310  loopback
        return bytes(answer.read())
