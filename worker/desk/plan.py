"""The schedule of a batch: why it stands still, when it ends, hour by hour."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.desk.batches import get_batch
from worker.desk.situations import (
    NO_CEILINGS,
    calls_in_use,
    count_waiting,
    find_halt,
    read_situations,
)
from worker.domain.content.text_costs import TextCosts
from worker.domain.contract.batches import BatchFacts
from worker.domain.evidence.destination_codes import DESTINATIONS, country_of
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import begins_at
from worker.domain.schedule.explain import Situation, when_finished, why_not_moving
from worker.domain.schedule.gates import BatchGate, GateFacts, batch_gates
from worker.domain.schedule.plan import Plan
from worker.domain.schedule.reachability import Alike, Never, Reach
from worker.domain.wire import Wire, to_wire
from worker.store import (
    batches,
    due_batches,
    due_requests,
    halts,
    reachability,
)
from worker.store.connect import Connection, Engine, in_transaction

MOST_COUNTED = 500_000
"""Requests of a batch; who can't be contacted is not counted in a larger one, which takes too long."""
MOST_BEGINNINGS = 20_000
"""Of numbers, the most frequent first: the zones of one take 40 µs to find."""
UNCOUNTED = f"nobody was counted: the batch has more than {MOST_COUNTED:,} requests"


@dataclass(frozen=True, slots=True)
class Outlook:
    """An operator's answer to "what is it doing?"."""

    not_moving: str | None
    finishes: str | None
    finishes_at: datetime | None
    plan: Plan
    never: tuple[Never, ...] = ()
    refused: tuple[str, ...] = ()
    """What was said of a country, once for each and whatever was said."""
    uncounted: str | None = None
    """Of whom it is not known whether they are ever contacted, where that is not known of all."""
    costs: TextCosts | None = None
    """What its texts are charged as, where that was asked for."""

    @property
    def whom_never(self) -> list[str]:
        """Say whom the batch never contacts, a sentence for each reason, and who was not counted."""
        never = [str(one) for one in self.never]
        return [f"never contacted: {one}" for one in (*never, self.uncounted) if one]

    @property
    def sentences(self) -> list[str]:
        """Return what there is to say."""
        still = [f"not moving now: {self.not_moving}"] if self.not_moving else []
        refused = [f"refused by destination: {one}" for one in self.refused]
        return [
            *still,
            *self.whom_never,
            *refused,
            *([f"finishes: {self.finishes}"] if self.finishes else []),
        ]

    def to_wire(self) -> dict[str, Wire]:
        """The sentences, and when the last attempt is expected to begin; null: not in sight.

        `uncounted` says whom the numbers leave out; null: nobody.
        """
        never: list[Wire] = [{"requests": one.n, "why": one.why} for one in self.never]
        return {
            "explanation": to_wire(self.sentences),
            "finishes_at": to_wire(self.finishes_at),
            "never_contacted": never,
            "uncounted": self.uncounted,
        }

    def hours_to_wire(self) -> list[Wire]:
        """The attempts by the hour in which they begin."""
        return [{"hour": to_wire(hour), "attempts": n} for hour, n in self.plan.hours]


def outlook(
    engine: Engine,
    batch_id: str,
    *,
    requests: int | None = None,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> Outlook:
    """Return why the batch is not moving right now, when it will finish, and its attempts by hour.

    Args:
        engine: the store.
        batch_id: the batch.
        requests: plan as if this many waited, instead of those that do.
        ceilings: what the channels allow.
        zone: in which the sentences tell times; None: the campaign's.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> Outlook:
        facts = get_batch(connection, batch_id)
        (seen,) = glance_at(connection, [facts], requests=requests, ceilings=ceilings, zone=zone)
        if requests is not None:
            return seen
        never, uncounted = never_contacted(connection, facts)
        refused = _by_country(connection, facts) if _is_counted(connection, facts) else ()
        return replace(seen, never=never, uncounted=uncounted, refused=refused)

    return in_transaction(engine, step)


def glance_at(
    connection: Connection,
    found: Sequence[BatchFacts],
    *,
    requests: int | None = None,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> list[Outlook]:
    """The same of many batches but for whom they never contact, which takes longest, in their order."""
    now = batches.now(connection)
    situations = read_situations(
        connection, found, now, requests=requests, ceilings=ceilings, zone=zone
    )
    return [_outlook(situation, now) for situation in situations]


def _outlook(situation: Situation, now: datetime) -> Outlook:
    finishes = when_finished(situation, now)
    ends = situation.plan.finishes_at if finishes and situation.scanning else None
    return Outlook(why_not_moving(situation, now), finishes, ends, situation.plan)


def gates_at(
    connection: Connection,
    facts: BatchFacts,
    *,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> tuple[BatchGate, ...]:
    """Every gate that the rest of the batch has to pass, in a transaction of the caller's."""
    now = batches.now(connection)
    candidate = due_batches.of(connection, [facts.id], now)[facts.id]
    channel, waiting = candidate.channel, count_waiting(connection, [facts.id])
    seen = GateFacts(
        facts=facts,
        pacing=replace(candidate.pacing, remaining=waiting.get(facts.id, 0)),
        halt=find_halt(connection, halts.in_force(connection), facts, channel),
        due=due_requests.waiting(connection, {facts.id: 1})[facts.id] > 0,
        next_due=due_requests.next_due(connection, [facts.id]).get(facts.id),
        calls_in_use=calls_in_use(connection, channel, ceilings.concurrent_calls),
        zone=zone or candidate.pacing.hours.window.zone,
    )
    return batch_gates(seen, now)


def never_contacted(
    connection: Connection, facts: BatchFacts
) -> tuple[tuple[Never, ...], str | None]:
    """Count whom the batch never contacts, by why; and what to say of those who were not counted."""
    if not _is_counted(connection, facts):
        return (), UNCOUNTED
    now = batches.now(connection)
    candidate = due_batches.of(connection, [facts.id], now)[facts.id]
    begins = begins_at(candidate.pacing, now)
    reached = Reach(candidate.pacing.hours, begins, facts.expires_on)
    alike = reachability.alike(connection, facts.id, most=MOST_BEGINNINGS + 1)
    never, uncounted = find_never(reached, alike)
    return (*reachability.count_refused(connection, facts.id), *never), uncounted


def find_never(reached: Reach, numbers: Sequence[Alike]) -> tuple[tuple[Never, ...], str | None]:
    """Count whom no hour suits, and what to say of those whose hours were not looked at."""
    looked_at = numbers[:MOST_BEGINNINGS]
    is_partial = reached.hours.recipient is not None and len(numbers) > len(looked_at)
    counted = sum(one.n for one in looked_at)
    said = f"of the others it is not known: only {counted:,} numbers were looked at for their hours"
    return reached.never(looked_at), said if is_partial else None


def _is_counted(connection: Connection, facts: BatchFacts) -> bool:
    counts = batches.counts(connection, [facts.id]).get(facts.id, ())
    return sum(count.n for count in counts) <= MOST_COUNTED


def _by_country(connection: Connection, facts: BatchFacts) -> tuple[str, ...]:
    found: Counter[tuple[str, str]] = Counter()
    for code, alike in reachability.find_failed_with(connection, facts.id, list(DESTINATIONS)):
        found[country_of(alike.prefix.ljust(alike.length, "0")), code] += alike.n
    return tuple(
        f"{n:,} to {country}: {DESTINATIONS[code]} ({code})"
        for (country, code), n in found.most_common()
    )
