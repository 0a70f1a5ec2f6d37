"""One request from close by, and every gate that holds it now; requests of all batches, searched."""

from collections.abc import Iterator

from worker.desk.batches import get_batch
from worker.desk.requests import find_request
from worker.desk.situations import NO_CEILINGS, read_gates
from worker.domain.contract.batches import BatchFacts
from worker.domain.contract.request_details import Found, RequestDetails
from worker.domain.contract.results import History
from worker.domain.errors import WrongFields
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import normalize
from worker.domain.schedule.ceilings import Ceilings
from worker.domain.schedule.eligibility import NotYet, local_time
from worker.domain.schedule.explain import NOTHING_SCANS
from worker.domain.schedule.source_limits import DAYS_END
from worker.domain.statuses import Channel, RequestStatus
from worker.store import daily_segments, halts, request_details
from worker.store.connect import Connection, Engine, in_transaction

MOST_FOUND = 200


def show_details(
    engine: Engine,
    batch_id: str,
    reference_id: str,
    *,
    ceilings: Ceilings = NO_CEILINGS,
    zone: str | None = None,
) -> RequestDetails:
    """A request with its history, its attempts and the gates that hold it now.

    Sentences tell times in this zone; None: in the campaign's, as those of its batch do.

    Raises:
        UnknownBatch, UnknownRequest: there is none.
    """

    def step(connection: Connection) -> RequestDetails:
        history = find_request(connection, batch_id, reference_id)
        attempts = request_details.attempts_of(connection, batch_id, reference_id)
        waits = _waits(history)
        held = tuple(_gates(connection, batch_id, history, ceilings, zone)) if waits else ()
        return RequestDetails(history, attempts, held)

    return in_transaction(engine, step)


def _waits(history: History) -> bool:
    return history.request.request_status == RequestStatus.PENDING


def _gates(
    connection: Connection, batch_id: str, history: History, ceilings: Ceilings, zone: str | None
) -> Iterator[str]:
    facts = get_batch(connection, batch_id)
    now, gates = read_gates(connection, facts, ceilings, zone)
    yield from _of_batch(facts)
    yield from _halted(connection, facts, gates.channel)
    if facts.expires_on is not None and facts.expires_on <= now:
        yield f"expired: the batch ended {local_time(facts.expires_on, gates.zone)}"
    if not gates.scanning:
        yield f"scheduler: {NOTHING_SCANS}"
    if isinstance(gates.eligibility, NotYet):
        yield f"schedule: {gates.eligibility.why}"
    if gates.calls_in_use is not None:
        yield f"calls: all {gates.calls_in_use:,} concurrent calls are in use"
    if history.due_at is not None and history.due_at > now:
        yield f"due: not before {local_time(history.due_at, gates.zone)}"
    reference = history.request.reference_id
    if rests := request_details.resting_source_of(connection, batch_id, reference):
        source, why, since = rests
        yield f"source {source} rests since {local_time(since, gates.zone)}: {why}"
    yield from _of_day(connection, batch_id, reference, ceilings, gates.zone)
    yield from _of_recipient(connection, batch_id, reference, gates.zone)


def _of_day(
    connection: Connection, batch_id: str, reference_id: str, ceilings: Ceilings, zone: str
) -> Iterator[str]:
    """What the carrier of its source says of today."""
    if not ceilings.sources:
        return
    limit = ceilings.sources.get(request_details.source_of(connection, batch_id, reference_id))
    if limit is None or limit.per_day is None:
        return
    ends = daily_segments.full_until(connection, limit.name, DAYS_END)
    if ends is not None:
        until = local_time(ends, zone)
        yield f"carrier: today's {limit.per_day:,} segments of {limit.name} are used up until {until}"


def _of_batch(facts: BatchFacts) -> Iterator[str]:
    if facts.deleted_at is not None:
        yield f"deleted: by {facts.last_updated_by}"
    if facts.error_message is not None:
        yield f"upload: it failed: {facts.error_message}"
    if facts.paused:
        yield f"paused: by {facts.last_updated_by}"


def _halted(connection: Connection, facts: BatchFacts, channel: str) -> Iterator[str]:
    for one in halts.over(connection, channel, facts.campaign_id):
        yield f"halt of {one.scope} {one.key}".rstrip() + f": {one.reason}"


def _of_recipient(
    connection: Connection, batch_id: str, reference_id: str, zone: str
) -> Iterator[str]:
    found = request_details.recipient_of(connection, batch_id, reference_id)
    if found is None:
        return
    suppressed_at, reason, busy = found
    if suppressed_at is not None:
        yield f"suppressed: {reason}, since {local_time(suppressed_at, zone)}"
    if busy:
        yield "recipient: another request is under way to them"


def search_requests(
    engine: Engine,
    *,
    target: str | None = None,
    reference_id: str | None = None,
    campaign: int | None = None,
    limit: int = MOST_FOUND,
) -> list[Found]:
    """Requests of all batches for a target, or with a reference, the latest first.

    Args:
        engine: the store.
        target: a number with its country code, or a mailbox; of whatever channel.
        reference_id: of the request.
        campaign: only of this one.
        limit: how many.

    Raises:
        WrongFields: not one of both was given, or the target names nobody.
    """
    if (target is None) == (reference_id is None):
        raise WrongFields(["target: give either target or reference_id"])
    if reference_id is not None:
        return in_transaction(engine, request_details.by_reference, reference_id, campaign, limit)
    assert target is not None
    if not (identities := _identities(target)):
        raise WrongFields(["target: must be a number with its country code, or a mailbox"])
    return in_transaction(engine, request_details.by_identity, identities, campaign, limit)


def _identities(target: str) -> list[str]:
    read = {channel: normalize(channel, target, None) for channel in Channel}
    return sorted(
        {identity_of(channel, one) for channel, one in read.items() if isinstance(one, str)}
    )
