"""The audit's seals: forged by a duty, and looked through for an entry that was altered or removed."""

from collections.abc import Iterator

from worker.domain.audit import ChainFindings, seal_of
from worker.store import seals
from worker.store.connect import Connection, Engine, in_transaction
from worker.store.seals import Link

AT_ONCE = 1_000
MOST_FAULTS = 100


def seal_audit(engine: Engine) -> None:
    """Seal every entry that has committed, some at a time."""
    while in_transaction(engine, seals.seal, AT_ONCE) == AT_ONCE:
        pass


def verify_audit(engine: Engine) -> ChainFindings:
    """Look through the whole chain; it is read a portion at a time, and sealing goes on meanwhile."""
    sealed, digest, faults = 0, seals.START, list[str]()
    for link in _links(engine):
        sealed += 1
        if link.entry is None:
            faults.append(f"entry {link.number} was removed")
        elif seal_of(digest, link.entry) != link.digest:
            faults.append(f"entry {link.number} was altered, or a seal before it removed")
        digest = link.digest
    sealless, waiting = in_transaction(engine, _rest)
    faults += [f"entry {number} has no seal" for number in sealless]
    return ChainFindings(sealed, waiting, digest.hex() or None, tuple(faults[:MOST_FAULTS]))


def _links(engine: Engine) -> Iterator[Link]:
    after = 0
    while found := in_transaction(engine, seals.chain, after, AT_ONCE):
        yield from found
        after = found[-1].position


def _rest(connection: Connection) -> tuple[list[int], int]:
    return seals.sealless(connection, MOST_FAULTS), seals.unsealed(connection)
