"""From what each recipient of a chunk is contacted, where their campaign has a pool of sources."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from worker.domain.recipients.identities import identity_of
from worker.domain.recipients.source_choice import SourcePool
from worker.store import batch_pace, halts, kept_sources, queue
from worker.store.chunk_contents import Addressed, ChunkContents
from worker.store.connect import Connection
from worker.store.halts import Resting
from worker.store.queue import Chunk

AT_ONCE = datetime.fromtimestamp(0, UTC)
"""When those are due again whom no source takes: their campaign is halted until one does."""


def choose_sources(
    connection: Connection, chunk: Chunk, contents: ChunkContents, rest: timedelta
) -> ChunkContents:
    """The contents with the source of each recipient: the one they have, else one that is chosen now.

    In the transaction that reads the contents: once it has committed, every later batch finds the choice.

    1. Read what each has, and what rests.
    2. Whose source rests waits until that has lasted for `rest`, and is then given another one.
    3. Choose for the others, and write it down; what somebody else chose meanwhile stands.
    """
    pool = contents.pool
    if pool is None:
        return contents
    resting = halts.resting(connection, chunk.channel, contents.account, pool.sources, rest)
    usable = [one for one in pool.sources if one not in resting or not resting[one].is_over]
    drafts = {draft.recipient: draft for draft in contents.drafts}
    kept = kept_sources.read(connection, contents.campaign, list(drafts))
    has = {recipient: source for recipient, source in kept.items() if source in usable}
    new = [draft for recipient, draft in drafts.items() if recipient not in has]
    chosen = _choose(pool, chunk, new, resting)
    has |= kept_sources.keep(connection, contents.campaign, chosen, usable)
    return _hold(connection, chunk, contents, has, resting)


def _choose(
    pool: SourcePool, chunk: Chunk, drafts: Sequence[Addressed], resting: Mapping[str, Resting]
) -> dict[int, str]:
    chosen = {
        draft.recipient: pool.choose(identity_of(chunk.channel, draft.address), resting)
        for draft in drafts
    }
    return {recipient: source for recipient, source in chosen.items() if source is not None}


def _hold(
    connection: Connection,
    chunk: Chunk,
    contents: ChunkContents,
    has: Mapping[int, str],
    resting: Mapping[str, Resting],
) -> ChunkContents:
    """The contents without those who wait for their source."""
    sources: dict[int, str] = {}
    held: dict[int, datetime] = {}
    for draft in contents.drafts:
        source = has.get(draft.recipient)
        if source is None:
            held[draft.request] = AT_ONCE
        elif source in resting:
            held[draft.request] = resting[source].moves_at
        else:
            sources[draft.request] = source
    if held and (waiting := queue.postpone_until(connection, chunk.lease, held)):
        batch_pace.give_back(connection, chunk.batch, waiting)
    left = tuple(draft for draft in contents.drafts if draft.request in sources)
    return replace(
        contents,
        drafts=left,
        sources=sources,
        waiting=len(held),
        is_exhausted=AT_ONCE in held.values(),
    )
