"""Who must not be contacted on a channel, by word of another system. Begin asks at the last moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from worker.domain.audit import Deed
from worker.domain.errors import Mistake
from worker.domain.identities import identity_of
from worker.domain.statuses import Mode, SuppressReason
from worker.domain.suppression import Act, Source
from worker.domain.targets import Unreachable, normalize
from worker.store import audit, suppressions
from worker.store.connect import Connection, Engine, in_transaction

__all__ = [
    "Imported",
    "NobodyThere",
    "identity_at",
    "import_suppressed",
    "suppress_in",
    "suppress_recipient",
]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found in its file."""

    suppressed: int
    faults: Sequence[tuple[int, str]]


class NobodyThere(Mistake):
    """The target names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target: {reason}")


def suppress_in(
    connection: Connection, mode: Mode, target: str, *, reason: SuppressReason, act: Act
) -> None:
    """Suppress a recipient, known or not: no attempt to them begins once this has committed.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    suppressions.suppress(connection, mode, identity_at(mode, target), reason, act)
    audit.note(connection, Deed.SUPPRESS, f"channel {mode}", act.by or act.source, why=reason)


def suppress_recipient(
    engine: Engine, mode: Mode, target: str, *, reason: SuppressReason, by: str
) -> None:
    """Suppress a recipient in an operator's name, in a transaction of its own.

    Raises:
        NobodyThere: the target is no number with its country code, or no mailbox.
    """
    act = Act(Source.OPERATOR, str(uuid4()), by)
    in_transaction(engine, lambda c: suppress_in(c, mode, target, reason=reason, act=act))


def import_suppressed(
    engine: Engine, mode: Mode, targets: Iterable[str], *, reason: SuppressReason, by: str
) -> Imported:
    """Suppress many, all or none; a line that names nobody stops nobody else's, an empty one is passed over.

    Returns:
        how many were named, and the lines (from 1) that name nobody, with the reason.
    """
    acts: list[tuple[str, Act]] = []
    faults: list[tuple[int, str]] = []
    run = uuid4()
    for line, target in enumerate(targets, start=1):
        if not target.strip():
            continue
        match normalize(mode, target, None):
            case Unreachable(why):
                faults.append((line, why))
            case str(address):
                act = Act(Source.IMPORT, f"{run}:{line}", by)
                acts.append((identity_of(mode, address), act))

    def step(connection: Connection) -> None:
        suppressions.suppress_all(connection, mode, acts, reason)
        told = {"recipients": len(acts)}
        audit.note(connection, Deed.SUPPRESS, f"channel {mode}", by, why=reason, detail=told)

    if acts:
        in_transaction(engine, step)
    return Imported(len(acts), faults)


def identity_at(mode: Mode, target: str) -> str:
    """Whom a target names.

    Raises:
        NobodyThere: it is no number with its country code, or no mailbox.
    """
    match normalize(mode, target, None):
        case Unreachable(reason):
            raise NobodyThere(reason)
        case str(address):
            return identity_of(mode, address)
