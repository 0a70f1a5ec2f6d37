"""The verdict for people: the files that were uploaded against what the sandbox saw.

Nothing here asks the database: who is who, who was reached and who said stop is read as a human reads
it, so that a wrong idea of ours can't excuse itself.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tests.acceptance.chaos.judge import Verdict
from tests.acceptance.chaos.people import FREQUENCY_CAP, ZONES, BatchPlan, person_of

CHANNELS = {"call": "voice", "message": "sms", "mail": "email"}
"""The kinds of contact in the sandbox's book, and the channel of each."""
REACHED = {
    "in-progress",
    "completed",
    "delivered",
    "sent",
    "open",
    "click",
    "unsubscribe",
    "spamreport",
}
"""Last words after which nobody may be contacted again for the same request."""
ATTEMPTS = 2
"""One, and the one retry that the campaigns ask for."""
UNDER_WAY_SECONDS = 5.0
"""An attempt may have begun before an opt-out was taken, and be seen only now: send window and latency."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact as the sandbox wrote it down; `at` in seconds since the epoch."""

    channel: str
    source: str
    person: str
    at: float
    status: str

    @property
    def reached(self) -> bool:
        """Whether the person got it, or may have."""
        return self.status in REACHED


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody said stop on a channel, and was told at this time (epoch seconds) that it was heard."""

    channel: str
    person: str
    at: float


def read_contact(entry: Mapping[str, Any]) -> Contact:
    """One entry of the sandbox's book."""
    who = person_of(entry["to"])
    return Contact(
        CHANNELS[entry["kind"]], entry["source"], who, entry["accepted_at"], entry["status"]
    )


def read_contacts(ledger: Iterable[Mapping[str, Any]]) -> list[Contact]:
    """The sandbox's book, the earliest first, without the calls that a pause took back before they rang."""
    rang = (entry for entry in ledger if not entry["taken_back"])
    return sorted(map(read_contact, rang), key=lambda one: one.at)


def read_stops(told: Iterable[Mapping[str, Any]]) -> list[Stop]:
    """The sandbox's list of opt-outs that it told and that were taken."""
    return [Stop(CHANNELS[one["kind"]], person_of(one["to"]), one["at"]) for one in told]


def left_alone(
    batches: Sequence[BatchPlan], stops: Sequence[Stop]
) -> Callable[[Mapping[str, Any]], bool]:
    """Whether the person of an entry of the sandbox's book may be skipped at a retry."""
    capped = {one.source for one in batches if "frequency_cap" in one.campaign}
    stopped = {(one.channel, one.person) for one in stops}

    def may_be_skipped(entry: Mapping[str, Any]) -> bool:
        contact = read_contact(entry)
        return contact.source in capped or (contact.channel, contact.person) in stopped

    return may_be_skipped


def judge_people(
    verdict: Verdict,
    batches: Sequence[BatchPlan],
    ledger: Iterable[Mapping[str, Any]],
    stops: Sequence[Stop] = (),
) -> None:
    """Hold what is promised to people."""
    contacts = read_contacts(ledger)
    by_request: defaultdict[tuple[str, str], list[Contact]] = defaultdict(list)
    for contact in contacts:
        by_request[contact.source, contact.person].append(contact)
    found = {
        "contacts of somebody no file names": _strangers(batches, contacts),
        "contacts beyond the attempts that policy allows": _beyond_policy(by_request),
        "contacts of somebody this request had reached": _again(by_request),
        "contacts of somebody who had said stop": _after_stop(contacts, stops),
        "contacts above a cap": _above_cap(batches, contacts),
        "contacts outside somebody's hours": _outside_hours(batches, contacts),
    }
    verdict.figures |= {
        "people": len({(one.channel, one.person) for one in contacts}),
        "stops": len(stops),
        "people_wronged": {name: n for name, n in found.items() if n},
    }
    for name, n in found.items():
        verdict.hold(f"no {name} ({n})", n == 0)


def _strangers(batches: Sequence[BatchPlan], contacts: Sequence[Contact]) -> int:
    named = {(one.source, person_of(written)) for one in batches for written in one.people}
    return sum((one.source, one.person) not in named for one in contacts)


def _beyond_policy(by_request: Mapping[tuple[str, str], Sequence[Contact]]) -> int:
    return sum(max(0, len(contacts) - ATTEMPTS) for contacts in by_request.values())


def _again(by_request: Mapping[tuple[str, str], Sequence[Contact]]) -> int:
    again = 0
    for contacts in by_request.values():
        first = next((n for n, one in enumerate(contacts) if one.reached), len(contacts))
        again += max(0, len(contacts) - first - 1)
    return again


def _after_stop(contacts: Sequence[Contact], stops: Sequence[Stop]) -> int:
    heard = {(one.channel, one.person): one.at for one in sorted(stops, key=lambda one: -one.at)}
    never = float("inf")
    return sum(
        one.at > heard.get((one.channel, one.person), never) + UNDER_WAY_SECONDS for one in contacts
    )


def _above_cap(batches: Sequence[BatchPlan], contacts: Sequence[Contact]) -> int:
    capped = {one.source for one in batches if "frequency_cap" in one.campaign}
    before: Counter[tuple[str, str]] = Counter()
    above = 0
    for one in contacts:
        above += one.source in capped and before[one.channel, one.person] >= FREQUENCY_CAP
        before[one.channel, one.person] += 1
    return above


def _outside_hours(batches: Sequence[BatchPlan], contacts: Sequence[Contact]) -> int:
    hours = {one.source: one.campaign for one in batches if "recipient_hours" in one.campaign}
    return sum(one.source in hours and not _awake(one, hours[one.source]) for one in contacts)


def _awake(contact: Contact, hours: Mapping[str, Any]) -> bool:
    zone = ZoneInfo(ZONES[contact.person[2:5]])
    local = datetime.fromtimestamp(contact.at - UNDER_WAY_SECONDS, zone).time()
    opens, closes = (time.fromisoformat(hours[f"recipient_{end}_time"]) for end in ("start", "end"))
    return opens <= local <= closes
