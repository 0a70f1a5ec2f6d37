"""Judging of new requests before they are stored, however they came in."""

from worker.domain.contract.batches import BatchFacts, refuse_closed
from worker.domain.errors import UnknownBatch
from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.targets import Unreachable, normalize
from worker.domain.statuses import Channel
from worker.store import batches, ingest
from worker.store.batches import Intake
from worker.store.connect import Connection
from worker.store.ingest import Arrival


def lock_open_batch(connection: Connection, batch_id: str) -> Intake:
    """The batch, once it is our turn to add to it.

    Raises:
        UnknownBatch, BatchArchived, BatchDeleted, BatchExpired: nothing can be added to it.
    """
    facts = batches.find(connection, batch_id)
    if facts is None:
        raise UnknownBatch(batch_id)
    return await_turn(connection, facts)


def await_turn(connection: Connection, facts: BatchFacts) -> Intake:
    """The same of a batch that was found; what was read of it before our turn counts for nothing.

    Raises:
        BatchArchived, BatchDeleted, BatchExpired: nothing can be added to it.
    """
    ingest.take_turn(connection, facts.id)
    intake = batches.intake(connection, facts.batch_id)
    assert intake is not None
    refuse_closed(intake.facts, intake.now)
    return intake


def look_again(connection: Connection, intake: Intake) -> None:
    """Let nothing be kept that was read while its batch was closed. Nobody waits for us to find out.

    Who closes it between this and our commit closes what we have added, too.

    Raises:
        BatchDeleted, BatchExpired: it is closed by now.
    """
    now = batches.intake(connection, intake.facts.batch_id)
    assert now is not None
    refuse_closed(now.facts, now.now)


def judge_row(
    intake: Intake, line: int, reference_id: str, target: str, variables: dict[str, str]
) -> Arrival:
    """One request, judged: its address, or why there is none, or why it may not be contacted."""
    address = identity = fault = filtered = None
    match normalize(intake.channel, target, intake.default_region):
        case Unreachable(reason):
            fault = f"target {reason}"
        case str(found):
            address, identity = found, identity_of(intake.channel, found)
            if intake.channel is not Channel.EMAIL:
                filtered = intake.policy.refusal(found)
    return Arrival(
        line, reference_id, target.strip(), address, identity, fault, variables, filtered
    )
