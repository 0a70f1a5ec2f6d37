"""Wait until nothing of a paused batch can reach a provider any more."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from worker.dispatch.cancel import cancel_call
from worker.dispatch.database_identity import refuse_unrecognized
from worker.dispatch.provider_loop import ProviderLoop
from worker.domain.evidence import Timeouts
from worker.store import doubts
from worker.store.connect import Engine, in_transaction
from worker.store.identity_stores import IdentityStore

POLL = 0.05


@dataclass(frozen=True, slots=True)
class Drained:
    """Seconds that the drain took, and the number of calls queued at the provider were taken back."""

    seconds: float
    canceled: int


def hold_back(
    engine: Engine,
    memories: Sequence[IdentityStore],
    provider_loop: ProviderLoop,
    timeouts: Timeouts,
    batch_id: str,
) -> Drained:
    """Drain, unless this database is a copy: that would cancel what the original does.

    Raises:
        UnrecognizedDatabase, RefusedToStart, StoreUnavailable: see `refuse_unrecognized`.
    """
    refuse_unrecognized(engine, memories)
    return drain(engine, provider_loop, timeouts, batch_id)


def drain(
    engine: Engine, provider_loop: ProviderLoop, timeouts: Timeouts, batch_id: str
) -> Drained:
    """Fence off a batch whose pause, deletion or expiry has committed.

    1. Poll until every attempt that could still be on its way has answered or timed out. Doubt does
       not block: its deadline lies behind it, so nothing of it can be written any more; but where nobody
       answered in time, what was written is given as long to arrive as a silent worker is.
    2. Cancel calls that the provider accepted and has not dialed yet.

    When this returns, the provider receives no new request of this batch.
    """
    began = time.monotonic()
    while in_transaction(engine, doubts.on_their_way, batch_id, timeouts.arrival):
        time.sleep(POLL)
    queued = in_transaction(engine, doubts.find_queued_calls, batch_id)
    canceled = sum(
        cancel_call(engine, provider_loop, timeouts, *call, again=True) for call in queued
    )
    return Drained(time.monotonic() - began, canceled)
