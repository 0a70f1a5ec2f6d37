"""From what each recipient of a chunk is contacted, where their campaign has a pool of sources."""

from dataclasses import replace

from worker.domain.recipients.identities import identity_of
from worker.store import kept_sources
from worker.store.chunk_contents import ChunkContents
from worker.store.connect import Connection


def choose_sources(connection: Connection, contents: ChunkContents) -> ChunkContents:
    """The contents with the source of each recipient: the one they have, else one that is chosen now.

    In the transaction that reads the contents: once it has committed, every later batch finds the choice.
    """
    pool = contents.pool
    if pool is None:
        return contents
    drafts = {draft.recipient: draft for draft in contents.drafts}
    kept = kept_sources.read(connection, contents.campaign, list(drafts))
    usable = set(pool.sources)
    has = {recipient: source for recipient, source in kept.items() if source in usable}
    channel = contents.template.channel
    chosen = {
        recipient: source
        for recipient, draft in drafts.items()
        if recipient not in has
        and (source := pool.choose(identity_of(channel, draft.address))) is not None
    }
    has |= kept_sources.keep(connection, contents.campaign, chosen, pool.sources)
    sources = {draft.request: has[draft.recipient] for draft in contents.drafts}
    return replace(contents, sources=sources)
