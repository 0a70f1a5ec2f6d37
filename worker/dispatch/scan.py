"""Claim what is due and may be sent, in chunks that fit what the queues can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import groupby
from uuid import UUID, uuid4

import structlog

from worker.domain.statuses import Mode
from worker.store import claims
from worker.store.claims import Chunk, Claimed
from worker.store.connect import Connection, Engine, in_transaction

__all__ = ["Chunk", "ScanLimits", "hand_back", "scan"]

log = structlog.get_logger()

# A request that was claimed this often without reaching begin is what keeps killing its workers.
POISON_CLAIMS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLimits:
    """How much a scan may claim: seconds of work, not a backlog, so that a pause is felt at once."""

    lease: timedelta
    chunk_size: int
    backlog_chunks: int
    group_size: int = 1

    def size(self, mode: Mode) -> int:
        """Requests per message: mails may share a request to the provider, and so a message to us."""
        return max(self.chunk_size, self.group_size) if mode is Mode.EMAIL else self.chunk_size


def scan(
    engine: Engine, limits: ScanLimits, backlog: Mapping[Mode, int], only: str | None = None
) -> list[Chunk]:
    """Lease due requests of open batches, fair over batches.

    1. See how many messages each delivery queue can still take.
    2. Claim that many requests, an equal share of each batch that has something due.
    3. Close what was claimed again and again and never begun.
    4. Cut the rest into chunks of one batch, to be published after this has committed.

    Args:
        engine: the store.
        limits: lease and sizes.
        backlog: messages waiting in each delivery queue.
        only: a batch_id, to scan no other batch.
    """
    chunks: list[Chunk] = []
    for mode, waiting in backlog.items():
        room = (limits.backlog_chunks - waiting) * limits.size(mode)
        if room > 0:
            claim = partial(_claim, limits=limits, mode=mode, room=room, only=only)
            chunks += in_transaction(engine, claim)
    return chunks


def _claim(
    connection: Connection, *, limits: ScanLimits, mode: Mode, room: int, only: str | None
) -> list[Chunk]:
    batches = claims.with_work(connection, mode, only)
    if not batches:
        return []
    lease = uuid4()
    claimed = claims.claim(
        connection,
        mode=mode,
        lease=lease,
        lease_time=limits.lease,
        share=max(1, room // batches),
        room=room,
        only=only,
    )
    poisoned = [one for one in claimed if one.claims > POISON_CLAIMS]
    if poisoned:
        _close_poisoned(connection, lease, poisoned)
    sendable = [one for one in claimed if one.claims <= POISON_CLAIMS]
    return _chunks(mode, lease, sendable, limits.size(mode))


def _close_poisoned(connection: Connection, lease: UUID, poisoned: list[Claimed]) -> None:
    why = f"claimed {POISON_CLAIMS} times and never begun"
    claims.fail_unsent(connection, lease, "poison", [(one.request, why) for one in poisoned])
    log.error("requests_poisoned", requests=[one.request for one in poisoned])


def _chunks(mode: Mode, lease: UUID, claimed: list[Claimed], size: int) -> list[Chunk]:
    chunks = []
    for batch, members in groupby(claimed, key=lambda one: one.batch):
        requests = [one.request for one in members]
        chunks += [
            Chunk(mode, batch, lease, tuple(requests[start : start + size]))
            for start in range(0, len(requests), size)
        ]
    return chunks


def hand_back(engine: Engine, chunk: Chunk) -> None:
    """Give up a claim that could not be published; the next scan may take it at once."""
    in_transaction(engine, lambda c: claims.release(c, chunk))
